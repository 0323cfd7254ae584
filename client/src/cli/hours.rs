//! `causeway hours`: when this organisation works, for its partners' deadlines.

use causeway_common::ids::PacketId;
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use clap::{Args, Subcommand};
use serde_json::{Map, Value, json};

use super::failure::Failure;
use super::home::Home;
use super::org;
use super::output::print;
use crate::desks;
use crate::engine::Draft;
use crate::engine::threads::moment;
use crate::model::{PACKET_REFERRAL, StoredSection};
use crate::referral::hours::Hours;
use crate::seal::packet::HEADER_SECTION;
use crate::vault::Changes;

#[derive(Debug, Subcommand)]
pub(crate) enum HoursCommand {
    /// Say when this organisation works. Replaces what was said before.
    Set(SetArgs),
    /// What is set here, or what a partner has published.
    Show {
        /// A partner.
        #[arg(long)]
        of: Option<String>,
    },
    /// Send the calendar to partners.
    Publish {
        /// Who gets it: names or identifiers, separated by commas.
        #[arg(long, required = true, value_delimiter = ',')]
        to: Vec<String>,
    },
}

#[derive(Debug, Args)]
pub(crate) struct SetArgs {
    /// Time zone, for example Europe/Berlin.
    #[arg(long, default_value = "UTC")]
    zone: String,
    /// Hours of a day, for example mon=09:00-12:00,13:00-18:00. Once for each day on which somebody works.
    #[arg(long = "day", value_name = "DAY=FROM-TO")]
    days: Vec<String>,
    /// A day on which nobody works, for example 2026-12-25.
    #[arg(long = "holiday", value_name = "DATE")]
    holidays: Vec<String>,
    /// Somebody is on duty day and night.
    #[arg(long)]
    around_the_clock: bool,
    /// Whom to call when nobody is there, for example +4930123456.
    #[arg(long, default_value = "")]
    night_phone: String,
}

pub(crate) async fn run(command: HoursCommand, home: &Home) -> Result<(), Failure> {
    match command {
        HoursCommand::Set(args) => set(args, home).await,
        HoursCommand::Show { of } => show(of, home).await,
        HoursCommand::Publish { to } => publish(&to, home).await,
    }
}

async fn set(args: SetArgs, home: &Home) -> Result<(), Failure> {
    let mut week = Map::new();
    for day in &args.days {
        let Some((name, spans)) = day.split_once('=') else {
            return Err(unreadable(home, "day", day));
        };
        if !["mon", "tue", "wed", "thu", "fri", "sat", "sun"].contains(&name) {
            return Err(unreadable(home, "day", day));
        }
        week.insert(name.to_owned(), spans.split(',').map(|span| Value::from(span.trim())).collect());
    }
    let fields = json!({
        "zone": args.zone, "week": week, "holidays": args.holidays, "around_the_clock": args.around_the_clock,
        "night_phone": args.night_phone,
    });
    let fields = fields.as_object().cloned().unwrap_or_default();
    let hours = Hours::read(&fields).map_err(|bad| unreadable(home, &bad.path, &bad.found))?;
    let mut changes = Changes::default();
    desks::put_own(&mut changes, &hours, home.engine.now());
    home.engine.commit(changes).await?;
    home.note("changed the duty hours").await?;
    print(home.json, Value::Object(hours.to_fields()), |_| home.lang.text("hours-set"));
    Ok(())
}

fn unreadable(home: &Home, path: &str, found: &str) -> Failure {
    let gaps = [("path", path), ("found", found)];
    Failure::invalid(home.lang.fill("hours-unreadable", &gaps), home.lang.text("hours-unreadable-hint"))
}

async fn show(of: Option<String>, home: &Home) -> Result<(), Failure> {
    let vault = &home.engine.vault;
    let hours = match &of {
        Some(meant) => desks::of(vault, org::find(home, meant).await?)?,
        None => desks::own(vault)?,
    };
    let mut fields = hours.to_fields();
    fields.insert("published".into(), hours.published.into());
    fields.insert("open_now".into(), hours.is_open(home.engine.now()).into());
    print(home.json, Value::Object(fields), |v| {
        let calendar = serde_json::to_string_pretty(v).unwrap_or_default();
        let default =
            if hours.published { String::new() } else { format!("{}\n", home.lang.text("hours-default")) };
        format!("{default}{}", super::output::harmless(&calendar))
    });
    Ok(())
}

async fn publish(to: &[String], home: &Home) -> Result<(), Failure> {
    let hours = desks::own(&home.engine.vault)?;
    if !hours.published {
        return Err(Failure::invalid(home.lang.text("hours-none"), home.lang.text("hours-none-hint")));
    }
    let packet = PacketId(home.engine.random().await);
    let header = json!({
        "kind": desks::KIND, "schema": "relay/ODH/1.0", "packet_id": packet.to_string(), "mode": "actual",
        "created": moment(home.engine.now()), "hours": hours.to_fields(),
    });
    let (mut drafts, mut changes) = (Vec::new(), Changes::default());
    for meant in to {
        let draft = Draft {
            packet,
            case: home.engine.random().await,
            packet_type: PACKET_REFERRAL,
            kind: desks::KIND.into(),
            to: org::find(home, meant).await?,
            priority: Priority::P3,
            in_reply_to: None,
            sections: vec![StoredSection { code: HEADER_SECTION, bytes: header.to_string().into_bytes() }],
        };
        home.engine.thread_begun(&draft, Timestamp(0), &mut changes);
        drafts.push(draft);
    }
    let count = drafts.len();
    home.engine.queue(drafts, changes).await?;
    home.note("published the duty hours").await?;
    print(home.json, json!({ "packet": packet.to_string(), "to": count }), |_| {
        home.lang.count("hours-published", count)
    });
    Ok(())
}
