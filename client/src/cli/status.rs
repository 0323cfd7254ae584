//! `causeway status` and `causeway doctor`.

use serde_json::json;

use super::failure::Failure;
use super::home::Home;
use super::output::{print, text, time};
use crate::identity::Role;
use crate::model::Transport;
use crate::records;
use crate::session;

pub(crate) async fn status(home: &Home) -> Result<(), Failure> {
    let connected = match home.dialer().await {
        Ok(dialer) => match dialer.dial().await {
            Ok(link) => {
                let greeted = session::hello(&*link).await.is_ok();
                link.close(0);
                greeted
            }
            Err(_) => false,
        },
        Err(_) => false,
    };
    let identity = &home.engine.identity;
    let sent = records::all_sent(&home.engine.vault)?;
    let count = |wanted: fn(Transport) -> bool| sent.iter().filter(|s| wanted(s.transport)).count();
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
        "prekeys_unused": crate::prekeys::unused(&home.engine.vault)?,
        "directory": { "size": replica.directory.size(), "head_time": head.map(|h| time(h.time)) },
        "backup_age": null,
    });
    drop(replica);
    print(home.json, result, |v| {
        format!(
            "{}\nrelay {}: {}\n{} queued, {} at the relay without a receipt, {} failed\n{} one-time keys unused\ndirectory: {} entries",
            text(v, "organisation"),
            text(v, "relay"),
            if connected { "connected" } else { "not reachable" },
            v["queued"],
            v["awaiting_receipt"],
            v["failed"],
            v["prekeys_unused"],
            v["directory"]["size"],
        )
    });
    Ok(())
}

pub(crate) fn doctor(home: &Home) -> Result<(), Failure> {
    let vault = home.check_vault()?;
    let activity = home.check_activity()?;
    let result = json!({ "vault_records": vault, "activity_entries": activity, "damaged": 0 });
    print(home.json, result, |_| {
        format!("All {vault} records of the vault verify. The activity log has {activity} entries and is unbroken.")
    });
    Ok(())
}
