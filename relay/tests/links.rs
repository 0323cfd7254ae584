//! A device asks to join its organisation: who may ask, how often, for how long, and who gets to see it.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

#[path = "support/link.rs"]
mod link;
#[path = "support/rig.rs"]
mod rig;

use causeway_certs::keys::{PublicKey, SigningKey};
use causeway_common::error::ErrorCode;
use causeway_common::limits::{LINK_LIFE, LINK_REQUEST_BYTES_MAX, LINKS_PER_ORG_MAX};
use causeway_common::store::Kv as _;
use causeway_common::wire::{Done, LinkAsk, LinkList, LinkOpen, LinkRequests, LinkWaiting, Welcome};
use rig::{Org, Rig, code, hello};

const TICKET: [u8; 16] = [7; 16];

fn stranger(seed: u8) -> PublicKey {
    SigningKey::from_seed(&[seed; 32]).public()
}

fn ask(org: &Org, ticket: [u8; 16], request: &[u8]) -> LinkAsk {
    LinkAsk { org: org.id, ticket, request: request.to_vec() }
}

async fn open(rig: &Rig, org: &Org, ticket: [u8; 16]) -> Result<Done, ErrorCode> {
    rig.ask::<_, Done>(org.devices[0].peer(), &LinkOpen { ticket }).await.map_err(|e| code::<Done>(Err(e)))
}

async fn asked(rig: &Rig, by: PublicKey, ask: &LinkAsk) -> Result<(), ErrorCode> {
    rig.ask::<_, Done>(by, ask).await.map(drop).map_err(|e| code::<Done>(Err(e)))
}

async fn seen(rig: &Rig, org: &Org) -> Vec<LinkWaiting> {
    rig.ask::<_, LinkRequests>(org.devices[0].peer(), &LinkList {}).await.unwrap().waiting
}

fn stored(rig: &Rig) -> usize {
    rig.kv.scan(b"h", None, usize::MAX).unwrap().len()
}

#[tokio::test]
async fn a_request_waits_for_the_devices_of_its_organisation_and_for_nobody_else() {
    let mut rig = Rig::claimed().await;
    let (hotline, police) = (rig.org(1, &[10, 11]).await, rig.org(2, &[20]).await);
    let (new, request) = (stranger(90), b"sealed by a code".to_vec());
    assert_eq!(asked(&rig, new, &ask(&hotline, TICKET, &request)).await, Err(ErrorCode::InviteRefused));
    open(&rig, &hotline, TICKET).await.unwrap();
    open(&rig, &hotline, TICKET).await.unwrap();
    assert_eq!(seen(&rig, &hotline).await, [], "nobody has asked yet");
    assert_eq!(asked(&rig, new, &ask(&police, TICKET, &request)).await, Err(ErrorCode::InviteRefused));
    assert_eq!(asked(&rig, new, &ask(&hotline, [8; 16], &request)).await, Err(ErrorCode::InviteRefused));
    asked(&rig, new, &ask(&hotline, TICKET, &request)).await.unwrap();
    rig.restart();
    for device in &hotline.devices {
        let got: LinkRequests = rig.ask(device.peer(), &LinkList {}).await.unwrap();
        assert_eq!(got.waiting, [LinkWaiting { ticket: TICKET, request: request.clone() }]);
    }
    assert_eq!(seen(&rig, &police).await, []);
    for nobody in [new, stranger(91), rig.registrar_tls.public()] {
        assert_eq!(code(rig.ask::<_, LinkRequests>(nobody, &LinkList {}).await), ErrorCode::NotAuthorised);
        assert_eq!(
            code(rig.ask::<_, Done>(nobody, &LinkOpen { ticket: [9; 16] }).await),
            ErrorCode::NotAuthorised
        );
    }
    let welcome: Welcome = rig.ask(new, &hello()).await.unwrap();
    assert_eq!(welcome.standing, 0, "asking makes nobody a member");
}

#[tokio::test]
async fn a_ticket_takes_one_request_of_one_caller() {
    let rig = Rig::claimed().await;
    let hotline = rig.org(1, &[10]).await;
    open(&rig, &hotline, TICKET).await.unwrap();
    let first = ask(&hotline, TICKET, b"first");
    asked(&rig, stranger(90), &first).await.unwrap();
    asked(&rig, stranger(90), &first).await.unwrap();
    let refused = Err(ErrorCode::InviteRefused);
    assert_eq!(asked(&rig, stranger(91), &first).await, refused, "the same bytes from somebody else");
    assert_eq!(asked(&rig, stranger(90), &ask(&hotline, TICKET, b"second")).await, refused);
    open(&rig, &hotline, TICKET).await.unwrap();
    assert_eq!(seen(&rig, &hotline).await.len(), 1);
    assert_eq!(seen(&rig, &hotline).await[0].request, b"first", "opening it again changes nothing");
}

#[tokio::test]
async fn requests_are_bounded_in_number_in_bytes_and_in_time() {
    let rig = Rig::claimed().await;
    let (hotline, police) = (rig.org(1, &[10]).await, rig.org(2, &[20]).await);
    for ticket in 1..=LINKS_PER_ORG_MAX {
        open(&rig, &hotline, [u8::try_from(ticket).unwrap(); 16]).await.unwrap();
    }
    assert_eq!(open(&rig, &hotline, [99; 16]).await, Err(ErrorCode::Quota));
    open(&rig, &police, [99; 16]).await.unwrap();
    let longest = vec![1; LINK_REQUEST_BYTES_MAX];
    for ticket in 1..=LINKS_PER_ORG_MAX {
        let ticket = u8::try_from(ticket).unwrap();
        asked(&rig, stranger(90), &ask(&hotline, [ticket; 16], &longest)).await.unwrap();
    }
    assert_eq!(seen(&rig, &hotline).await.len(), LINKS_PER_ORG_MAX, "all fit an answer");
    let longer = vec![1; LINK_REQUEST_BYTES_MAX + 1];
    assert_eq!(asked(&rig, stranger(90), &ask(&police, [99; 16], &longer)).await, Err(ErrorCode::TooLarge));
    assert_eq!(asked(&rig, stranger(90), &ask(&police, [99; 16], b"")).await, Err(ErrorCode::Malformed));

    rig.clock.advance_time(LINK_LIFE);
    assert_eq!(seen(&rig, &hotline).await.len(), LINKS_PER_ORG_MAX, "the last moment counts");
    rig.clock.advance_time(std::time::Duration::from_millis(1));
    assert_eq!(seen(&rig, &hotline).await, []);
    let late = ask(&police, [99; 16], b"late");
    assert_eq!(asked(&rig, stranger(90), &late).await, Err(ErrorCode::InviteRefused));
    open(&rig, &hotline, [99; 16]).await.unwrap();
    assert!(stored(&rig) <= 2, "what is over made room: {}", stored(&rig));
    rig.relay.sweep().await.unwrap();
    assert_eq!(stored(&rig), 1);
    rig.clock.advance(1);
    rig.relay.sweep().await.unwrap();
    assert_eq!(stored(&rig), 0, "and all of it goes by itself");
}

#[tokio::test]
async fn the_request_goes_when_its_device_is_in_the_roster() {
    let rig = Rig::claimed().await;
    let hotline = rig.org(1, &[10]).await;
    let new = rig::Device::new(60);
    for (ticket, by) in [([1; 16], new.peer()), ([2; 16], stranger(90))] {
        open(&rig, &hotline, ticket).await.unwrap();
        asked(&rig, by, &ask(&hotline, ticket, b"let me in")).await.unwrap();
    }
    open(&rig, &hotline, [3; 16]).await.unwrap();
    let append = rig.second_roster(&hotline, &[], &[&new]);
    let _: Done = rig.ask(hotline.devices[0].peer(), &append).await.unwrap();
    assert_eq!(seen(&rig, &hotline).await.iter().map(|w| w.ticket).collect::<Vec<_>>(), [[2; 16]]);
    assert_eq!(stored(&rig), 2, "what is open stays open");
    let got: LinkRequests = rig.ask(new.peer(), &LinkList {}).await.unwrap();
    assert_eq!(got.waiting.len(), 1, "it is a member now");
}
