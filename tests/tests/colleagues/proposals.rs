//! Rosters that need several administrators: what a device takes for a proposal, and what not.

use causeway_certs::keys::SigningKey;
use causeway_certs::roster;
use causeway_client::engine::Draft;
use causeway_client::identity::label_hash;
use causeway_client::model::PACKET_SHARED;
use causeway_client::proposals::{self, State, Wanted};
use causeway_client::shared::{KIND, ProposedItem, Shared};
use causeway_client::vault::Changes;
use causeway_common::clearance::EVERY_SECTION;
use causeway_common::codec;
use causeway_common::ids::{DeviceId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::statements::{ROLE_STAFF, Roster, RosterDevice, SignedRoster};
use causeway_common::time::Timestamp;
use causeway_tests::hostile::scene::{Actor, Scene};

/// The roster that would follow, without the colleague's device, signed by the police's administrator.
async fn without_the_patrol(police: &Actor, at: u64) -> SignedRoster {
    let replica = police.engine.replica.lock().await;
    let own = replica.directory.organisation(police.org()).unwrap();
    let listed = own.roster.clone().unwrap();
    let us = police.engine.identity.device();
    let (devices, _) = listed.devices.into_iter().partition(|device| device.device == us);
    police.engine.identity.next_roster(&replica.directory, devices, listed.revoked, Timestamp(at)).unwrap()
}

fn item(roster: SignedRoster, newcomers: Vec<(DeviceId, String, [u8; 32])>) -> ProposedItem {
    ProposedItem { roster, author: "desk".into(), newcomers }
}

/// What the police come to know when their colleague says these things.
async fn told(from: &Actor, to: &Actor, items: Vec<ProposedItem>) -> Vec<Wanted> {
    let mut shared = Shared::by("patrol");
    items.iter().for_each(|item| shared.say_proposed(item));
    let draft = Draft {
        packet: PacketId([u8::try_from(items.len()).unwrap(); 32]),
        case: [0; 32],
        packet_type: PACKET_SHARED,
        kind: KIND.into(),
        to: from.org(),
        priority: Priority::P1,
        in_reply_to: None,
        sections: vec![shared.to_section()],
    };
    from.engine.queue(vec![draft], Changes::default()).await.unwrap();
    for actor in [from, to] {
        actor.sync().await.unwrap();
    }
    proposals::wanted(&to.engine).await.unwrap()
}

async fn scene() -> (Scene, Actor, Actor) {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let patrol = scene.colleague(&police, 2, EVERY_SECTION).await;
    (scene, police, patrol)
}

#[tokio::test(start_paused = true)]
async fn only_what_an_administrator_has_signed_and_what_can_still_come_true_is_a_proposal() {
    let (_scene, police, patrol) = scene().await;
    let good = without_the_patrol(&police, 1).await;
    let mut unsigned = without_the_patrol(&police, 2).await;
    unsigned.signatures.clear();
    let mut forged = without_the_patrol(&police, 3).await;
    forged.signatures[0].signature[0] ^= 1;
    let mut foreign = without_the_patrol(&police, 4).await;
    foreign.signatures.clear();
    roster::countersign(&mut foreign, &SigningKey::from_seed(&[9; 32]));
    let body: Roster = codec::decode(&good.body, 1 << 15).unwrap();
    let late = Roster { sequence: body.sequence - 1, ..body.clone() };
    let mut late = SignedRoster { body: codec::encode(&late), signatures: Vec::new() };
    let mut garbage = SignedRoster { body: vec![1, 2, 3], signatures: Vec::new() };
    police.engine.identity.countersign(&mut late);
    police.engine.identity.countersign(&mut garbage);
    let all = [unsigned, forged, foreign, late, garbage].map(|roster| item(roster, Vec::new()));
    assert_eq!(told(&patrol, &police, all.to_vec()).await, [], "none of these");

    let mut doubled = good.clone();
    doubled.signatures.push(doubled.signatures[0].clone());
    let known = told(&patrol, &police, vec![item(doubled, Vec::new()), item(good.clone(), Vec::new())]).await;
    let [wanted] = &known[..] else { panic!("{known:?}") };
    assert_eq!(
        (wanted.state, wanted.signed, wanted.by_us),
        (State::Waits, 1, true),
        "a signature counts once"
    );
    assert_eq!(wanted.lets_in, []);
    let left_out = patrol.engine.identity.device();
    assert_eq!(wanted.takes_out, [(left_out, 0)], "who is left out without a reason is shown all the same");
}

#[tokio::test(start_paused = true)]
async fn a_newcomers_name_is_the_one_that_the_roster_says() {
    let (_scene, police, patrol) = scene().await;
    let name = "Night desk";
    let newcomer = police.engine.identity.listed(0, 2, Timestamp(u64::MAX));
    let key = SigningKey::from_seed(&[7; 32]).public();
    let listed = RosterDevice {
        device: key.device_id(),
        signing_key: *key.as_bytes(),
        tls_key: *SigningKey::from_seed(&[8; 32]).public().as_bytes(),
        roles: ROLE_STAFF,
        label_hash: label_hash(name),
        ..newcomer
    };
    let roster = {
        let replica = police.engine.replica.lock().await;
        let own = replica.directory.organisation(police.org()).unwrap().roster.clone().unwrap();
        let devices = own.devices.into_iter().chain([listed.clone()]).collect();
        police.engine.identity.next_roster(&replica.directory, devices, own.revoked, Timestamp(1)).unwrap()
    };
    let lied = vec![(listed.device, "Chief of police".to_owned(), [1; 32])];
    let [wanted] = &told(&patrol, &police, vec![item(roster.clone(), lied)]).await[..] else { panic!() };
    assert_eq!(wanted.lets_in, [(listed.clone(), None)], "a name that is not the roster's is nobody's");
}
