//! What other programs and other users of a machine can do to a workstation, and must not achieve.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;
use std::time::Duration;

use causeway_tests::process::actor::Actor;
use causeway_tests::process::http::{Answer, Pages, Stage, form, request};
use causeway_tests::process::{Death, sample};
use tokio::time::{sleep, timeout};

const TOWN: &[(&str, &str, &str)] = &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];
const PASSPHRASE: &str = "seven quiet boats cross the bay";
/// Longer than a lock, an unlock and a passphrase take in a busy machine.
const PATIENCE: Duration = Duration::from_secs(40);

#[tokio::test(flavor = "multi_thread")]
async fn what_happens_at_once_happens_one_after_the_other() {
    let stage = Stage::set(TOWN).await;
    let hotline = &stage.town.orgs[0];
    let mut pages = Pages::entered(hotline).await;
    // Each look at a page of the office is a line of the activity log.
    let before = hotline.list(&["log", "list", "--limit", "1000"]).await.len();
    let looks: Vec<_> = (0..24).map(|_| std::thread::spawn(pages.asking("GET", "/recovery", ""))).collect();
    assert!(looks.into_iter().all(|look| look.join().unwrap().status == 200));
    let lines = hotline.list(&["log", "list", "--limit", "1000"]).await;
    let looked = lines.iter().filter(|line| line["what"] == "showed recovery sheets").count();
    assert_eq!((looked, lines.len() >= before + 24), (24, true), "{lines:?}");
    hotline.run(&["log", "check"]).await;

    // More tokens than there may be are not made by asking for them at the same time.
    let asked: Vec<_> = (0..40)
        .map(|number| {
            let name = format!("program-{number}");
            hotline.command(&["api", "token", "create", "--name", &name, "--scope", "meta:read"]).output()
        })
        .collect();
    let mut made = 0;
    for one in futures(asked).await {
        made += usize::from(one.status.success());
    }
    assert_eq!((made, hotline.list(&["api", "token", "list"]).await.len()), (32, 32));
    assert_eq!(pages.get("/board").status, 200);
}

async fn futures<T: Send + 'static>(
    all: Vec<impl Future<Output = std::io::Result<T>> + Send + 'static>,
) -> Vec<T> {
    let running: Vec<_> = all.into_iter().map(tokio::spawn).collect();
    let mut done = Vec::new();
    for one in running {
        done.push(one.await.unwrap().unwrap());
    }
    done
}

#[tokio::test(flavor = "multi_thread")]
async fn the_lock_ends_what_goes_on_and_the_passphrase_opens_at_once() {
    let stage = Stage::set(TOWN).await;
    let hotline = &stage.town.orgs[0];
    let mut pages = Pages::entered(hotline).await;
    let waiting = hotline.command(&["sync", "--wait", "600"]).kill_on_drop(true).spawn().unwrap();
    let reading = hotline
        .command(&["send", "border-alert", "--to", "Border Police", "--file", "-"])
        .stdin(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .unwrap();
    // A form whose second half comes after the lock.
    let fields = form(&[("kind", "missing-person")]);
    let (first, second) = fields.split_at(4);
    let mut half = TcpStream::connect(("127.0.0.1", pages.port)).unwrap();
    let head: String = pages.said().iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let kind = "Content-Type: application/x-www-form-urlencoded";
    write!(half, "POST /new HTTP/1.1\r\n{head}{kind}\r\nContent-Length: {}\r\n\r\n{first}", fields.len())
        .unwrap();
    sleep(Duration::from_secs(2)).await;

    hotline.run(&["lock"]).await;
    half.write_all(second.as_bytes()).unwrap();
    half.set_read_timeout(Some(PATIENCE)).unwrap();
    let mut answer = [0; 512];
    let read = half.read(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer[..read]).into_owned();
    assert!(answer.contains("303") && answer.to_lowercase().contains("location: /\r\n"), "{answer}");
    for mut command in [waiting, reading] {
        let ended = timeout(PATIENCE, command.wait()).await.unwrap().unwrap();
        assert!(!ended.success(), "{ended}");
    }
    let opened = pages.post("/unlock", &[("passphrase", &hotline.passphrase())]);
    assert_eq!(opened.location(), "/board", "{}", opened.body);
    assert!(hotline.list(&["drafts", "list"]).await.is_empty(), "what came after the lock is not done");
    assert!(hotline.list(&["sent", "list"]).await.is_empty());

    // A list of a draft that is none, with a line break for a header in it: refused, and no fault of the program.
    let draft = pages.post("/new", &[("kind", "missing-person")]).location().to_owned();
    let parts = pages.get(&draft).body;
    let section = parts.split("href=\"").find_map(|rest| {
        let address = rest.split('"').next()?;
        let part = address.strip_prefix(&format!("{draft}/"))?;
        (!["to", "files", "check", "delete"].contains(&part)).then(|| address.to_owned())
    });
    let section = section.unwrap();
    assert_eq!(pages.get(&section).status, 200);
    let split = pages.post(&section, &[("more", "names\r\nSet-Cookie: a=b"), ("revision", "")]);
    assert_eq!(split.status, 404, "{}", split.body);
    assert!(split.body.contains("C-104"), "{}", split.body);
    assert_eq!(pages.get("/still-open").status, 204);
    hotline.run(&["lock"]).await;
    assert_eq!(pages.get("/still-open").location(), "/", "the script learns that it is locked");
}

#[tokio::test(flavor = "multi_thread")]
async fn half_requests_of_another_user_keep_no_alarm_from_arriving() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let mut pages = Pages::entered(police).await;
    // As many as wait: no more are let in than what the program can spare.
    let half = |_| {
        let mut stream = TcpStream::connect(("127.0.0.1", pages.port)).ok()?;
        stream.write_all(b"GET / HTTP/1.1\r\nHo").ok()?;
        Some(stream)
    };
    let crowd: Vec<_> = (0..400).map_while(half).collect();
    // Time enough to let all of them in, if somebody did.
    sleep(Duration::from_secs(2)).await;
    let open = std::fs::read_dir(format!("/proc/{}/fd", pages.id())).unwrap().count();
    assert!(crowd.len() == 400 && open < 300, "{} of them, {open} descriptors", crowd.len());
    hotline
        .run(&["send", "border-alert", "--to", "Border Police", "--file", &sample("border-alert.json")])
        .await;
    hotline.run(&["sync"]).await;
    let begun = tokio::time::Instant::now();
    while police.list(&["inbox", "list"]).await.is_empty() {
        assert!(begun.elapsed() < PATIENCE, "the alarm does not arrive");
        sleep(Duration::from_millis(300)).await;
    }
    // Whoever says nothing is sent away, and the pages are back by themselves.
    sleep(Duration::from_secs(25)).await;
    assert_eq!(pages.get("/board").status, 200);
    drop(crowd);
}

#[tokio::test(flavor = "multi_thread")]
async fn wrong_codes_do_not_keep_the_owner_from_the_passphrase() {
    let stage = Stage::set(TOWN).await;
    let police = &stage.town.orgs[1];
    let mut pages = Pages::entered(police).await;
    let host = pages.said().remove(0).1;
    for number in 0..8 {
        let head = [("Host", host.as_str()), ("Origin", &format!("http://{host}"))];
        let code = form(&[("code", &format!("1234567{number}"))]);
        assert_eq!(request(pages.port, "POST", "/enter", &head, &code).status, 403);
    }
    assert_eq!(pages.post("/lock", &[]).status, 303);
    // A second daemon has no counters of its own, and does not touch the address of the first.
    let place = std::fs::read(police.home.join("pages.json")).unwrap();
    let second = police.attempt(&["serve", "--new-place", "--no-browser"], &Death::Never).await;
    assert_eq!(
        (second.error()["code"].as_str(), second.status.success()),
        (Some("G-140"), false),
        "{}",
        second.tail()
    );
    assert_eq!(std::fs::read(police.home.join("pages.json")).unwrap(), place);
    assert_eq!(pages.post("/unlock", &[("passphrase", &police.passphrase())]).location(), "/board");
    // Further codes wait, a good one too: that is a guess at eight digits, and nobody has many.
    let mut other = pages.another(police).await;
    let code = other.code.clone();
    assert_eq!(other.post("/enter", &[("code", &code)]).status, 403);
    assert_eq!(pages.get("/board").status, 200);
}

/// A workstation that begins, and what it sends to begin.
async fn beginning(stage: &Stage) -> (Actor, Pages, String) {
    let words = ["registrar", "invite", "--name", "New Shelter", "--kind", "shelter", "--country", "RU"];
    let invite = stage.town.registrar.run(&words).await["invite"].as_str().unwrap().to_owned();
    let actor = Actor::new(stage.folder(), "New Shelter", "warn");
    std::fs::write(&actor.passphrase_file, PASSPHRASE).unwrap();
    let mut pages = Pages::of(&actor).await;
    let code = pages.code.clone();
    assert_eq!(pages.post("/enter", &[("code", &code)]).location(), "/");
    let fields =
        [("invite", &*invite), ("device", "desk"), ("passphrase", PASSPHRASE), ("again", PASSPHRASE)];
    (actor, pages, form(&fields))
}

/// The recovery code that a page shows.
fn shown(answer: &Answer) -> String {
    let groups = answer.body.split("<code>").skip(1).filter_map(|rest| rest.split("</code>").next());
    groups.collect::<Vec<_>>().join("-")
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_comes_in_while_a_home_is_made_does_not_see_its_recovery_code() {
    let stage = Stage::set(TOWN).await;
    let (actor, pages, fields) = beginning(&stage).await;
    let mut other = pages.another(&actor).await;
    let making = std::thread::spawn(pages.asking("POST", "/begin", &fields));
    sleep(Duration::from_millis(100)).await;
    let code = other.code.clone();
    assert_eq!(other.post("/enter", &[("code", &code)]).location(), "/");
    assert_eq!(making.join().unwrap().location(), "/");
    for path in ["/begin/code", "/board", "/recovery"] {
        assert_eq!(other.get(path).location(), "/", "{path}");
    }
    // Who knows the passphrase is shown it.
    assert_eq!(other.post("/unlock", &[("passphrase", PASSPHRASE)]).location(), "/board");
    assert_eq!(other.get("/").location(), "/begin/code");
    assert_eq!(shown(&other.get("/begin/code")).len(), 35);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_recovery_code_that_nobody_wrote_down_is_missed_and_another_one_is_made() {
    let stage = Stage::set(TOWN).await;
    let (actor, pages, fields) = beginning(&stage).await;
    // A browser that leaves in the middle comes back to the code.
    let mut leaving = TcpStream::connect(("127.0.0.1", pages.port)).unwrap();
    let head: String = pages.said().iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let kind = "Content-Type: application/x-www-form-urlencoded";
    let length = fields.len();
    write!(leaving, "POST /begin HTTP/1.1\r\n{head}{kind}\r\nContent-Length: {length}\r\n\r\n{fields}")
        .unwrap();
    sleep(Duration::from_millis(100)).await;
    drop(leaving);
    let mut pages = pages;
    let begun = tokio::time::Instant::now();
    while pages.get("/").location() != "/begin/code" {
        assert!(begun.elapsed() < PATIENCE, "the home is not made");
        sleep(Duration::from_millis(300)).await;
    }
    assert_eq!(shown(&pages.get("/begin/code")).len(), 35);

    // The machine fails before anybody has written it down.
    pages.kill().await;
    let mut pages = Pages::of(&actor).await;
    let code = pages.code.clone();
    pages.post("/enter", &[("code", &code)]);
    assert_eq!(pages.post("/unlock", &[("passphrase", PASSPHRASE)]).location(), "/board");
    assert!(pages.get("/board").body.contains("is on no paper yet"));
    assert_eq!(shown(&pages.get("/begin/code")), "", "it is known to nobody");
    assert_eq!(pages.post("/begin/another-code", &[("passphrase", "a wrong passphrase")]).status, 403);
    assert_eq!(pages.post("/begin/another-code", &[("passphrase", PASSPHRASE)]).location(), "/begin/code");
    let recovery = shown(&pages.get("/begin/code"));
    assert_eq!(pages.post("/begin/code", &[("code", &recovery)]).location(), "/begin/compare");
    assert!(!pages.get("/board").body.contains("is on no paper yet"));
    assert_eq!(pages.post("/lock", &[]).status, 303);
    assert_eq!(pages.post("/unlock", &[("passphrase", &recovery)]).location(), "/board", "it opens the home");
}
