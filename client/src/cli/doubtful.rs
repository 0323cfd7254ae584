//! Packets that are not taken as their sender's word, as `causeway inbox` shows them: apart, with what that means and what to
//! do; and their release.

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;
use serde_json::{Value, json};

use super::colleagues::{withheld_json, withheld_words};
use super::failure::Failure;
use super::home::Home;
use super::inbox::{ListArgs, sections_json};
use super::output::{harmless, print, text, time};
use super::standing::Vetted;
use crate::attachments;
use crate::doubts::{self, ACCEPTED, Doubt, Standing};
use crate::engine::judgement::Cause;
use crate::model::{Received, Thread};
use crate::records;
use crate::referral::Kind;

/// Shortest beginning of a number.
const NUMBER_CHARS_MIN: usize = 4;

/// How a packet stands, for scripts.
pub(super) fn standing(doubt: Option<&Doubt>) -> &'static str {
    doubt.map_or(ACCEPTED, |doubt| doubt.standing.as_str())
}

fn because(cause: Cause) -> &'static str {
    match cause {
        Cause::SenderSuspended => "the registrar had suspended its sender when it came",
        Cause::DeviceRetired => "the relay took it after its sender had put that workstation out of service",
        Cause::DeviceLost => "its sender has lost the workstation it comes from",
        Cause::DeviceCompromised => "somebody else may have had the workstation it comes from",
        Cause::SenderCompromised => "somebody else may have had its sender's keys when it came",
    }
}

/// What a person must know before reading; empty for a packet that is beyond doubt.
pub(super) fn banner(doubt: &Doubt) -> String {
    let because = because(doubt.cause);
    match doubt.standing {
        Standing::Quarantined => format!(
            "IN QUARANTINE: {because}. It has changed nothing here, and its sender is not told that you read it. Call the \
             sender at a number that you know from elsewhere. If it is true: causeway inbox release {} --vetted phone",
            &doubt.packet.to_string()[..12]
        ),
        Standing::Questionable => format!(
            "QUESTIONABLE: {because}. Do not act on it before you have called the sender at a number that you know from \
             elsewhere. If it is true: causeway inbox release {} --vetted phone",
            &doubt.packet.to_string()[..12]
        ),
        Standing::Released => {
            let decided = time(doubt.decided);
            format!("Checked by a person here on {} ({because}).", decided.as_str().unwrap_or("-"))
        }
    }
}

/// What `show` says of the doubts about a thread's packets.
pub(super) fn of_thread(thread: &Thread, home: &Home) -> Result<Value, Failure> {
    let vault = &home.engine.vault;
    let mut all = Vec::new();
    let packets = std::iter::once(thread.root).chain(thread.events.iter().map(|event| event.packet));
    let mut seen = std::collections::BTreeSet::new();
    for packet in packets.filter(|packet| seen.insert(*packet)) {
        all.extend(doubts::of(vault, packet)?);
    }
    for doubt in doubts::all(vault)?.into_iter().filter(|d| d.standing == Standing::Quarantined) {
        let same_case = records::received(vault, doubt.packet)?
            .is_some_and(|received| received.case == thread.case && received.from == thread.peer);
        if same_case && !all.contains(&doubt) {
            all.push(doubt);
        }
    }
    Ok(all.iter().map(entry_of_doubt).collect())
}

fn entry_of_doubt(doubt: &Doubt) -> Value {
    json!({
        "packet": doubt.packet.to_string(),
        "standing": doubt.standing.as_str(),
        "cause": doubt.cause.as_str(),
        "since": time(doubt.at),
        "decided": time(doubt.decided),
        "meaning": banner(doubt),
    })
}

/// Revoked devices of ours that a packet was sealed to.
pub(super) fn readable_by(packet: PacketId, home: &Home) -> Result<Value, Failure> {
    let devices = doubts::readable_by(&home.engine.vault, packet)?;
    Ok(devices.iter().map(|device| Value::from(device.to_string())).collect())
}

/// What people read before everything else.
pub(super) fn warnings(v: &Value) -> String {
    let mut out = String::new();
    for doubt in v["doubts"].as_array().into_iter().flatten() {
        out.push_str(&format!("{}\n", text(doubt, "meaning")));
    }
    for device in v["readable_by_revoked"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        out.push_str(&format!(
            "The sender did not know yet that your device {} is revoked: whoever has that device could read this.\n",
            &device[..12]
        ));
    }
    out
}

/// Packets in quarantine that these filters let through: they belong to no referral yet.
pub(super) async fn kept_apart(args: &ListArgs, home: &Home) -> Result<Vec<Value>, Failure> {
    if args.needs_answer || args.overdue {
        return Ok(Vec::new());
    }
    let from = match &args.from {
        Some(meant) => Some(super::org::find(home, meant).await?),
        None => None,
    };
    let mut values = Vec::new();
    for doubt in doubts::all(&home.engine.vault)? {
        let Some(received) = records::received(&home.engine.vault, doubt.packet)? else { continue };
        let kind = args.kind.as_deref().map(|word| word.parse::<Kind>().map_or(word, |kind| kind.code()));
        let wanted = doubt.standing == Standing::Quarantined
            && (!args.unread || received.opened == Timestamp(0))
            && kind.is_none_or(|kind| kind == received.kind)
            && from.is_none_or(|org| org == received.from);
        if wanted {
            values.push(entry(&received, &doubt, home).await);
        }
    }
    Ok(values)
}

async fn entry(received: &Received, doubt: &Doubt, home: &Home) -> Value {
    let own = home.engine.identity.org;
    json!({
        "notice": "quarantined",
        "id": received.packet.to_string(),
        "referral": received.packet.to_string(),
        "kind": received.kind,
        "from": received.from.to_string(),
        "from_name": home.name_of(received.from).await,
        "to": own.to_string(),
        "to_name": home.name_of(own).await,
        "priority": received.priority.to_string(),
        "transport": "delivered",
        "work": null,
        "received": time(received.received),
        "respond_by": null,
        "standing": standing(Some(doubt)),
        "cause": doubt.cause.as_str(),
    })
}

/// The packet in doubt that a person means.
pub(super) fn find(id: &str, home: &Home) -> Result<(Received, Doubt), Failure> {
    if id.len() < NUMBER_CHARS_MIN {
        return Err(Failure::invalid(
            format!("A number has at least {NUMBER_CHARS_MIN} characters."),
            "Copy it from `causeway inbox list`.",
        ));
    }
    let mut meant = Vec::new();
    for doubt in doubts::all(&home.engine.vault)? {
        let Some(received) = records::received(&home.engine.vault, doubt.packet)? else { continue };
        if doubt.packet.to_string().starts_with(id) {
            meant.push((received, doubt));
        }
    }
    match (meant.pop(), meant.pop()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Failure::not_found(id)),
        _ => {
            Err(Failure::invalid(format!("More than one packet begins with {id:?}."), "Use more characters."))
        }
    }
}

/// Shows a packet in quarantine. Its sender is not told.
pub(super) async fn show(received: &Received, doubt: &Doubt, home: &Home) -> Result<(), Failure> {
    home.note("read a packet in quarantine").await?;
    let mut value = entry(received, doubt, home).await;
    value["sections"] = sections_json(&received.sections, home.engine.now());
    value["withheld"] = withheld_json(&received.withheld);
    value["attachments"] = attachments::list(&received.sections);
    value["timeline"] = json!([]);
    value["doubts"] = json!([entry_of_doubt(doubt)]);
    value["readable_by_revoked"] = readable_by(received.packet, home)?;
    print(home.json, value, |v| {
        let mut out = format!(
            "{}\n{} {} from {}\nnumber {}\n",
            warnings(v),
            text(v, "priority"),
            text(v, "kind"),
            harmless(text(v, "from_name")),
            text(v, "id"),
        );
        for (code, content) in v["sections"].as_object().into_iter().flatten() {
            let content = serde_json::to_string_pretty(content).unwrap_or_default();
            out.push_str(&format!("\n[{}]\n{}\n", harmless(code), harmless(&content)));
        }
        out.push_str(&withheld_words(v));
        out.trim_end().to_owned()
    });
    Ok(())
}

/// A person has asked the sender by another way: it counts from now on.
pub(super) async fn release(id: &str, vetted: Vetted, home: &Home) -> Result<(), Failure> {
    let (received, before) = find(id, home)?;
    home.engine.release(received.packet, vetted.number()).await?;
    let doubt = doubts::of(&home.engine.vault, received.packet)?;
    let result = json!({
        "id": received.packet.to_string(),
        "standing": standing(doubt.as_ref()),
        "was": before.standing.as_str(),
        "cause": before.cause.as_str(),
    });
    print(home.json, result, |_| {
        "Released: it counts from now on as what its sender says. The activity log has your decision.".into()
    });
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_doubt_says_what_has_happened_what_it_means_and_what_to_do() {
        let causes = [
            Cause::SenderSuspended,
            Cause::DeviceRetired,
            Cause::DeviceLost,
            Cause::DeviceCompromised,
            Cause::SenderCompromised,
        ];
        let mut banners = std::collections::BTreeSet::new();
        for cause in causes {
            for standing in [Standing::Quarantined, Standing::Questionable, Standing::Released] {
                let (packet, at) = (PacketId([7; 32]), Timestamp(1));
                let banner = banner(&Doubt { packet, standing, cause, at, decided: at, vetted: 2 });
                let acts = banner.contains("causeway inbox release 070707070707");
                assert_eq!(acts, standing != Standing::Released, "{banner}");
                banners.insert(banner);
            }
        }
        assert_eq!(banners.len(), 15);
    }
}
