//! `causeway device proposals` and `sign`: changes of the devices that several administrators must sign.

use causeway_common::ids::Digest;
use serde_json::{Value, json};

use super::listing::{cleared, name_of, reason_word, roles, words};
use crate::cli::failure::Failure;
use crate::cli::home::Home;
use crate::cli::output::{harmless, print, print_list, text, time};
use crate::devices::Said;
use crate::linking::LinkingError;
use crate::proposals::{self, State, Wanted};
use crate::session::{self, Stay};

/// Characters of a proposal's name that people type.
const SHORT: usize = 12;
/// Fewer could be meant for several.
const SHORT_MIN: usize = 4;

fn value(home: &Home, wanted: &Wanted) -> Result<Value, Failure> {
    let lets_in = wanted.lets_in.iter().map(|(listed, name)| {
        let name = name.clone().map_or_else(|| name_of(home, listed.device), |name| Ok(Some(name)))?;
        Ok(json!({
            "id": listed.device.to_string(),
            "name": name,
            "roles": roles(listed.roles),
            "clearance": cleared(listed.clearance),
        }))
    });
    let takes_out = wanted.takes_out.iter().map(|(device, reason)| {
        let (id, name) = (device.to_string(), name_of(home, *device)?);
        Ok(json!({ "id": id, "name": name, "reason": reason_word(*reason) }))
    });
    Ok(json!({
        "id": wanted.digest.to_string(),
        "state": match wanted.state {
            State::Waits => "waits",
            State::InForce => "in_force",
            State::Overtaken => "overtaken",
        },
        "by": wanted.author,
        "since": time(wanted.at),
        "lets_in": lets_in.collect::<Result<Vec<Value>, Failure>>()?,
        "takes_out": takes_out.collect::<Result<Vec<Value>, Failure>>()?,
        "signed": wanted.signed,
        "needed": wanted.needed,
        "signed_here": wanted.by_us,
    }))
}

/// What it says, a line for each device.
fn changes(v: &Value) -> String {
    let called = |one: &Value| {
        let name = one["name"].as_str().map_or_else(|| "a workstation unknown here".to_owned(), harmless);
        format!("{name} ({})", text(one, "id").get(..SHORT).unwrap_or_default())
    };
    let each = |field: &str| v[field].as_array().into_iter().flatten().cloned().collect::<Vec<_>>();
    let lets_in = each("lets_in").into_iter().map(|one| {
        format!(
            "\n    let in: {}, {}, reads {}",
            called(&one),
            words(&one["roles"]),
            words(&one["clearance"])
        )
    });
    let takes_out = each("takes_out")
        .into_iter()
        .map(|one| format!("\n    take out: {} ({})", called(&one), text(&one, "reason")));
    lets_in.chain(takes_out).collect()
}

/// What waits for signatures.
pub(super) async fn list(home: &Home) -> Result<(), Failure> {
    let wanted = proposals::wanted(&home.engine).await?;
    let list = wanted.iter().map(|one| value(home, one)).collect::<Result<_, _>>()?;
    print_list(home.json, list, "No change of your devices waits for signatures.", |v| {
        let id = text(v, "id").get(..SHORT).unwrap_or_default();
        let head = format!("{id}  proposed on {}, {}", harmless(text(v, "by")), text(v, "since"));
        let changes = changes(v);
        if v["state"] == "overtaken" {
            return format!(
                "{head}{changes}\n    OVERTAKEN: another change was faster, and this one is void. If it is still wanted, do it again."
            );
        }
        let then = if v["signed_here"] == true {
            "signed here; another administrator has to sign it too".to_owned()
        } else {
            format!("only after you have asked your colleague, by voice: causeway device sign {id}")
        };
        format!("{head}{changes}\n    {} of {} signatures; {then}", v["signed"], v["needed"])
    });
    Ok(())
}

/// Adds this administrator's signature.
pub(super) async fn sign(home: &Home, beginning: &str) -> Result<(), Failure> {
    if beginning.len() < SHORT_MIN {
        return Err(LinkingError::NotFound(beginning.to_owned()).into());
    }
    let dialer = home.dialer().await?;
    // What colleagues have said since.
    session::run(&home.engine, &*dialer, Stay::UntilCalm).await?;
    let (wanted, said) = proposals::sign(&home.engine, &*dialer, &beginning.to_ascii_lowercase()).await?;
    home.note(&format!("signed a change of devices, {}", wanted.digest.short())).await?;
    let mut result = value(home, &wanted)?;
    result["signed_here"] = true.into();
    result["signed"] = (wanted.signed + usize::from(!wanted.by_us)).into();
    result["state"] = if said == Said::InForce { "in_force" } else { "waits" }.into();
    send(home, said).await?;
    print(home.json, result, |v| {
        let end = match v["state"].as_str() {
            Some("in_force") => "It is in force.".to_owned(),
            _ => format!(
                "{} of {} signatures: another administrator has to sign it too.",
                v["signed"], v["needed"]
            ),
        };
        format!("Signed:{}\n{end}", changes(v))
    });
    Ok(())
}

/// Sends a proposal on its way to the colleagues at once.
pub(super) async fn send(home: &Home, said: Said) -> Result<(), Failure> {
    if let Said::Proposed(_) = said {
        session::run(&home.engine, &*home.dialer().await?, Stay::UntilCalm).await?;
    }
    Ok(())
}

/// What people are told of a change that waits.
pub(super) fn waits(proposal: Digest) -> String {
    format!(
        "Your organisation demands more than one administrator's signature, so this waits: it is on its way to the other administrators' workstations. Call one of them: `causeway sync` there, then `causeway device proposals` and `causeway device sign {}`.",
        &proposal.to_string()[..SHORT]
    )
}
