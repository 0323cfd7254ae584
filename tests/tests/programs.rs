//! Programs of a workstation at the socket of `causeway serve`: a referral goes out once, is heard of, read and taken on.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::process::Stdio;
use std::time::Duration;

use causeway_tests::process::actor::Actor;
use causeway_tests::process::program::program;
use causeway_tests::process::relay::{Place, Relay};
use causeway_tests::process::sample;
use causeway_tests::process::town::Town;
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

const TOWN: &[(&str, &str, &str)] = &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];
/// Until something that travels has arrived, or a program has come to its end.
const PATIENCE: Duration = Duration::from_secs(90);

/// A workstation whose home is open, and a program that works with it.
struct Desk<'a> {
    actor: &'a Actor,
    token: String,
    _serving: Child,
}

impl<'a> Desk<'a> {
    async fn open(actor: &'a Actor, scopes: &str) -> Self {
        let mut command = typed(actor, &["--json", "serve", "--passphrase-file"]);
        command.arg(&actor.passphrase_file);
        let mut serving = command.kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(serving.stdout.take().unwrap()).lines();
        tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        let words = ["--json", "api", "token", "create", "--name", "cases", "--scope", scopes];
        let made = typed(actor, &words).output().await.unwrap();
        let made: Value = serde_json::from_slice(&made.stdout).unwrap();
        Self { actor, token: made["token"].as_str().unwrap().to_owned(), _serving: serving }
    }

    async fn ask(&self, method: &str, path: &str, headers: &str, body: &str) -> (u16, Value) {
        let mut stream = UnixStream::connect(self.actor.home.join("daemon.sock")).await.unwrap();
        let whole = format!(
            "{method} /api/v1{path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {}\r\n{headers}\
             Content-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.token,
            body.len()
        );
        stream.write_all(whole.as_bytes()).await.unwrap();
        let mut answer = String::new();
        tokio::time::timeout(PATIENCE, stream.read_to_string(&mut answer)).await.unwrap().unwrap();
        let status = answer.split(' ').nth(1).unwrap().parse().unwrap();
        let body = answer.split_once("\r\n\r\n").unwrap().1;
        (status, serde_json::from_str(body).unwrap_or_default())
    }

    async fn get(&self, path: &str) -> (u16, Value) {
        self.ask("GET", path, "", "").await
    }

    /// Waits for an event of this type and state; gives it after it has been acknowledged.
    async fn hears(&self, kind: &str, state: &str) -> Value {
        let found = async {
            loop {
                let (status, heard) = self.get("/events?consumer=cases&limit=1&wait=30").await;
                assert_eq!(status, 200, "{heard}");
                let acknowledged = json!({ "consumer": "cases", "seq": heard["last"] }).to_string();
                self.ask("POST", "/events/ack", "", &acknowledged).await;
                let event = &heard["events"][0];
                if event["type"] == kind && event["state"] == state {
                    return event.clone();
                }
            }
        };
        tokio::time::timeout(PATIENCE, found).await.unwrap_or_else(|_| panic!("no {kind} {state}"))
    }
}

fn typed(actor: &Actor, words: &[&str]) -> Command {
    let mut command = Command::new(program("causeway"));
    command.args(["--no-input", "--home"]).arg(&actor.home).args(words);
    command.env("CAUSEWAY_LOG", "warn").env("LC_ALL", "C");
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

async fn founded(folder: &std::path::Path) -> (Town, Relay) {
    Town::found(folder, Place::below(folder, "warn"), TOWN).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_referral_of_a_program_goes_out_once_and_a_program_hears_of_it_reads_it_and_takes_it_on() {
    let folder = tempfile::tempdir().unwrap();
    let (town, _relay) = founded(folder.path()).await;
    let hotline = Desk::open(&town.orgs[0], "meta:read,send").await;
    let police = Desk::open(&town.orgs[1], "meta:read,content:read,send").await;
    let document: Value =
        serde_json::from_str(&std::fs::read_to_string(sample("border-alert.json")).unwrap()).unwrap();
    let mut letter = json!({
        "kind": "border-alert", "to": [town.ids[1]], "document": document, "exercise": true, "confirmed": true,
    });

    // The program has got no answer, and asks again.
    let key = "Idempotency-Key: 7d0c1b0e\r\n";
    let first = hotline.ask("POST", "/referrals", key, &letter.to_string()).await;
    let second = hotline.ask("POST", "/referrals", key, &letter.to_string()).await;
    assert_eq!((first.0, &first), (201, &second));
    assert_eq!(first.1["packets"][0]["to"], town.ids[1].as_str());
    letter["exercise"] = false.into();
    let (status, problem) = hotline.ask("POST", "/referrals", key, &letter.to_string()).await;
    assert_eq!((status, &problem["code"]), (422, &"J-108".into()), "{problem}");
    let sent = hotline.get("/referrals?list=sent").await.1;
    assert_eq!(sent["referrals"].as_array().map(Vec::len), Some(1), "{sent}");

    let came = police.hears("referral.received", "received").await;
    let id = came["referral"].as_str().unwrap();
    assert_eq!(came["referral"], first.1["referral"], "both sides know the packet's number");
    let (status, meta) = police.get(&format!("/referrals/{id}/meta")).await;
    assert_eq!((status, &meta["work"], &meta["transport"]), (200, &"received".into(), &"delivered".into()));
    let (status, whole) = police.get(&format!("/referrals/{id}")).await;
    assert_eq!(status, 200, "{whole}");
    assert!(whole["sections"].as_object().is_some_and(|sections| !sections.is_empty()), "{whole}");
    // Reading it was opening it.
    hotline.hears("transport", "opened").await;
    let step = format!("/referrals/{id}/steps/accept");
    let (status, taken) = police.ask("POST", &step, "", r#"{"eta":"PT15M"}"#).await;
    assert_eq!((status, &taken["work"]), (200, &"accepted".into()), "{taken}");
    let told = hotline.hears("referral.state", "accepted").await;
    assert_eq!(told["referral"], first.1["packets"][0]["id"]);
    let (status, problem) = police.ask("POST", &step, "", r#"{"eta":"PT15M"}"#).await;
    assert_eq!((status, &problem["code"]), (403, &"L-107".into()), "not twice: {problem}");

    typed(police.actor, &["lock"]).output().await.unwrap();
    assert_eq!(police.get("/events").await.0, 423);
    let check = police.get("/check").await;
    assert_eq!((check.0, &check.1["locked"]), (200, &true.into()));
}
