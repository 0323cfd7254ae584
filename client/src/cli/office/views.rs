//! `causeway view`: views of lists that this workstation keeps under a name.

use clap::{Args, Subcommand, ValueEnum};
use serde_json::{Value, json};

use super::super::failure::Failure;
use super::super::home::Home;
use super::super::inbox::{self, ListArgs, Sieve};
use super::super::output::{harmless, print, print_list, text};
use super::{KEY_CHARS, author, keep, new_key, only};
use crate::office::views::{self, Filter, NAME_CHARS_MAX, VIEWS_MAX, View};
use crate::referral::Kind;

#[derive(Debug, Subcommand)]
pub(crate) enum ViewCommand {
    /// Keep a view under a name. It stays on this workstation.
    Add(AddArgs),
    /// All views of this workstation.
    List,
    /// List what a view lets through.
    Show {
        /// Its number, or the beginning of it, or its name.
        view: String,
    },
    /// Take a view away. The referrals stay as they are.
    Remove {
        /// Its number, or the beginning of it, or its name.
        view: String,
    },
}

#[derive(Debug, Args)]
pub(crate) struct AddArgs {
    /// What it is called.
    name: String,
    /// Of what was sent; otherwise of what has come.
    #[arg(long)]
    sent: bool,
    /// What of the list.
    #[arg(long, value_enum, default_value = "all")]
    only: Only,
    /// Only this kind, for example border-alert or BIA.
    #[arg(long, default_value = "")]
    kind: String,
    /// Only from (or to) this organisation.
    #[arg(long, default_value = "")]
    from: String,
    /// Only what has this tag.
    #[arg(long, default_value = "")]
    tag: String,
    /// Only what came, or was written, on this day or later, for example 2026-11-01.
    #[arg(long, value_name = "DAY", default_value = "")]
    since: String,
    /// Only what came, or was written, on this day or before.
    #[arg(long, value_name = "DAY", default_value = "")]
    until: String,
}

/// Views of the program.
#[derive(Clone, Copy, Debug, ValueEnum)]
enum Only {
    /// Everything.
    All,
    /// What nobody here has opened.
    Unread,
    /// What waits for an answer.
    NeedsAnswer,
    /// What whoever sits here has.
    Mine,
    /// What nobody in particular has.
    Unassigned,
    /// What should have been answered by now.
    Overdue,
}

impl Only {
    fn word(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Unread => "unread",
            Self::NeedsAnswer => "needs-answer",
            Self::Mine => "mine",
            Self::Unassigned => "unassigned",
            Self::Overdue => "overdue",
        }
    }
}

pub(crate) async fn run(command: ViewCommand, home: &Home) -> Result<(), Failure> {
    match command {
        ViewCommand::Add(args) => add(args, home).await,
        ViewCommand::List => list(home),
        ViewCommand::Show { view } => {
            let (_, view) = find(&view, home)?;
            inbox::list(ListArgs::of_filter(&view.filter), view.sent, home).await
        }
        ViewCommand::Remove { view } => remove(&view, home).await,
    }
}

async fn add(args: AddArgs, home: &Home) -> Result<(), Failure> {
    let name = crate::referral::tidy::composed(args.name.trim());
    let is_fit = !name.is_empty()
        && name.chars().count() <= NAME_CHARS_MAX
        && !name.chars().any(|c| c.is_control() || causeway_certs::names::is_hidden(c));
    if !is_fit {
        return Err(Failure::wrong("fail-view-name", &[("max", &NAME_CHARS_MAX.to_string())]));
    }
    let all = views::list(&home.engine.vault)?;
    // A name stands for one view: the same again replaces it.
    let same = all.iter().find(|(_, view)| view.name == name && view.sent == args.sent);
    if same.is_none() && all.len() >= VIEWS_MAX {
        return Err(Failure::wrong("fail-views-full", &[("most", &VIEWS_MAX.to_string())]));
    }
    let key = match same {
        Some((key, _)) => key.clone(),
        None => new_key(home).await,
    };
    let view = View { name, sent: args.sent, filter: filter(args, home).await? };
    let by = author(home, None)?;
    keep(home, views::put(&key, &view, &by), None, "kept a view of a list").await?;
    print(home.json, value(&key, &view), |_| home.lang.fill("view-kept", &[("name", &view.name)]));
    Ok(())
}

/// What was typed, as far as it means anything here.
async fn filter(args: AddArgs, home: &Home) -> Result<Filter, Failure> {
    let kind = args.kind.parse::<Kind>().map_or(args.kind, |kind| kind.code().to_owned());
    let view = args.only.word().to_owned();
    let mut filter =
        Filter { view, kind, org: args.from, since: args.since, until: args.until, tag: args.tag };
    let typed = ListArgs::of_filter(&filter);
    Sieve::of(&typed)?;
    if let Some(org) = typed.org(home).await? {
        filter.org = org.to_string();
    }
    if !filter.tag.is_empty() {
        filter.tag = super::tags::typed(&filter.tag)?;
    }
    Ok(filter)
}

/// The view of a number or name.
fn find(meant: &str, home: &Home) -> Result<(Vec<u8>, View), Failure> {
    let all = views::list(&home.engine.vault)?;
    let named: Vec<&Vec<u8>> =
        all.iter().filter(|(_, view)| view.name == meant).map(|(key, _)| key).collect();
    let key = match named.as_slice() {
        [one] => (*one).clone(),
        _ => only(all.iter().map(|(key, _)| key), meant)?,
    };
    all.into_iter().find(|(known, _)| *known == key).ok_or_else(|| Failure::not_found(meant))
}

async fn remove(meant: &str, home: &Home) -> Result<(), Failure> {
    let (key, view) = find(meant, home)?;
    let by = author(home, None)?;
    keep(home, views::remove(&key, &by), None, "took a view of a list away").await?;
    print(home.json, json!({ "id": hex::encode(&key) }), |_| {
        home.lang.fill("view-removed", &[("name", &harmless(&view.name))])
    });
    Ok(())
}

fn list(home: &Home) -> Result<(), Failure> {
    let all = views::list(&home.engine.vault)?;
    let values = all.iter().map(|(key, view)| value(key, view)).collect();
    print_list(home.json, values, &home.lang.text("views-none"), |v| {
        let id = text(v, "id").get(..KEY_CHARS).unwrap_or_default();
        format!("{id}  {}", harmless(text(v, "name")))
    });
    Ok(())
}

fn value(key: &[u8], view: &View) -> Value {
    let filter = &view.filter;
    json!({
        "id": hex::encode(key),
        "name": view.name,
        "list": if view.sent { "sent" } else { "inbox" },
        "only": filter.view,
        "kind": filter.kind,
        "from": filter.org,
        "since": filter.since,
        "until": filter.until,
        "tag": filter.tag,
    })
}
