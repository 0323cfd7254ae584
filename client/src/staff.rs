//! Who works here: numbers and roles, no names. The numbers go out with steps, the roles stay.

use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::records::{self, RecordError, Source};
use crate::referral::lifecycle::Role;
use crate::vault::{Changes, Tree, Vault};

/// Longest number, in bytes.
pub const NUMBER_BYTES_MAX: usize = 40;
/// People of one organisation that are listed on one device.
pub const STAFF_MAX: usize = 1_000;

/// Record beside the desks that says who takes referrals on.
const ACCEPTING: &[u8] = b"accepting";

/// Whether only a supervisor takes a referral on here: row 10 of the transition table, where an organisation wants it.
pub fn supervisors_accept(from: &dyn Source) -> Result<bool, RecordError> {
    Ok(records::read(from, Tree::Desks, ACCEPTING)?.unwrap_or_default())
}

/// Says whether only a supervisor takes a referral on.
pub fn set_supervisors_accept(changes: &mut Changes, only: bool) {
    records::write(changes, Tree::Desks, ACCEPTING, &only);
}

/// Record beside the desks with the number of whoever sits at this workstation.
const ME: &[u8] = b"me";

/// Number of whoever sits at this workstation, if somebody has said so: what is written here is written under it.
pub fn me(from: &dyn Source) -> Result<Option<String>, RecordError> {
    let number: Option<String> = records::read(from, Tree::Desks, ME)?;
    Ok(number.filter(|number| !number.is_empty()))
}

/// Says who sits here; an empty number: nobody in particular.
pub fn set_me(changes: &mut Changes, number: &str) {
    records::write(changes, Tree::Desks, ME, &number.to_owned());
}

/// One of the staff.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Member {
    /// Its number in the organisation.
    pub number: String,
    /// `agent`, `supervisor` or `duty`.
    pub role: String,
    /// Since when it is listed.
    pub since: Timestamp,
}
no_content_in_debug!(Member);

/// Whether somebody may take a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "all that can be said")]
pub enum Leave {
    /// The list says so, or the step is for everybody.
    Given,
    /// Nobody is listed, so roles are not checked.
    Unchecked,
    /// The step needs a supervisor or a duty officer, and no number was given.
    Unnamed,
    /// The number is not listed.
    Unknown,
    /// The one who is named has another role.
    Refused,
}

/// The word of a role that people have.
pub fn word(role: Role) -> &'static str {
    match role {
        Role::Agent => "agent",
        Role::Supervisor => "supervisor",
        Role::Duty => "duty",
        Role::System => "software",
    }
}

/// Whether a number can be one: letters, digits, `-`, `.` and `_`, so that nobody writes a name with spaces into it.
pub fn is_number(text: &str) -> bool {
    let one = |c: char| c.is_ascii_alphanumeric() || "-._".contains(c);
    !text.is_empty() && text.len() <= NUMBER_BYTES_MAX && text.chars().all(one)
}

/// Whether the one of this number may take a step of this role. A supervisor may do everything, a duty officer what an agent
/// may.
pub fn may(vault: &Vault, role: Role, number: Option<&str>) -> Result<Leave, RecordError> {
    if vault.count(Tree::Staff) == 0 {
        let checked = !matches!(role, Role::Supervisor | Role::Duty);
        return Ok(if checked { Leave::Given } else { Leave::Unchecked });
    }
    let member = match number {
        Some(number) => Some(find(vault, number)?),
        None => None,
    };
    Ok(match (role, member) {
        (_, Some(None)) => Leave::Unknown,
        (Role::Agent | Role::System, _) => Leave::Given,
        (_, None) => Leave::Unnamed,
        (Role::Supervisor, Some(Some(member))) if member.role == "supervisor" => Leave::Given,
        (Role::Duty, Some(Some(member))) if member.role != "agent" => Leave::Given,
        _ => Leave::Refused,
    })
}

/// One of the staff.
pub fn find(from: &dyn Source, number: &str) -> Result<Option<Member>, RecordError> {
    records::read(from, Tree::Staff, number.as_bytes())
}

/// All of them, by number.
pub fn all(vault: &Vault) -> Result<Vec<Member>, RecordError> {
    records::read_all(vault, Tree::Staff)
}

/// Lists somebody, or changes a role.
pub fn put(changes: &mut Changes, number: &str, role: &str, now: Timestamp) {
    let member = Member { number: number.to_owned(), role: role.to_owned(), since: now };
    records::write(changes, Tree::Staff, number.as_bytes(), &member);
}

/// Takes somebody off the list.
pub fn remove(changes: &mut Changes, number: &str) {
    changes.delete(Tree::Staff, number.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::vault::{Cost, MemoryEks};
    use causeway_common::store::MemoryKv;
    use rand::SeedableRng as _;
    use std::sync::Arc;

    #[tokio::test]
    async fn a_supervisors_step_needs_one_as_soon_as_anybody_is_listed() {
        let mut rng = rand::rngs::StdRng::seed_from_u64(1);
        let kv = Arc::new(MemoryKv::new());
        let created =
            Vault::create(kv, MemoryEks::default(), "a passphrase for tests", Cost::least(), &mut rng);
        let (vault, _) = created.await.unwrap();
        assert_eq!(may(&vault, Role::Supervisor, None).unwrap(), Leave::Unchecked);
        let mut changes = Changes::default();
        put(&mut changes, "7", "agent", Timestamp(1));
        put(&mut changes, "8", "supervisor", Timestamp(1));
        put(&mut changes, "9", "duty", Timestamp(1));
        vault.commit(changes, &mut rng).await.unwrap();
        let leave = |role, number| may(&vault, role, number).unwrap();
        assert_eq!(leave(Role::Supervisor, None), Leave::Unnamed);
        assert_eq!(leave(Role::Supervisor, Some("7")), Leave::Refused);
        assert_eq!(leave(Role::Supervisor, Some("9")), Leave::Refused);
        assert_eq!(leave(Role::Supervisor, Some("8")), Leave::Given);
        assert_eq!(leave(Role::Duty, Some("9")), Leave::Given);
        assert_eq!(leave(Role::Agent, Some("404")), Leave::Unknown);
        assert_eq!(leave(Role::Agent, None), Leave::Given);
    }

    #[test]
    fn a_number_is_no_name() {
        assert!(is_number("K-17.2") && !is_number("Anna Petrova") && !is_number("") && !is_number("Анна"));
    }
}
