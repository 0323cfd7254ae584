//! `causeway status` and `causeway doctor`.

use causeway_certs::transport::Link;
use causeway_common::wire::{STANDING_STRANGER, STANDING_SUSPENDED};
use serde_json::{Value, json};

use super::alarms;
use super::backup;
use super::consent;
use super::device;
use super::failure::Failure;
use super::head;
use super::home::Home;
use super::matches;
use super::output::{counted, number, print, text, time};
use super::recovery::standing as recovering;
use super::relay_key;
use super::standing;
use super::tasks;
use crate::doubts;
use crate::identity::Role;
use crate::lang::Lang;
use crate::last_resort;
use crate::model::{PACKET_REFERRAL, Transport};
use crate::proposals;
use crate::records;
use crate::session::{self, SessionError};
use crate::unopened;

/// Code of the warning that the relay gives senders the last-resort key only.
const KEYS_WITHHELD: &str = "K-108";

pub(crate) async fn status(home: &Home) -> Result<(), Failure> {
    let greeted = match home.dialer().await {
        Ok(dialer) => match dialer.dial().await {
            Ok(link) => {
                let greeted = greet(home, &*link).await;
                link.close(0);
                greeted
            }
            Err(error) => Err(error.into()),
        },
        Err(_) => Err(SessionError::NotAdmitted),
    };
    let (connected, removed) = match greeted {
        Ok(()) => (true, None),
        Err(SessionError::Removed(revoked)) => {
            (true, Some(device::removed(revoked.as_ref()).in_lang(home.lang)))
        }
        Err(_) => (false, None),
    };
    let identity = &home.engine.identity;
    let mut sent = records::all_sent(&home.engine.vault)?;
    sent.retain(|s| s.packet_type == PACKET_REFERRAL);
    let count = |wanted: fn(Transport) -> bool| sent.iter().filter(|s| wanted(s.transport)).count();
    let held = home.held_count().await?;
    let suspended = home.suspension_of(identity.org).await;
    let caught = alarms::of(home).await?;
    let backups = backup::status(home).await?;
    let (roots, recovery) = (recovering::keys(home).await?, recovering::of_own(home).await);
    let wanted = proposals::waiting_for_us(&home.engine).await?;
    let old_head = head::of(home).await?;
    let relay_key = relay_key::standing(home).await?;
    let consents = consent::status(home)?;
    let replica = home.engine.replica.lock().await;
    let head = replica.head(identity);
    let result = json!({
        "organisation": identity.name,
        "id": identity.org.to_string(),
        "registrar": identity.role == Role::Registrar,
        "relay": identity.relay_address,
        "connected": connected,
        "queued": count(|t| matches!(t, Transport::Queued | Transport::Submitted)),
        "awaiting_receipt": count(|t| t == Transport::Relayed),
        "failed": count(Transport::is_failure),
        "held": held,
        "doubtful": doubts::undecided(&home.engine.vault)?,
        "suspended": standing::suspension(suspended.as_ref(), home.lang),
        "removed": removed.as_ref().map(|told| told.message.as_str()),
        "possible_matches": matches::waiting(home)?,
        "tasks": tasks::open(home)?,
        "overdue": tasks::overdue_count(home)?,
        "unopened": unopened::count(&home.engine.vault),
        "unopened_forgotten": unopened::forgotten(&home.engine.vault)?,
        "prekeys_unused": crate::prekeys::unused(&home.engine.vault)?,
        "keys_withheld": keys_withheld(home)?,
        "roots": roots,
        "recovery": recovery,
        "directory": { "size": replica.directory.size(), "head_time": head.map(|h| time(h.time)) },
        "head": old_head,
        "relay_key": relay_key,
        "evidence": caught["evidence"],
        "went_back": caught["went_back"],
        "illegal_statement": caught["illegal_statement"],
        "signatures_wanted": wanted,
        "backup_age": backups["age"],
        "backup": backups,
        "consents": consents,
    });
    drop(replica);
    let lang = home.lang;
    print(home.json, result, |v| {
        let suspended = suspended.as_ref().map(|suspended| standing::own(Some(suspended)));
        let told = |failure: Option<Failure>| {
            failure.map(|failure| failure.in_lang(lang)).map_or_else(String::new, |told| {
                format!("{}\n{} [{}]\n\n", told.message, told.hint, told.code)
            })
        };
        let (removed, suspended) = (told(removed), told(suspended));
        let status = own_words(v, lang);
        let backup = backup::words(&v["backup"], lang);
        let roots = recovering::warnings(&v["roots"], &v["recovery"], lang);
        let old = head::words(&v["head"], lang);
        [
            removed,
            suspended,
            status,
            held_and_doubtful(v, lang),
            matches_waiting(v, home),
            overdue(v, home),
            tasks_open(v, home),
            consent::status_words(&v["consents"], home),
            signatures(v, lang),
            old,
            backup,
            roots,
            warning(v, lang),
            relay_key::words(&v["relay_key"], lang),
            alarms::words(v, lang),
        ]
        .concat()
    });
    Ok(())
}

/// Who this is, and what waits where.
fn own_words(v: &Value, lang: Lang) -> String {
    let state = if v["connected"] == true { "connected" } else { "unreachable" };
    let waits = ["queued", "awaiting_receipt", "failed"].map(|field| v[field].to_string());
    let [queued, relayed, failed] = waits.each_ref().map(String::as_str);
    [
        text(v, "organisation").to_owned(),
        lang.fill("status-relay", &[("relay", text(v, "relay")), ("state", state)]),
        lang.fill("status-sent", &[("queued", queued), ("relayed", relayed), ("failed", failed)]),
        lang.count("status-unopened", counted(v, "unopened")),
        lang.count("status-keys", counted(v, "prekeys_unused")),
        lang.count("status-directory", counted(&v["directory"], "size")),
    ]
    .join("\n")
}

/// Says Hello. Whoever is suspended, or was, learns it from the directory.
async fn greet(home: &Home, link: &dyn Link) -> Result<(), SessionError> {
    let standing = session::hello(link).await?.standing;
    let known = home.suspension_of(home.engine.identity.org).await.is_some();
    if known != (standing == STANDING_SUSPENDED) {
        session::fetch_directory(&home.engine, link).await?;
    }
    if standing == STANDING_STRANGER
        && let removed @ SessionError::Removed(_) =
            session::why_not_member(&home.engine, link, standing).await
    {
        return Err(removed);
    }
    Ok(())
}

fn matches_waiting(v: &Value, home: &Home) -> String {
    let count = v["possible_matches"].as_u64().and_then(|count| usize::try_from(count).ok()).unwrap_or(0);
    let words = matches::waiting_words(count, home);
    if words.is_empty() { words } else { format!("\n{words}") }
}

fn tasks_open(v: &Value, home: &Home) -> String {
    match v["tasks"].as_u64().and_then(|count| usize::try_from(count).ok()) {
        Some(count @ 1..) => format!("\n{}", home.lang.count("tasks-open", count)),
        _ => String::new(),
    }
}

fn overdue(v: &Value, home: &Home) -> String {
    match v["overdue"].as_u64().and_then(|count| usize::try_from(count).ok()) {
        Some(count @ 1..) => format!("\n{}", home.lang.count("overdue-count", count)),
        _ => String::new(),
    }
}

fn held_and_doubtful(v: &Value, lang: Lang) -> String {
    let line = |field: &str, id: &str| match counted(v, field) {
        0 => String::new(),
        count => format!("\n{}", lang.count(id, count)),
    };
    line("held", "status-held") + &line("doubtful", "status-doubtful")
}

/// What waits for this administrator's signature, on a line of its own.
fn signatures(v: &Value, lang: Lang) -> String {
    match counted(v, "signatures_wanted") {
        0 => String::new(),
        count => format!("\n{}", lang.count("status-signatures", count)),
    }
}

pub(crate) async fn doctor(home: &Home) -> Result<(), Failure> {
    let vault = home.check_vault()?;
    let activity = home.check_activity()?;
    let caught = alarms::of(home).await?;
    let recovery = recovering::of_own(home).await;
    let result = json!({
        "vault_records": vault,
        "activity_entries": activity,
        "damaged": 0,
        "keys_withheld": keys_withheld(home)?,
        "evidence": caught["evidence"],
        "went_back": caught["went_back"],
        "illegal_statement": caught["illegal_statement"],
        "roots": recovering::keys(home).await?,
        "recovery": recovery,
        "head": head::of(home).await?,
        "relay_key": relay_key::standing(home).await?,
    });
    print(home.json, result, |v| {
        let lang = home.lang;
        let records = lang.count("doctor-vault", number(vault));
        let log = lang.count("doctor-activity", number(activity));
        let old = head::words(&v["head"], lang);
        let roots = recovering::warnings(&v["roots"], &v["recovery"], lang);
        let relay_key = relay_key::words(&v["relay_key"], lang);
        let (keys, caught) = (warning(v, lang), alarms::words(v, lang));
        format!("{records} {log}{old}{roots}{keys}{relay_key}{caught}")
    });
    Ok(())
}

fn keys_withheld(home: &Home) -> Result<Value, Failure> {
    let warning = last_resort::warning(&home.engine.vault, home.engine.now())?;
    Ok(warning.map_or(
        Value::Null,
        |w| json!({ "code": KEYS_WITHHELD, "packets": w.packets, "found": time(w.found) }),
    ))
}

/// What people are told about keys that the relay does not give out.
fn warning(v: &Value, lang: Lang) -> String {
    let withheld = &v["keys_withheld"];
    if withheld.is_null() {
        return String::new();
    }
    let found = [("found", text(withheld, "found"))];
    let words = lang.count_with("status-keys-withheld", counted(withheld, "packets"), &found);
    format!("\n{words} [{KEYS_WITHHELD}]")
}
