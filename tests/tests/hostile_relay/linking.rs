//! A workstation joins through a relay that would rather let in one of its own.

use causeway_certs::keys::SigningKey;
use causeway_certs::link::{self, CodeError, LinkCode};
use causeway_certs::roster;
use causeway_client::devices::{self, Said};
use causeway_client::exclusion;
use causeway_client::identity::Identity;
use causeway_client::linking::{self, LinkingError, Wish};
use causeway_client::registrars;
use causeway_client::session::SessionError;
use causeway_common::codec;
use causeway_common::ids::DeviceId;
use causeway_common::priority::Priority;
use causeway_common::statements::{
    LinkRequest, REVOKED_LOST, REVOKED_RETIRED, ROLE_ADMINISTRATOR, ROLE_STAFF, Roster,
};
use causeway_common::time::Timestamp;
use causeway_common::wire::{
    Accepted, Append, Done, LinkAsk, LinkRequests, LinkWaiting, Rosters, STANDING_MEMBER, Submit, Welcome,
};
use causeway_tests::hostile::liar::{Lies, LyingDialer, Reply};
use causeway_tests::hostile::scene::{Actor, Scene, rng};

async fn invite(by: &Actor) -> LinkCode {
    let wish = Wish { roles: ROLE_STAFF, clearance: u32::MAX, name: String::new() };
    linking::invite(&by.engine, &by.dialer(), wish).await.unwrap()
}

/// A new device with this code, which has asked.
async fn asking(scene: &Scene, code: &LinkCode, seed: u8) -> Actor {
    let identity = Identity::link(code, "desk two", scene.clock_now(), &mut rng(seed));
    let desk = scene.enter_as(identity, seed).await;
    linking::ask(&desk.engine, &desk.dialer()).await.unwrap();
    desk
}

fn request_of(desk: &Actor) -> Vec<u8> {
    desk.engine.identity.linked().unwrap().request.clone()
}

/// A request for keys of the relay's own.
fn forged(code: &LinkCode, seed: u8) -> Vec<u8> {
    let key = |purpose: u8| SigningKey::from_seed(&[seed ^ purpose; 32]);
    let request = LinkRequest {
        org: code.org,
        signing_key: *key(1).public().as_bytes(),
        tls_key: *key(2).public().as_bytes(),
        administrator_key: *key(3).public().as_bytes(),
        name: "desk two".into(),
        created: Timestamp(1),
    };
    code.request(&request, &key(1))
}

/// A relay that shows these requests.
fn showing(by: &Actor, waiting: Vec<LinkWaiting>) -> LyingDialer {
    LyingDialer::new(
        by.dialer(),
        Lies::in_answers::<LinkRequests>(move |list| list.waiting.clone_from(&waiting)),
    )
}

async fn admit(by: &Actor, desk: &Actor) -> Result<DeviceId, LinkingError> {
    let id = desk.engine.identity.device().to_string();
    linking::admit(&by.engine, &by.dialer(), &id).await.map(|admitted| admitted.device)
}

async fn devices_of(org: &Actor) -> usize {
    let replica = org.engine.replica.lock().await;
    replica.directory.organisation(org.org()).unwrap().roster.as_ref().unwrap().devices.len()
}

#[tokio::test(start_paused = true)]
async fn who_joins_gets_what_is_sent_from_then_on_and_nothing_after_it_is_removed() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.resident("Hotline").await, scene.resident("Police").await);
    hotline.sync().await.unwrap();
    let before = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let desk = asking(&scene, &invite(&police).await, 50).await;
    assert!(!linking::is_admitted(&desk.engine, &desk.dialer()).await.unwrap());
    assert!(matches!(desk.sync().await, Err(SessionError::NotLinked)));
    admit(&police, &desk).await.unwrap();
    assert!(linking::is_admitted(&desk.engine, &desk.dialer()).await.unwrap());
    desk.sync().await.unwrap();
    hotline.sync().await.unwrap();
    hotline.write(&police, 2, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    desk.sync().await.unwrap();
    assert_eq!((police.inbox_names(), desk.inbox_names()), (vec![1, 2], vec![2]));
    assert!(matches!(hotline.state(before, &police).0, "relayed" | "delivered"));

    let device = desk.engine.identity.device();
    devices::revoke(&police.engine, &police.dialer(), device, REVOKED_LOST, None).await.unwrap();
    hotline.sync().await.unwrap();
    hotline.write(&police, 3, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert!(matches!(desk.sync().await, Err(SessionError::Removed(_))));
    assert_eq!((police.inbox_names(), desk.inbox_names()), (vec![1, 2, 3], vec![2]));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_relay_has_changed_or_made_lets_nobody_in() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let code = invite(&police).await;
    let desk = asking(&scene, &code, 50).await;
    let (ticket, true_one) = (code.ticket(), request_of(&desk));
    // The relay knows everything but the secret.
    let mut guess = code.clone();
    guess.secret = [0; 16];
    let mut bit = true_one.clone();
    bit[40] ^= 1;
    for (what, request) in [("keys of its own", forged(&guess, 90)), ("a bit", bit)] {
        let lying = showing(&police, vec![LinkWaiting { ticket, request: request.clone() }]);
        let shown = linking::pending(&police.engine, &lying).await.unwrap();
        let judged = shown[0].judged.as_ref().map(|_| ());
        assert!(matches!(judged, Err(LinkingError::Code(CodeError::Unauthenticated))), "{what}: {judged:?}");
        let named = link::comparison(&request).to_string();
        let refused = linking::admit(&police.engine, &lying, &named).await;
        assert!(matches!(refused, Err(LinkingError::Code(CodeError::Unauthenticated))), "{what}");
        assert_eq!(devices_of(&police).await, 1, "{what}");
    }
    // Who has seen the code too can make a request; two people who compare see that it is another.
    let request = forged(&code, 90);
    let lying = showing(&police, vec![LinkWaiting { ticket, request: request.clone() }]);
    let shown = linking::pending(&police.engine, &lying).await.unwrap();
    assert!(shown[0].judged.is_ok());
    assert_ne!(shown[0].comparison, link::comparison(&true_one));
    let there = admit(&police, &desk).await.unwrap();
    assert_eq!(there, desk.engine.identity.device(), "the true one is let in all the same");
    let again = linking::pending(&police.engine, &lying).await.unwrap();
    assert!(matches!(again[0].judged, Err(LinkingError::Used)), "a code lets in one");
}

#[tokio::test(start_paused = true)]
async fn an_old_request_and_a_used_code_are_dead() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let first = invite(&police).await;
    let desk = asking(&scene, &first, 50).await;
    let old = request_of(&desk);
    admit(&police, &desk).await.unwrap();
    let device = desk.engine.identity.device();
    devices::revoke(&police.engine, &police.dialer(), device, REVOKED_LOST, None).await.unwrap();

    let id = device.to_string();
    let same = showing(&police, vec![LinkWaiting { ticket: first.ticket(), request: old.clone() }]);
    let revived = linking::admit(&police.engine, &same, &id).await;
    assert!(matches!(revived, Err(LinkingError::Used)), "{revived:?}");
    let second = invite(&police).await;
    let moved = showing(&police, vec![LinkWaiting { ticket: second.ticket(), request: old.clone() }]);
    let shown = linking::pending(&police.engine, &moved).await.unwrap();
    assert!(matches!(shown[0].judged, Err(LinkingError::Code(CodeError::Unauthenticated))));
    let unknown = showing(&police, vec![LinkWaiting { ticket: [9; 16], request: old }]);
    let shown = linking::pending(&police.engine, &unknown).await.unwrap();
    assert!(matches!(shown[0].judged, Err(LinkingError::NotOurs)));
    assert_eq!(devices_of(&police).await, 1);

    // The relay refuses a code that was used; one that lies gains nothing by taking it again.
    let thief = Identity::link(&first, "thief", scene.clock_now(), &mut rng(60));
    let thief = scene.enter_as(thief, 60).await;
    let refused = linking::ask(&thief.engine, &thief.dialer()).await;
    assert!(matches!(refused, Err(LinkingError::CodeRefused)), "{refused:?}");
    let request = request_of(&thief);
    let taken = showing(&police, vec![LinkWaiting { ticket: first.ticket(), request }]);
    let shown = linking::pending(&police.engine, &taken).await.unwrap();
    assert!(matches!(shown[0].judged, Err(LinkingError::Used)));
}

#[tokio::test(start_paused = true)]
async fn a_request_that_the_relay_keeps_back_is_over_whatever_its_clock_says() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let code = invite(&police).await;
    let desk = asking(&scene, &code, 50).await;
    let (ticket, request, made) = (code.ticket(), request_of(&desk), scene.clock_now());
    scene.clock.advance_hours(1);
    let late = Lies::answering(move |_, answer| {
        if let Some(mut welcome) = answer.read::<Welcome>() {
            welcome.time = made;
            return Reply::with(&welcome);
        }
        match answer.read::<LinkRequests>() {
            Some(_) => {
                let waiting = vec![LinkWaiting { ticket, request: request.clone() }];
                Reply::with(&LinkRequests { waiting })
            }
            None => Reply::Frame(answer),
        }
    });
    let lying = LyingDialer::new(police.dialer(), late);
    let shown = linking::pending(&police.engine, &lying).await.unwrap();
    assert!(matches!(shown[0].judged, Err(LinkingError::Code(CodeError::Expired))));
    let waits = linking::is_admitted(&desk.engine, &desk.dialer()).await;
    assert!(matches!(waits, Err(LinkingError::Code(CodeError::Expired))), "and the new device is told");
}

#[tokio::test(start_paused = true)]
async fn a_device_is_in_when_the_directory_says_so_and_not_when_the_relay_does() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let desk = asking(&scene, &invite(&police).await, 50).await;
    let lies = || Lies::in_answers::<Welcome>(|welcome| welcome.standing = STANDING_MEMBER);
    let lying = LyingDialer::new(desk.dialer(), lies());
    let believed = linking::is_admitted(&desk.engine, &lying).await;
    assert!(!matches!(believed, Ok(true)), "{believed:?}");
    admit(&police, &desk).await.unwrap();
    // A code that names another root: the organisation is not the one that was meant.
    let mut identity = desk.engine.identity.clone();
    let mut other = identity.linked().unwrap().code.clone();
    other.root.0[0] ^= 1;
    identity = Identity::link(&other, "desk two", scene.clock_now(), &mut rng(50));
    let misled = scene.enter_as(identity, 51).await;
    let believed = linking::is_admitted(&misled.engine, &misled.dialer()).await;
    assert!(matches!(believed, Err(LinkingError::OtherOrganisation)), "{believed:?}");
    assert!(linking::is_admitted(&desk.engine, &desk.dialer()).await.unwrap());
}

#[tokio::test(start_paused = true)]
async fn a_relay_that_adds_a_device_of_its_own_gets_nothing_sealed_to_it() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.resident("Hotline").await, scene.join("Police").await);
    let own = SigningKey::from_seed(&[77; 32]);
    let lies = Lies::in_answers::<Rosters>(move |rosters| {
        for signed in &mut rosters.rosters {
            let mut roster: Roster = codec::decode(&signed.body, 1 << 20).unwrap();
            let mut device = roster.devices[0].clone();
            device.signing_key = *own.public().as_bytes();
            device.device = own.public().device_id();
            device.tls_key = *SigningKey::from_seed(&[78; 32]).public().as_bytes();
            roster.devices.push(device);
            roster.devices.sort_by_key(|device| device.device);
            *signed = roster::sign(&roster, &own);
        }
    });
    hotline.sync_under(lies).await.unwrap();
    let replica = hotline.engine.replica.lock().await;
    let known = replica.directory.organisation(police.org()).unwrap();
    assert!(known.roster.is_none(), "a roster that no administrator has signed is none");
    drop(replica);
    police.sync().await.unwrap();
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync().await.unwrap();
    let envelope = hotline.engine.envelope(&hotline.sent(packet, &police)).unwrap();
    let sealed_to: Vec<DeviceId> = envelope.wraps.iter().map(|wrap| wrap.device).collect();
    assert_eq!(sealed_to, [police.engine.identity.device()]);
}

#[tokio::test(start_paused = true)]
async fn answers_that_are_lost_change_nothing_and_asking_again_ends_well() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let code = invite(&police).await;
    let identity = Identity::link(&code, "desk two", scene.clock_now(), &mut rng(50));
    let desk = scene.enter_as(identity, 50).await;
    // The request arrives, its answer does not.
    let lost = LyingDialer::new(desk.dialer(), cutting::<LinkAsk>());
    assert!(linking::ask(&desk.engine, &lost).await.is_err());
    linking::ask(&desk.engine, &desk.dialer()).await.unwrap();
    let id = desk.engine.identity.device().to_string();
    let lost = LyingDialer::new(police.dialer(), cutting::<Append>());
    assert!(linking::admit(&police.engine, &lost, &id).await.is_err());
    admit(&police, &desk).await.unwrap();
    admit(&police, &desk).await.unwrap();
    assert_eq!(devices_of(&police).await, 2);
    let device = desk.engine.identity.device();
    let lost = LyingDialer::new(police.dialer(), cutting::<Append>());
    assert!(devices::revoke(&police.engine, &lost, device, REVOKED_LOST, None).await.is_err());
    devices::revoke(&police.engine, &police.dialer(), device, REVOKED_LOST, None).await.unwrap();
    assert_eq!(devices_of(&police).await, 1);
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_itself_out_hears_that_it_is_out_although_the_answer_is_lost() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let wish = Wish { roles: ROLE_STAFF | ROLE_ADMINISTRATOR, clearance: u32::MAX, name: String::new() };
    let code = linking::invite(&police.engine, &police.dialer(), wish).await.unwrap();
    let chief = scene.enter_as(Identity::link(&code, "chief", scene.clock_now(), &mut rng(50)), 50).await;
    linking::ask(&chief.engine, &chief.dialer()).await.unwrap();
    admit(&police, &chief).await.unwrap();
    let lost = LyingDialer::new(police.dialer(), cutting::<Append>());
    let own = police.engine.identity.device();
    let removal = devices::revoke(&police.engine, &lost, own, REVOKED_RETIRED, None).await.unwrap();
    assert_eq!((removal.revoked.device, removal.said), (own, Said::InForce));
    chief.sync().await.unwrap();
    assert_eq!(devices_of(&chief).await, 1);

    let registrar = scene.registrar();
    let nomination = registrars::nomination(&registrar.engine).await.unwrap();
    let next = scene.enter_as(Identity::nominated(&nomination, &mut rng(60)), 60).await;
    let link = exclusion::connect(&registrar.engine, &registrar.dialer()).await.unwrap();
    let candidacy = next.engine.identity.candidacy().unwrap();
    registrars::appoint(&registrar.engine, &*link, &candidacy, None).await.unwrap();
    let lost = LyingDialer::new(registrar.dialer(), cutting::<Append>());
    let link = exclusion::connect(&registrar.engine, &lost).await.unwrap();
    let key = hex::encode(registrar.engine.identity.registrar_keys().key);
    let left = registrars::dismiss(&registrar.engine, &lost, &*link, &key, None).await.unwrap();
    assert_eq!(left.registrars, [next.engine.identity.registrar_keys()]);
    assert!(exclusion::connect(&registrar.engine, &registrar.dialer()).await.is_err());
    exclusion::connect(&next.engine, &next.dialer()).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn what_has_arrived_stays_so_though_an_offer_of_it_is_refused_since() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let second = scene.colleague(&police, 1, u32::MAX).await;
    let packet = hotline.write(&police, 1, Priority::P1).await;
    hotline.sync_under(cutting::<Submit>()).await.expect_err("the relay has it, and the answer is lost");
    let offered = hotline.sent(packet, &police);
    for device in [&police, &second] {
        device.sync().await.unwrap();
    }
    police.retire(&second.engine.identity).await;
    hotline.sync().await.unwrap();
    assert_eq!(hotline.state(packet, &police).0, "delivered");
    hotline.engine.rejected(&offered, "unknown_recipient").await.unwrap();
    assert_eq!(hotline.state(packet, &police), ("delivered", String::new()));
}

/// Lets a request of this type through, and nothing back.
fn cutting<Q: causeway_common::wire::Frame>() -> Lies {
    Lies::answering(|asked, answer| {
        match asked.frame == Q::TYPE
            && (answer.read::<Done>().is_some() || answer.read::<Accepted>().is_some())
        {
            true => Reply::Cut,
            false => Reply::Frame(answer),
        }
    })
}
