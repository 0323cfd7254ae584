//! Frames that are none, in both directions; and members that take more than their share.

use std::num::NonZeroU32;
use std::time::Duration;

use causeway_certs::transport::{Dialer as _, LinkError, RequestError, request, write_bytes};
use causeway_client::session::SessionError;
use causeway_common::envelope::PrekeyKind;
use causeway_common::error::ErrorCode;
use causeway_common::limits::{
    CLIENT_STREAMS_MAX, PREKEYS_RESERVED, REQUEST_TIMEOUT, TAKES_PER_TARGET_PER_HOUR, WINDOW_PATIENCE,
};
use causeway_common::priority::Priority;
use causeway_common::signed::Signed;
use causeway_common::statements::Prekey;
use causeway_common::wire::{
    Accepted, DeviceState, DirectoryPart, DirectorySince, Done, FrameType, Hello, PROTOCOL_VERSION, Prekeys,
    Submit, Subscribe, TakePrekeys, Welcome,
};
use causeway_relay::config::Limits;
use causeway_tests::hostile::liar::{Lies, Reply};
use causeway_tests::hostile::rogue::Rogue;
use causeway_tests::hostile::scene::{Actor, Scene, rng};
use rand::Rng as _;
use tokio::time::Instant;

async fn is_alive(rogue: &Rogue<'_>) {
    let since = DirectorySince { size: 0 };
    rogue.ask::<_, DirectoryPart>(&since).await.expect("the connection lives on");
}

fn frame(number: u8, length: u32, payload: &[u8]) -> Vec<u8> {
    [&[number][..], &length.to_le_bytes(), payload].concat()
}

fn refused<T: std::fmt::Debug>(result: Result<T, RequestError>) -> ErrorCode {
    match result {
        Err(RequestError::Refused { code, .. }) => code,
        other => panic!("should have been refused, not {other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn what_is_no_request_costs_its_stream_and_nothing_else() {
    let scene = Scene::start().await;
    let hotline = scene.join("Hotline").await;
    let rogue = Rogue::connect(&hotline).await;
    let cases = [
        ("a type nobody knows", frame(200, 0, b""), ErrorCode::UnknownFrame),
        ("an answer as a question", frame(FrameType::Done as u8, 0, b""), ErrorCode::UnknownFrame),
        ("longer than its type allows", frame(FrameType::Submit as u8, u32::MAX, b"x"), ErrorCode::TooLarge),
        ("no payload", frame(FrameType::TakePrekeys as u8, 0, b""), ErrorCode::Malformed),
        ("a byte too many", frame(FrameType::Subscribe as u8, 1, b"x"), ErrorCode::Malformed),
        (
            "a length inside that is not there",
            frame(FrameType::AskOutcomes as u8, 8, &[0xff; 8]),
            ErrorCode::Malformed,
        ),
    ];
    for (name, bytes, code) in cases {
        assert_eq!(refused(rogue.say::<Done>(&bytes).await), code, "{name}");
        is_alive(&rogue).await;
    }
    for bytes in [&b""[..], b"\x02", &frame(FrameType::Submit as u8, 1000, b"short")] {
        assert!(matches!(rogue.say::<Done>(bytes).await, Err(RequestError::Link(_))), "cut off");
        is_alive(&rogue).await;
    }
}

#[tokio::test(start_paused = true)]
async fn random_bytes_are_answered_or_ended_and_never_believed() {
    let scene = Scene::start().await;
    let hotline = scene.join("Hotline").await;
    let rogue = Rogue::connect(&hotline).await;
    let mut rng = rng(123);
    for _ in 0..500 {
        let mut bytes = vec![0; usize::from(rng.next_u32().to_le_bytes()[0])];
        rng.fill_bytes(&mut bytes);
        if let Some(first) = bytes.first_mut() {
            *first %= 32;
        }
        if let Some(length) = bytes.get_mut(1..5) {
            let rest = u32::try_from(length.len()).unwrap();
            length.copy_from_slice(&(rest * 10).to_le_bytes());
        }
        let answer = rogue.say::<Accepted>(&bytes).await;
        assert!(answer.is_err(), "{bytes:02x?}: {answer:?}");
    }
    is_alive(&rogue).await;
    assert_eq!(scene.envelopes(), 0);
}

#[tokio::test(start_paused = true)]
async fn nobody_speaks_before_hello_or_in_another_version() {
    let scene = Scene::start().await;
    let hotline = scene.join("Hotline").await;
    let link = hotline.dialer().dial().await.unwrap();
    let ask = DirectorySince { size: 0 };
    let early = request::<_, DirectoryPart>(&*link, &ask, REQUEST_TIMEOUT).await;
    assert_eq!(refused(early), ErrorCode::NotAuthorised);
    for versions in [vec![], vec![0], vec![PROTOCOL_VERSION + 1]] {
        let hello = request::<_, Welcome>(&*link, &Hello { versions }, REQUEST_TIMEOUT).await;
        assert_eq!(refused(hello), ErrorCode::UnknownFrame);
    }
    let hello = Hello { versions: vec![PROTOCOL_VERSION + 1, PROTOCOL_VERSION] };
    request::<_, Welcome>(&*link, &hello, REQUEST_TIMEOUT).await.unwrap();
    request::<_, DirectoryPart>(&*link, &ask, REQUEST_TIMEOUT).await.unwrap();
}

/// What a relay can answer instead of answering.
fn no_answers() -> Vec<(&'static str, Reply)> {
    vec![
        ("nothing", Reply::Silence),
        ("an end", Reply::Cut),
        ("half a header", Reply::Bytes(vec![3, 1])),
        ("a type nobody knows", Reply::Bytes(frame(200, 0, b""))),
        ("an answer to something else", Reply::with(&Done {})),
        ("a promise of four gigabytes", Reply::Bytes(frame(FrameType::Refusal as u8, u32::MAX, b""))),
        ("bytes", Reply::Bytes(frame(FrameType::Refusal as u8, 4, b"what"))),
    ]
}

#[tokio::test(start_paused = true)]
async fn whatever_the_relay_says_instead_of_answering_ends_the_session_in_time_and_loses_nothing() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let packet = hotline.write(&police, 1, Priority::P1).await;
    let questions = [
        FrameType::Hello,
        FrameType::DirectorySince,
        FrameType::Subscribe,
        FrameType::PublishPrekeys,
        FrameType::TakePrekeys,
        FrameType::Submit,
    ];
    for question in questions {
        for (name, reply) in no_answers() {
            if question == FrameType::PublishPrekeys && name == "an answer to something else" {
                continue;
            }
            let begun = Instant::now();
            let lie = Lies::instead(move |q| (q.frame == question).then(|| reply.clone()));
            let error = hotline.sync_under(lie).await;
            let broken = matches!(error, Err(SessionError::Misbehaved | SessionError::Link(_)));
            assert!(broken, "{question:?}, {name}: {error:?}");
            // A hundred keys, or a packet, may take that long on a slow line.
            let long = [FrameType::PublishPrekeys, FrameType::Submit].contains(&question);
            let patience = REQUEST_TIMEOUT + if long { WINDOW_PATIENCE } else { Duration::ZERO };
            assert!(begun.elapsed() < patience + REQUEST_TIMEOUT, "{question:?}, {name}");
        }
    }
    assert!(["queued", "submitted"].contains(&hotline.state(packet, &police).0));
    let version = Lies::in_answers(|w: &mut Welcome| w.version += 1);
    assert!(matches!(hotline.sync_under(version).await, Err(SessionError::Misbehaved)));
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert_eq!(police.inbox_names(), [1]);
}

#[tokio::test(start_paused = true)]
async fn what_moves_may_take_as_long_as_it_does_on_a_slow_line() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.resident("Hotline").await, scene.resident("Police").await);
    let line = || Lies::default().on_a_slow_line(Duration::from_secs(5));
    for priority in [Priority::P0, Priority::P3] {
        let number = priority as u8;
        let packet = hotline.write(&police, number, priority).await;
        let begun = Instant::now();
        hotline.sync_under(line()).await.unwrap();
        assert!(
            begun.elapsed() > 2 * REQUEST_TIMEOUT,
            "the packet alone takes longer than a request may stand still"
        );
        let begun = Instant::now();
        let report = police.sync_under(line()).await.unwrap();
        assert_eq!(report.received, 1);
        assert!(begun.elapsed() > REQUEST_TIMEOUT);
        hotline.sync().await.unwrap();
        assert_eq!(hotline.state(packet, &police).0, "delivered");
    }
    let stuck = Lies::default().on_a_slow_line(2 * REQUEST_TIMEOUT);
    assert!(matches!(police.sync_under(stuck).await, Err(SessionError::Link(LinkError::TimedOut))));
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_drips_holds_nobody_for_ever() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let long = frame(FrameType::DirectoryPart as u8, 900 * 1024, &[0; 900 * 1024]);
    let drips =
        Lies::instead(move |q| (q.frame == FrameType::DirectorySince).then(|| Reply::Bytes(long.clone())));
    let begun = Instant::now();
    let error = police.sync_under(drips.on_a_slow_line(Duration::from_secs(9))).await;
    assert!(matches!(error, Err(SessionError::Link(LinkError::TimedOut))), "{error:?}");
    assert!(begun.elapsed() < WINDOW_PATIENCE + 3 * REQUEST_TIMEOUT, "{:?}", begun.elapsed());
    police.sync().await.unwrap();
}

/// How long a referral takes between two others, in a scene's own time.
async fn delivery(hotline: &Actor, police: &Actor, number: u8) -> Duration {
    let begun = Instant::now();
    hotline.write(police, number, Priority::P1).await;
    hotline.sync().await.unwrap();
    police.sync().await.unwrap();
    assert!(police.inbox_names().contains(&number));
    begun.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_member_that_keeps_every_stream_waiting_keeps_nobody_else() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let embassy = scene.resident("Embassy").await;
    let mut kept = Vec::new();
    let rogue = Rogue::connect(&embassy).await;
    for _ in 0..CLIENT_STREAMS_MAX {
        let (mut send, recv) = rogue.link.open_bi().await.unwrap();
        write_bytes(&mut send, &frame(FrameType::Submit as u8, 1 << 20, &[0; 1000])).await.unwrap();
        kept.push((send, recv));
    }
    // And one that subscribes and reads nothing.
    let deaf = Rogue::connect(&embassy).await;
    let _: DeviceState = deaf.ask(&Subscribe {}).await.unwrap();
    hotline.write(&embassy, 1, Priority::P0).await;
    assert!(delivery(&hotline, &police, 2).await < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_flood_ends_at_its_senders_limit_and_the_others_have_theirs() {
    let burst = NonZeroU32::new(50).unwrap();
    let scene = Scene::start_with(Limits { submits_burst: burst, ..Limits::default() }).await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let embassy = scene.resident("Embassy").await;
    let rogue = Rogue::connect(&embassy).await;
    let envelope = rogue.forge(police.org(), &rogue.honest(7).await).await;
    let mut refusal = None;
    for _ in 0..=burst.get() {
        // The same one again counts too: it costs the relay as much.
        if let Err(error) = rogue.ask::<_, Accepted>(&Submit { envelope: envelope.clone() }).await {
            refusal = Some(error);
            break;
        }
    }
    assert!(matches!(refusal, Some(RequestError::Refused { code: ErrorCode::Quota, .. })), "{refusal:?}");
    assert!(delivery(&hotline, &police, 1).await < Duration::from_secs(1));
    assert_eq!(police.inbox_names(), [1, 7], "the flood was one packet");
}

#[tokio::test(start_paused = true)]
async fn who_takes_a_partners_keys_gets_the_last_resort_one_and_leaves_some_for_others() {
    let scene = Scene::start().await;
    let (hotline, police) = (scene.join("Hotline").await, scene.resident("Police").await);
    let embassy = scene.resident("Embassy").await;
    let kind = |taken: &Prekeys| {
        let signed: &Signed = &taken.prekeys[0];
        causeway_common::codec::decode::<Prekey>(&signed.body, 4096).unwrap().kind
    };
    let rogue = Rogue::connect(&embassy).await;
    let ask = TakePrekeys { org: police.org() };
    let mut one_time = 0;
    for _ in 0..TAKES_PER_TARGET_PER_HOUR + 5 {
        let taken: Prekeys = rogue.ask(&ask).await.expect("never an error");
        one_time += u32::from(kind(&taken) == PrekeyKind::OneTime);
    }
    assert_eq!(one_time, TAKES_PER_TARGET_PER_HOUR);
    let others = Rogue::connect(&hotline).await;
    assert_eq!(kind(&others.ask(&ask).await.unwrap()), PrekeyKind::OneTime);
    let state: DeviceState = Rogue::connect(&police).await.ask(&Subscribe {}).await.unwrap();
    assert!(state.one_time.len() > PREKEYS_RESERVED);
}

#[tokio::test(start_paused = true)]
async fn a_stranger_gets_no_further_than_the_door() {
    let scene = Scene::start().await;
    let hotline = scene.join("Hotline").await;
    let nobody = causeway_certs::keys::SigningKey::from_seed(&[99; 32]).public();
    let link = hotline.dialer().with_key(nobody).dial().await.unwrap();
    let welcome: Welcome =
        request(&*link, &Hello { versions: vec![PROTOCOL_VERSION] }, REQUEST_TIMEOUT).await.unwrap();
    assert_eq!(welcome.standing, 0);
    let asked = request::<_, DirectoryPart>(&*link, &DirectorySince { size: 0 }, REQUEST_TIMEOUT).await;
    assert_eq!(refused(asked), ErrorCode::NotAuthorised);
    let asked = request::<_, DeviceState>(&*link, &Subscribe {}, REQUEST_TIMEOUT).await;
    assert_eq!(refused(asked), ErrorCode::NotAuthorised);
    assert!(matches!(link.closed().await, LinkError::Closed(_)), "and does not stay");
}
