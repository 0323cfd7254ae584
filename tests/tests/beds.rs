//! Beds between several shelters and several devices of one: who is asked next, who is not needed, and what is told once.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use causeway_client::beds::house::{House, houses};
use causeway_client::beds::{self, Count, hold, publication};
use causeway_client::engine::Draft;
use causeway_client::engine::threads::{Words, moment};
use causeway_client::escalation::{self, tasks};
use causeway_client::model::Thread;
use causeway_client::records;
use causeway_client::referral::lifecycle::Action;
use causeway_client::vault::Changes;
use causeway_common::clearance::EVERY_SECTION;
use causeway_common::ids::{OrgId, PacketId};
use causeway_common::priority::Priority;
use causeway_common::time::Timestamp;
use causeway_tests::hostile::scene::{Actor, Scene, draft, sync_all};
use causeway_tests::process::http::{Pages, Stage};
use causeway_tests::process::sample;
use causeway_tests::steps::words;
use serde_json::{Value, json};

fn packet(to: OrgId, case: u8, number: u8, header: &Value) -> Draft {
    let mut draft = draft(to, number, Priority::P1);
    draft.case = [case; 32];
    draft.kind = header["kind"].as_str().unwrap().to_owned();
    draft.sections.truncate(1);
    draft.sections[0].bytes = header.to_string().into_bytes();
    draft
}

fn request(mode: &str, fallback: &[&Actor]) -> Value {
    let listed: Vec<Value> =
        fallback.iter().map(|org| json!({ "org_id": org.org().to_string(), "sections": ["HDR"] })).collect();
    json!({
        "kind": "SPR", "group": "women", "adults": 1, "children": [], "auto_fallback": true, "fallback": listed,
        "mode_of_acceptance": mode,
    })
}

fn thread(of: &Actor, case: [u8; 32]) -> Thread {
    records::thread(&of.engine.vault, &case).unwrap().unwrap()
}

async fn answer(of: &Actor, case: [u8; 32], action: Action, answer: Value) {
    let answer = answer.as_object().cloned().unwrap();
    let said = Words { answer, ..words(action, "words") };
    of.engine.take_step(case, action, said).await.unwrap();
}

async fn offer(of: &Actor, case: [u8; 32], until: Timestamp) {
    let until = moment(until);
    let offered =
        json!({ "decision": "offered", "hold_until": until, "unit": "bed", "group": "women", "places": 1 });
    answer(of, case, Action::Accept, offered).await;
}

fn open(actor: &Actor) -> Vec<String> {
    let all = tasks::all(&actor.engine.vault).unwrap();
    all.into_iter().filter(|task| task.is_open()).map(|task| task.code).collect()
}

fn house(of: &Actor, now: Timestamp) -> House {
    let vault = &of.engine.vault;
    let cases = beds::cases(vault).unwrap();
    let (mut houses, _) = houses(beds::counts(vault, &cases).unwrap(), &hold::holds(&cases, now));
    houses.remove(0)
}

#[tokio::test(start_paused = true)]
async fn a_place_on_a_list_has_the_next_shelter_asked_at_once_and_whoever_offers_has_her() {
    let scene = Scene::start().await;
    let mut hotline = scene.resident("Hotline").await;
    let (first, second) = (scene.resident("First").await, scene.resident("Second").await);
    hotline.sync().await.unwrap();
    let asks = request("first_accept_wins", &[&second]);
    hotline.queue(packet(first.org(), 1, 1, &asks)).await;
    sync_all(&[&hotline, &first]).await;
    assert_eq!(hotline.look().await.forwarded, 0);
    answer(&first, [1; 32], Action::DelayNotice, json!({ "decision": "waiting_list", "position": 2 })).await;
    sync_all(&[&first, &hotline]).await;
    let ticked = hotline.look().await;
    assert_eq!(ticked.forwarded, 1, "she needs a bed tonight");
    assert_eq!(thread(&hotline, [1; 32]).work, "received", "and may still get one here");
    assert!(open(&hotline).contains(&"next-shelter".to_owned()), "{:?}", open(&hotline));
    hotline.restart().await;
    assert_eq!(hotline.look().await.forwarded, 0, "once");

    sync_all(&[&hotline, &second]).await;
    let asked = records::all_threads(&second.engine.vault).unwrap().remove(0);
    offer(&second, asked.case, scene.clock_now().plus(std::time::Duration::from_secs(4 * 3_600))).await;
    sync_all(&[&second, &hotline]).await;
    hotline.look().await;
    sync_all(&[&hotline, &first, &second]).await;
    assert_eq!(thread(&first, [1; 32]).work, "withdrawn", "the list forgets her");
    assert_eq!(thread(&second, asked.case).work, "accepted");
    hotline.look().await;
    let open = open(&hotline);
    assert!(
        !open.contains(&"next-shelter".to_owned()) && open.contains(&"bed-offered".to_owned()),
        "{open:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn where_the_sender_chooses_the_handoff_tells_the_others() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let (first, second) = (scene.resident("First").await, scene.resident("Second").await);
    hotline.sync().await.unwrap();
    let asks = request("each", &[]);
    hotline.queue(packet(first.org(), 1, 1, &asks)).await;
    hotline.queue(packet(second.org(), 2, 1, &asks)).await;
    sync_all(&[&hotline, &first, &second]).await;
    let until = scene.clock_now().plus(std::time::Duration::from_secs(4 * 3_600));
    offer(&first, [1; 32], until).await;
    offer(&second, [2; 32], until).await;
    sync_all(&[&first, &second, &hotline]).await;
    assert_eq!(hotline.look().await.steps, 0, "a person chooses");

    let root = PacketId([1; 32]).to_string();
    let handoff = json!({ "kind": "VHO", "references": [{ "packet_id": root, "rel": "same_subject" }] });
    hotline.queue(packet(second.org(), 3, 3, &handoff)).await;
    hotline.look().await;
    sync_all(&[&hotline, &first, &second]).await;
    first.look().await;
    sync_all(&[&first, &hotline]).await;
    assert_eq!(thread(&first, [1; 32]).work, "withdrawn", "given back by the shelter's software");
    assert_eq!(thread(&hotline, [1; 32]).work, "withdrawn");
    assert_eq!(thread(&second, [2; 32]).work, "accepted");
    let bed = |of: &Actor| hold::holds(&beds::cases(&of.engine.vault).unwrap(), scene.clock_now()).remove(0);
    assert!(!bed(&first).keeps() && bed(&second).keeps());
}

#[tokio::test(start_paused = true)]
async fn two_devices_of_a_shelter_hold_one_bed_and_tell_partners_once() {
    let scene = Scene::start().await;
    let hotline = scene.resident("Hotline").await;
    let shelter = scene.resident("Shelter").await;
    let desk = scene.colleague(&shelter, 2, EVERY_SECTION).await;
    hotline.sync().await.unwrap();
    sync_all(&[&shelter, &desk]).await;
    let fields = json!({
        "shelter_code": "S-7", "region": "MD-CU", "duty_contact": { "phone": "+37360000311" },
        "valid_until": moment(scene.clock_now().plus(std::time::Duration::from_secs(24 * 3_600))),
        "capacity": [{ "unit": "bed", "group": "women", "maximum": 8, "available": 3 }],
    });
    let count = Count::made("S-7", fields.as_object().cloned().unwrap(), shelter.engine.now());
    let mut changes = Changes::default();
    beds::put(&mut changes, &count);
    shelter.engine.commit(changes).await.unwrap();
    let number = PacketId([7; 32]);
    let document =
        publication::document(&shelter.engine, &house(&shelter, scene.clock_now()), number).unwrap();
    let reached = publication::queue(&shelter.engine, &document, number, &[hotline.org()]).await.unwrap();
    assert_eq!(reached, [hotline.org()]);
    hotline.queue(packet(shelter.org(), 1, 1, &request("each", &[]))).await;
    sync_all(&[&shelter, &desk, &hotline, &shelter, &desk]).await;
    assert_eq!(house(&desk, scene.clock_now()).lines, house(&shelter, scene.clock_now()).lines);

    offer(&desk, [1; 32], scene.clock_now().plus(std::time::Duration::from_secs(4 * 3_600))).await;
    sync_all(&[&desk, &shelter]).await;
    for device in [&desk, &shelter] {
        let line = house(device, scene.clock_now()).lines.remove(0);
        assert_eq!((line.available(), line.held, line.free), (2, 1, 3));
    }
    // Both look before either has heard of the other's publication.
    let told = [
        escalation::tick(&desk.engine).await.unwrap().published,
        escalation::tick(&shelter.engine).await.unwrap().published,
    ];
    assert_eq!(told, [1, 1]);
    sync_all(&[&desk, &shelter, &hotline, &desk, &shelter]).await;
    assert_eq!(desk.look().await.published + shelter.look().await.published, 0, "nothing has changed since");
    let publications = |of: &Actor| of.inbox().iter().filter(|packet| packet.kind == "SCP").count();
    assert_eq!(publications(&hotline), 2, "the first, and the one after the offer");

    scene.clock.advance_hours(5);
    assert_eq!(desk.look().await.published, 1, "the moment has passed");
    sync_all(&[&desk, &hotline]).await;
    let shelters = beds::partners::shelters(&beds::cases(&hotline.engine.vault).unwrap(), scene.clock_now());
    assert_eq!(shelters[0].free_for("women"), Some(3));
    scene.clock.advance_hours(20);
    assert_eq!(desk.look().await.published, 0, "an old count is left to be stale");
    let shelters = beds::partners::shelters(&beds::cases(&hotline.engine.vault).unwrap(), scene.clock_now());
    assert!(shelters[0].stale);
}

/// What takes turns are the commands of one home: real programs ask.
#[tokio::test(flavor = "multi_thread")]
async fn two_windows_that_offer_the_last_room_at_once_offer_it_once() {
    let stage = Stage::set(&[("Angel Hotline", "hotline", "RU"), ("North House", "shelter", "MD")]).await;
    let (hotline, north) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let (capacity, placement) = (sample("capacity.json"), sample("placement.json"));
    north.run(&["capacity", "set", "--file", &capacity, "--set", "shelter_code=N-1"]).await;
    let mut asked = Vec::new();
    for _ in 0..2 {
        let sent = hotline.run(&["send", "placement", "--to", "North House", "--file", &placement]).await;
        asked.push(sent["referral"].as_str().unwrap().to_owned());
    }
    hotline.run(&["sync"]).await;
    let _pages = Pages::entered(north).await;
    let begun = tokio::time::Instant::now();
    while north.list(&["inbox", "list", "--kind", "placement"]).await.len() < 2 {
        assert!(begun.elapsed().as_secs() < 40, "they do not arrive");
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    }
    let offer = |id: &String| {
        let words = ["answer", id, "--set", "decision=offered", "--set", "shelter_code=N-1"];
        tokio::spawn(north.command(&words).output())
    };
    let offers: Vec<_> = asked.iter().map(offer).collect();
    let mut refused = Vec::new();
    for offer in offers {
        let ended = offer.await.unwrap().unwrap();
        if !ended.status.success() {
            refused.push(String::from_utf8_lossy(&ended.stderr).into_owned());
        }
    }
    assert!(matches!(&refused[..], [one] if one.contains("Y-104")), "{refused:?}");
    let house = north.run(&["capacity", "show"]).await;
    let rooms = house["capacity"].as_array().unwrap().iter().find(|line| line["unit"] == "family_room");
    assert_eq!((&rooms.unwrap()["held"], &rooms.unwrap()["available"]), (&1.into(), &0.into()), "{house}");
}
