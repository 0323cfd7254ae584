//! Packets that are not taken as their sender's word, as `causeway inbox` shows them: apart, with what that means and what to
//! do; and their release.

use causeway_common::ids::PacketId;
use causeway_common::time::Timestamp;
use serde_json::{Value, json};

use super::colleagues::{withheld_json, withheld_words};
use super::failure::Failure;
use super::home::Home;
use super::inbox::{ListArgs, Sieve, sections_json};
use super::output::{harmless, print, text, time};
use super::standing::Vetted;
use crate::attachments;
use crate::doubts::{self, ACCEPTED, Doubt, Standing};
use crate::engine::judgement::Cause;
use crate::lang::Lang;
use crate::model::{Received, Thread};
use crate::records;
use crate::referral::Kind;

/// Shortest beginning of a number.
const NUMBER_CHARS_MIN: usize = 4;

/// How a packet stands, for scripts.
pub(super) fn standing(doubt: Option<&Doubt>) -> &'static str {
    doubt.map_or(ACCEPTED, |doubt| doubt.standing.as_str())
}

/// The name of the words for a cause.
fn because(cause: Cause) -> &'static str {
    match cause {
        Cause::SenderSuspended => "doubt-sender-suspended",
        Cause::DeviceRetired => "doubt-device-retired",
        Cause::DeviceLost => "doubt-device-lost",
        Cause::DeviceCompromised => "doubt-device-compromised",
        Cause::SenderCompromised => "doubt-sender-compromised",
    }
}

/// What a person must know before reading; empty for a packet that is beyond doubt.
pub(super) fn banner(doubt: &Doubt, lang: Lang) -> String {
    let because = lang.text(because(doubt.cause));
    let id = match doubt.standing {
        Standing::Quarantined => "doubt-quarantined",
        Standing::Questionable => "doubt-questionable",
        Standing::Released => {
            let decided = time(doubt.decided);
            let gaps = [("at", decided.as_str().unwrap_or("-")), ("because", &because)];
            return lang.fill("doubt-released", &gaps);
        }
    };
    let number = doubt.packet.to_string();
    lang.fill(id, &[("because", &because), ("number", &number[..12])])
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
    Ok(all.iter().map(|doubt| entry_of_doubt(doubt, home.lang)).collect())
}

fn entry_of_doubt(doubt: &Doubt, lang: Lang) -> Value {
    json!({
        "packet": doubt.packet.to_string(),
        "standing": doubt.standing.as_str(),
        "cause": doubt.cause.as_str(),
        "since": time(doubt.at),
        "decided": time(doubt.decided),
        "meaning": banner(doubt, lang),
    })
}

/// Revoked devices of ours that a packet was sealed to.
pub(super) fn readable_by(packet: PacketId, home: &Home) -> Result<Value, Failure> {
    let devices = doubts::readable_by(&home.engine.vault, packet)?;
    Ok(devices.iter().map(|device| Value::from(device.to_string())).collect())
}

/// What people read before everything else.
pub(super) fn warnings(v: &Value, lang: Lang) -> String {
    let mut out = String::new();
    for doubt in v["doubts"].as_array().into_iter().flatten() {
        out.push_str(&format!("{}\n", text(doubt, "meaning")));
    }
    for device in v["readable_by_revoked"].as_array().into_iter().flatten().filter_map(Value::as_str) {
        let device = device.get(..12).unwrap_or(device);
        out.push_str(&format!("{}\n", lang.fill("doubt-readable", &[("device", device)])));
    }
    out
}

/// Packets in quarantine that these filters let through: they belong to no referral yet.
pub(super) async fn kept_apart(args: &ListArgs, home: &Home) -> Result<Vec<Value>, Failure> {
    let of_referrals = args.needs_answer || args.overdue || args.mine || args.unassigned;
    if of_referrals || args.tag.is_some() {
        return Ok(Vec::new());
    }
    let (from, sieve) = (args.org(home).await?, Sieve::of(args)?);
    let mut values = Vec::new();
    for doubt in doubts::all(&home.engine.vault)? {
        let Some(received) = records::received(&home.engine.vault, doubt.packet)? else { continue };
        let kind = args.kind.as_deref().map(|word| word.parse::<Kind>().map_or(word, |kind| kind.code()));
        let wanted = doubt.standing == Standing::Quarantined
            && (!args.unread || received.opened == Timestamp(0))
            && kind.is_none_or(|kind| kind == received.kind)
            && from.is_none_or(|org| org == received.from)
            && sieve.lets_at(received.received);
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
        return Err(Failure::wrong("inbox-number-short", &[("min", &NUMBER_CHARS_MIN.to_string())]));
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
        _ => Err(Failure::wrong("doubt-several", &[("number", &harmless(id))])),
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
    value["doubts"] = json!([entry_of_doubt(doubt, home.lang)]);
    value["readable_by_revoked"] = readable_by(received.packet, home)?;
    print(home.json, value, |v| {
        let lang = home.lang;
        let from = harmless(text(v, "from_name"));
        let head = [("priority", text(v, "priority")), ("kind", text(v, "kind")), ("from", &from)];
        let mut out = format!(
            "{}\n{}\n{}\n",
            warnings(v, lang),
            lang.fill("doubt-head", &head),
            lang.fill("shown-number", &[("number", text(v, "id"))]),
        );
        for (code, content) in v["sections"].as_object().into_iter().flatten() {
            let content = serde_json::to_string_pretty(content).unwrap_or_default();
            out.push_str(&format!("\n[{}]\n{}\n", harmless(code), harmless(&content)));
        }
        out.push_str(&withheld_words(v, lang));
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
    print(home.json, result, |_| home.lang.text("doubt-now-released"));
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
                for lang in Lang::ALL {
                    let doubt = Doubt { packet, standing, cause, at, decided: at, vetted: 2 };
                    let banner = banner(&doubt, lang);
                    let acts = banner.contains("causeway inbox release 070707070707");
                    assert_eq!(acts, standing != Standing::Released, "{banner}");
                    banners.insert(banner);
                }
            }
        }
        assert_eq!(banners.len(), 30);
    }
}
