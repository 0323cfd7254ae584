//! `causeway device list`, and which device a person means.

use causeway_common::clearance::{self, EVERY_SECTION, SECTION_CODES};
use causeway_common::ids::{DeviceId, OrgId};
use causeway_common::statements::{
    REVOKED_COMPROMISED, REVOKED_LOST, REVOKED_RETIRED, ROLE_ADMINISTRATOR, ROLE_STAFF, RevokedDevice,
    RosterDevice,
};
use causeway_common::time::Timestamp;
use serde_json::{Value, json};

use crate::cli::failure::Failure;
use crate::cli::home::Home;
use crate::cli::org;
use crate::cli::output::{print_list, remark, text, time};
use crate::devices;
use crate::linking::{LinkingError, codes};

/// No code of the table.
const NO_SECTION: [u8; 3] = [0; 3];

pub(super) fn reason_word(reason: u8) -> &'static str {
    match reason {
        REVOKED_RETIRED => "retired",
        REVOKED_LOST => "lost",
        REVOKED_COMPROMISED => "compromised",
        _ => "other",
    }
}

/// The clearance for these sections; for all when none is named. Every device reads the header.
pub(super) fn clearance_bits(codes: &[String]) -> Result<u32, Failure> {
    if codes.is_empty() || codes == ["all"] {
        return Ok(u32::MAX);
    }
    let wanted = codes.iter().map(|code| code.trim().to_ascii_uppercase());
    let known = |code: String| <[u8; 3]>::try_from(code.as_bytes()).unwrap_or(NO_SECTION);
    clearance::of_sections(wanted.map(known)).map_err(|_| {
        let unknown =
            codes.iter().find(|code| clearance::bit(known(code.trim().to_ascii_uppercase())).is_none());
        let sections: Vec<String> = SECTION_CODES.iter().map(|code| section_word(*code)).collect();
        Failure::invalid(
            format!("{:?} is no section. Nothing was changed.", unknown.map_or("", String::as_str)),
            format!("Sections are {}.", sections.join(", ")),
        )
    })
}

fn section_word(code: [u8; 3]) -> String {
    String::from_utf8_lossy(&code).into_owned()
}

pub(super) fn cleared(bits: u32) -> Value {
    if bits & EVERY_SECTION == EVERY_SECTION {
        return json!(["all"]);
    }
    clearance::sections_of(bits).map(section_word).collect()
}

pub(super) fn roles(bits: u32) -> Value {
    let names = [(ROLE_ADMINISTRATOR, "administrator"), (ROLE_STAFF, "staff")];
    names.iter().filter(|(bit, _)| bits & bit != 0).map(|(_, name)| Value::from(*name)).collect()
}

pub(super) fn words(list: &Value) -> String {
    let words = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(", ")
}

fn entry(home: &Home, listed: &RosterDevice, times: &[Timestamp]) -> Result<Value, Failure> {
    let since = usize::try_from(listed.added_sequence).ok().and_then(|n| times.get(n.checked_sub(1)?));
    Ok(json!({
        "id": listed.device.to_string(),
        "this": listed.device == home.engine.identity.device(),
        "name": name_of(home, listed.device)?,
        "status": "active",
        "roles": roles(listed.roles),
        "clearance": cleared(listed.clearance),
        "since": since.map_or(Value::Null, |since| time(*since)),
        "expires": time(listed.expires),
    }))
}

/// Names stay in the organisation: this device knows its own, and those of devices it has let in.
pub(super) fn name_of(home: &Home, device: DeviceId) -> Result<Option<String>, Failure> {
    if device == home.engine.identity.device() {
        return Ok(Some(home.engine.identity.device_name.clone()));
    }
    Ok(codes::known(&home.engine.vault, device)?.map(|known| known.name))
}

pub(super) fn gone(home: &Home, revoked: &RevokedDevice) -> Result<Value, Failure> {
    let since = devices::has_since(revoked.reason).then_some(revoked.compromised_since);
    Ok(json!({
        "id": revoked.device.to_string(),
        "this": revoked.device == home.engine.identity.device(),
        "name": name_of(home, revoked.device)?,
        "status": "revoked",
        "reason": reason_word(revoked.reason),
        "revoked": time(revoked.at),
        "in_doubt_since": since.map_or(Value::Null, time),
    }))
}

pub(super) async fn list(home: &Home, meant: Option<&str>, all: bool) -> Result<(), Failure> {
    let id: OrgId = match meant {
        Some(meant) => org::find(home, meant).await?,
        None => home.engine.identity.org,
    };
    let replica = home.engine.replica.lock().await;
    let org = replica.directory.organisation(id);
    let times = devices::roster_times(&replica.directory, id);
    let listed = org.and_then(|org| org.roster.as_ref()).into_iter().flat_map(|roster| &roster.devices);
    let mut list = listed.map(|device| entry(home, device, &times)).collect::<Result<Vec<_>, _>>()?;
    if all {
        let revoked = org.into_iter().flat_map(|org| org.revoked.values());
        list.extend(revoked.map(|revoked| gone(home, revoked)).collect::<Result<Vec<_>, _>>()?);
    }
    let stray = org.filter(|org| org.id == home.engine.identity.org).map_or(0, devices::stray_administrators);
    if stray > 0 {
        remark(&format!(
            "{stray} administrator key(s) of your organisation belong to no workstation: one that was removed, or one whose admission broke \
             off. `causeway recovery administrators` shows them; strike them out with the root's sheet. If one may be in other hands, \
             call the registrar."
        ));
    }
    print_list(home.json, list, "No roster is known here: the organisation is not admitted yet.", |v| {
        let this = if v["this"] == true { " (this one)" } else { "" };
        let id = &text(v, "id")[..12];
        let name = v["name"].as_str().unwrap_or("(name not known here)");
        if v["status"] == "revoked" {
            return format!("{id}  {name}{this}  REMOVED {}, {}", text(v, "revoked"), text(v, "reason"));
        }
        format!(
            "{id}  {name}{this}  {}; reads {}; since {}, until {}",
            words(&v["roles"]),
            words(&v["clearance"]),
            text(v, "since"),
            text(v, "expires")
        )
    });
    Ok(())
}

/// The device that a person means, of those that count and those that did.
pub(super) async fn find(home: &Home, meant: &str) -> Result<DeviceId, Failure> {
    let replica = home.engine.replica.lock().await;
    let org = replica.directory.organisation(home.engine.identity.org);
    let listed = org.and_then(|org| org.roster.as_ref()).into_iter().flat_map(|roster| &roster.devices);
    let revoked = org.into_iter().flat_map(|org| org.revoked.keys().copied());
    let all: Vec<DeviceId> = listed.map(|listed| listed.device).chain(revoked).collect();
    let mut found = Vec::new();
    for device in all {
        let begins = meant.len() >= 4 && device.to_string().starts_with(meant);
        if begins || name_of(home, device)?.as_deref() == Some(meant) {
            found.push(device);
        }
    }
    match found[..] {
        [device] => Ok(device),
        _ => Err(LinkingError::NotFound(meant.to_owned()).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clearance_is_a_bit_for_each_section_and_the_header_is_for_everybody() {
        let bits = |codes: &[&str]| {
            let codes: Vec<String> = codes.iter().map(|code| (*code).to_owned()).collect();
            clearance_bits(&codes).map_err(|failure| failure.code)
        };
        assert_eq!((bits(&[]), bits(&["all"])), (Ok(u32::MAX), Ok(u32::MAX)));
        assert_eq!(bits(&["IDN", "con"]), Ok(1 | 1 << 1 | 1 << 4));
        assert_eq!(bits(&["IDN", "XYZ"]), Err("C-105"));
        assert_eq!(cleared(1 | 1 << 1 | 1 << 4), json!(["HDR", "IDN", "CON"]));
        assert_eq!(cleared(u32::MAX), json!(["all"]));
        assert_eq!(roles(u32::MAX), json!(["administrator", "staff"]));
    }
}
