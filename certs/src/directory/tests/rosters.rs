//! Rosters: which devices speak for an organisation, and in which order.

use causeway_common::statements::RevokedDevice;

use super::*;

#[test]
fn a_roster_is_taken_only_as_the_log_names_it_and_the_administrators_signed_it() {
    let org = admission().org;
    let right = first_roster(org);
    let mut directory = directory();
    assert_eq!(directory.missing_rosters(), [roster::digest(&codec::encode(&right))]);
    let stranger = roster::sign(&right, &key(66));
    assert_eq!(directory.supply_roster(&stranger), Err(RosterError::Unsigned));
    let mut other = right.clone();
    other.devices = vec![device(21)];
    assert_eq!(
        directory.supply_roster(&roster::sign(&other, &administrator())),
        Err(RosterError::WrongPlace)
    );
    assert!(directory.organisation(org).unwrap().device(device(20).device).is_none());
    directory.supply_roster(&roster::sign(&right, &administrator())).unwrap();
    assert!(directory.organisation(org).unwrap().device(device(20).device).is_some());
    let connections = Connections::of(&directory);
    assert_eq!(connections.device(key(120).public()), Some((org, device(20).device)));
    assert_eq!(directory.missing_rosters(), []);
    let change = change_of_roster(&directory);
    directory.append(&signed(&change, &administrator())).unwrap();
    assert!(directory.organisation(org).unwrap().roster.is_none(), "the old one no longer counts");
}

#[test]
fn the_devices_of_a_roster_are_in_order_and_name_themselves() {
    let org = admission().org;
    let with = |change: &dyn Fn(&mut Roster)| {
        let mut roster = first_roster(org);
        change(&mut roster);
        let signed = roster::sign(&roster, &administrator());
        roster::verify(&signed, org, &[administrator().public()], 1).err()
    };
    assert_eq!(with(&|_| {}), None);
    assert_eq!(with(&|r| r.devices.clear()), Some(RosterError::Devices));
    assert_eq!(with(&|r| r.devices.push(device(20))), Some(RosterError::Devices), "one twice");
    assert_eq!(with(&|r| r.devices[0].device.0[0] ^= 1), Some(RosterError::Devices), "another's name");
    assert_eq!(
        with(&|r| r.devices[0].tls_key = r.devices[0].signing_key),
        Some(RosterError::Devices),
        "one key for both"
    );
    assert_eq!(with(&|r| r.devices[0].signing_key = [0; 32]), Some(RosterError::Devices), "no key");
    assert_eq!(with(&|r| r.org.0[0] ^= 1), Some(RosterError::WrongPlace));
    let no_point = crate::keys::device_id(&[0; 32]);
    let of_no_use = |r: &mut Roster| (r.devices[0].signing_key, r.devices[0].device) = ([0; 32], no_point);
    assert_eq!(
        with(&of_no_use),
        None,
        "nothing can be signed with it: that shows where a signature is verified"
    );
}

/// Names the next roster in the log and hands it in.
fn supply(directory: &mut Directory, roster: &Roster) -> Result<OrgId, RosterError> {
    let signed = roster::sign(roster, &administrator());
    let change = RosterChange { roster: roster::digest(&signed.body) };
    let statement = next(directory, StatementKind::RosterChange, &administrator(), &change);
    take(directory, &statement, &administrator());
    directory.supply_roster(&signed)
}

type Change = fn(&mut Roster);

fn with_roster() -> (Directory, Roster) {
    let mut directory = directory();
    let mut first = first_roster(admission().org);
    directory.supply_roster(&roster::sign(&first, &administrator())).unwrap();
    let (sequence, previous) = directory.organisation(admission().org).unwrap().next_roster();
    (first.sequence, first.previous) = (sequence, previous);
    (directory, first)
}

fn revoked(device: &RosterDevice) -> RevokedDevice {
    RevokedDevice { device: device.device, reason: 2, compromised_since: Timestamp(3), at: Timestamp(4) }
}

#[test]
fn each_roster_follows_the_one_before() {
    let wrong: [(&str, Change); 3] = [
        ("a number left out", |r| r.sequence += 1),
        ("the same number", |r| r.sequence -= 1),
        ("after another", |r| r.previous = framed::sha256(b"x")),
    ];
    for (what, change) in wrong {
        let (mut directory, mut roster) = with_roster();
        change(&mut roster);
        assert_eq!(supply(&mut directory, &roster), Err(RosterError::WrongPlace), "{what}");
        assert!(directory.organisation(roster.org).unwrap().roster.is_none(), "{what}");
    }
    let (mut directory, roster) = with_roster();
    let same = change_of_roster(&directory);
    let present = directory.organisation(roster.org).unwrap().roster_digest;
    let same = Statement { payload: codec::encode(&RosterChange { roster: present }), ..same };
    refuses(&mut directory, &signed(&same, &administrator()), StatementError::Again, "the same roster");
    supply(&mut directory, &roster).unwrap();
}

#[test]
fn a_revoked_device_is_gone_at_once_and_never_comes_back() {
    let (mut directory, mut roster) = with_roster();
    let mut connections = Connections::of(&directory);
    let lost = device(20);
    roster.devices = vec![device(21)];
    roster.revoked = vec![revoked(&lost)];
    supply(&mut directory, &roster).unwrap();
    let org = directory.organisation(roster.org).unwrap();
    assert!(org.device(lost.device).is_none() && org.revoked.contains_key(&lost.device));
    connections.follow(org);
    assert_eq!(connections.device(key(120).public()), None, "its connection key is nobody's");

    let again: [(&str, Change); 2] = [
        ("listed again", |r| {
            r.devices = vec![device(20)];
            r.revoked.clear();
        }),
        ("no longer named", |r| r.revoked.clear()),
    ];
    for (what, change) in again {
        let mut directory = directory.clone();
        let mut next = roster.clone();
        (next.sequence, next.previous) = directory.organisation(roster.org).unwrap().next_roster();
        change(&mut next);
        assert_eq!(supply(&mut directory, &next), Err(RosterError::Revived), "{what}");
    }
}

#[test]
fn a_roster_needs_as_many_administrators_as_the_record_of_its_time() {
    let org = admission().org;
    let (first, second) = (administrator(), key(14));
    let change = |record: &mut OrgRecord| {
        record.administrators = vec![bytes(&first), bytes(&second)];
        record.administrators.sort_unstable();
        record.threshold = 2;
    };
    let mut directory = Directory::new();
    take(&mut directory, &first_statement(), &registrar());
    take(&mut directory, &admission_of(application(|_| {}, change)), &registrar());
    let roster = first_roster(org_id(&application(|_| {}, |_| {}).0.body));
    let mut alone = roster::sign(&roster, &first);
    assert_eq!(directory.supply_roster(&alone), Err(RosterError::Unsigned));
    alone.signatures.extend(alone.signatures.clone());
    assert_eq!(directory.supply_roster(&alone), Err(RosterError::Malformed), "one twice");
    let mut both = roster::sign(&roster, &first);
    both.signatures.extend(roster::sign(&roster, &second).signatures);
    both.signatures.sort_by_key(|signature| signature.key);
    assert_eq!(directory.supply_roster(&both), Ok(org));
}

#[test]
fn nobody_keeps_a_roster_from_its_owner_by_naming_it_too() {
    let mut directory = directory();
    let mine = first_roster(admission().org);
    // Others, so that one of them stands before the owner and one behind.
    for nonce in 0..8 {
        let (genesis, record) = application(|g| g.nonce = [nonce; 32], |_| {});
        let mut theirs = admission_of((genesis.clone(), record.clone()));
        let roster = roster::digest(&codec::encode(&mine));
        if theirs.org != mine.org {
            theirs.payload = codec::encode(&Admission { genesis, record, roster });
            take(&mut directory, &theirs, &registrar());
        }
    }
    let ids: Vec<OrgId> = directory.organisations().map(|org| org.id).collect();
    assert!(ids[0] < mine.org && mine.org < ids[ids.len() - 1]);
    assert_eq!(directory.supply_roster(&roster::sign(&mine, &administrator())), Ok(mine.org));
    assert!(directory.organisation(mine.org).unwrap().device(device(20).device).is_some());
    let others = directory.organisations().filter(|org| org.id != mine.org);
    assert!(others.into_iter().all(|org| org.roster.is_none()));
}

#[test]
fn a_connection_key_leads_to_whoever_listed_it_last() {
    let (mut directory, mut roster) = with_roster();
    let (genesis, record) = application(|g| g.nonce = [8; 32], |_| {});
    let other = org_id(&genesis.body);
    let theirs = first_roster(other);
    let mut admitted = admission_of((genesis.clone(), record.clone()));
    let named = roster::digest(&codec::encode(&theirs));
    admitted.payload = codec::encode(&Admission { genesis, record, roster: named });
    take(&mut directory, &admitted, &registrar());
    directory.supply_roster(&roster::sign(&theirs, &administrator())).unwrap();
    let mut connections = Connections::default();
    for org in [roster.org, other] {
        connections.follow(directory.organisation(org).unwrap());
    }
    let shared = key(120).public();
    assert_eq!(connections.device(shared), Some((other, device(20).device)));
    // The first one lets go of a key that is no longer its own.
    roster.devices = vec![device(21)];
    roster.revoked = vec![revoked(&device(20))];
    supply(&mut directory, &roster).unwrap();
    connections.follow(directory.organisation(roster.org).unwrap());
    assert_eq!(connections.device(key(121).public()), Some((roster.org, device(21).device)));
    assert_eq!(connections.device(shared), Some((other, device(20).device)));
}
