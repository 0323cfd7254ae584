//! Commands of the terminal while `causeway serve` has the home: what they print, read and write is what it would be without.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use causeway_tests::process::actor::Actor;
use causeway_tests::process::program::program;
use causeway_tests::process::relay::{Place, Relay};
use causeway_tests::process::sample;
use causeway_tests::process::town::Town;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

const TOWN: &[(&str, &str, &str)] = &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE")];
/// Until something that travels has arrived, or a program has come to its end.
const PATIENCE: Duration = Duration::from_secs(60);

struct Stage {
    folder: TempDir,
    town: Town,
    _relay: Relay,
}

impl Stage {
    async fn set() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::below(folder.path(), "warn");
        let (town, relay) = Town::found(folder.path(), place, TOWN).await;
        Self { folder, town, _relay: relay }
    }
}

/// `causeway serve`, and what it has said.
struct Daemon {
    program: Child,
    said: Value,
}

impl Daemon {
    /// One whose home is open, or locked: without the file with the passphrase.
    async fn of(actor: &Actor, open: bool) -> Self {
        let mut command = Typed::of(actor, &["--json", "serve"]).command;
        if open {
            command.arg("--passphrase-file").arg(&actor.passphrase_file);
        }
        let mut program = command.kill_on_drop(true).spawn().unwrap();
        let mut lines = BufReader::new(program.stdout.take().unwrap()).lines();
        let line = tokio::time::timeout(PATIENCE, lines.next_line()).await.unwrap().unwrap().unwrap();
        Self { program, said: serde_json::from_str(&line).unwrap() }
    }

    /// Asks its pages; gives status, head and body.
    fn page(&self, path: &str, cookie: &str, body: &str) -> (u16, String) {
        let host = self.said["address"].as_str().unwrap().strip_prefix("http://").unwrap();
        let port: u16 = host.rsplit(':').next().unwrap().parse().unwrap();
        let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_read_timeout(Some(PATIENCE)).unwrap();
        let whole = format!(
            "POST {path} HTTP/1.1\r\nHost: {host}\r\nOrigin: http://{host}\r\nSec-Fetch-Site: same-origin\r\n{cookie}\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(whole.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        (answer.split(' ').nth(1).unwrap().parse().unwrap(), answer)
    }
}

/// A command without a passphrase.
struct Typed {
    command: Command,
    input: Option<Vec<u8>>,
}

#[derive(Debug, PartialEq, Eq)]
struct Ran {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(self.out.lines().last().unwrap_or("null")).unwrap()
    }

    fn code(&self) -> Value {
        let error = self.err.lines().rev().find_map(|line| serde_json::from_str::<Value>(line).ok());
        error.unwrap_or_default()["error"]["code"].clone()
    }
}

impl Typed {
    fn of(actor: &Actor, words: &[&str]) -> Self {
        let mut command = Command::new(program("causeway"));
        command.args(["--no-input", "--home"]).arg(&actor.home).args(words);
        command.env("CAUSEWAY_LOG", "warn").env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Self { command, input: None }
    }

    fn within(mut self, folder: &Path) -> Self {
        self.command.current_dir(folder);
        self
    }

    fn with_passphrase(mut self, path: &Path) -> Self {
        self.command.arg("--passphrase-file").arg(path);
        self
    }

    fn fed(mut self, input: &[u8]) -> Self {
        self.command.stdin(Stdio::piped());
        self.input = Some(input.to_vec());
        self
    }

    async fn run(mut self) -> Ran {
        let mut child = self.command.kill_on_drop(true).spawn().unwrap();
        if let Some(input) = self.input {
            child.stdin.take().unwrap().write_all(&input).await.unwrap();
        }
        let output = tokio::time::timeout(PATIENCE, child.wait_with_output()).await.unwrap().unwrap();
        Ran {
            code: output.status.code(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// One that must succeed.
    async fn well(self) -> Ran {
        let what = format!("{:?}", self.command.as_std().get_args());
        let ran = self.run().await;
        assert_eq!(ran.code, Some(0), "{what}: {}", ran.err);
        ran
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_command_prints_reads_and_writes_the_same_with_and_without_a_daemon() {
    let stage = Stage::set().await;
    let (hotline, police) = (&stage.town.orgs[0], &stage.town.orgs[1]);
    let desk = stage.folder.path().join("desk");
    std::fs::create_dir(&desk).unwrap();
    std::fs::write(desk.join("letter.txt"), "what the mother has written").unwrap();
    let report = std::fs::read(sample("missing-person.json")).unwrap();

    // The sender's daemon: a document from standard input, and a file named from the folder where it is typed.
    let daemon = Daemon::of(hotline, true).await;
    let words = ["--json", "send", "missing-person", "--to", "Border Police", "--file", "-", "--yes"];
    let words = [&words[..], &["--attach", "DOC=letter.txt"]].concat();
    let elsewhere = Typed::of(hotline, &words).within(stage.folder.path()).fed(&report).run().await;
    assert_eq!(elsewhere.code, Some(5), "there is no such file in another folder: {}", elsewhere.err);
    let sent = Typed::of(hotline, &words).within(&desk).fed(&report).well().await.json();
    assert_eq!(sent["packets"][0]["to"], stage.town.ids[1]);
    let words =
        ["--json", "send", "missing-person", "--to", "Border Police", "--file", "/dev/stdin", "--yes"];
    Typed::of(hotline, &words).fed(&report).well().await;
    let synced = Typed::of(hotline, &["--json", "sync"]).well().await.json();
    assert_eq!((&synced["waiting"], &synced["connected"]), (&0.into(), &true.into()), "{synced}");
    drop(daemon);

    // The recipient without a daemon, and with one.
    police.run(&["sync"]).await;
    let referral = sent["referral"].as_str().unwrap();
    let shown = police.run(&["inbox", "show", referral]).await;
    let attachment = shown["attachments"][0]["id"].as_str().unwrap().to_owned();
    let looks: [&[&str]; 7] = [
        &["--json", "inbox", "list"],
        &["inbox", "list"],
        &["--lang", "ru", "inbox", "show", referral],
        &["--json", "inbox", "show", "ffffffffffff"],
        &["inbox", "show", "ffffffffffff"],
        &["--json", "attachment", "save", referral, &attachment, "--out", "no-such-folder/letter.txt"],
        &["export", referral, "--format", "json", "--out", "case.json"],
    ];
    let mut alone = Vec::new();
    for words in looks {
        let typed = Typed::of(police, words).within(&desk).with_passphrase(&police.passphrase_file);
        alone.push(typed.run().await);
    }
    let exported = std::fs::read(desk.join("case.json")).unwrap();
    std::fs::remove_file(desk.join("case.json")).unwrap();
    let daemon = Daemon::of(police, true).await;
    for (words, alone) in looks.iter().zip(&alone) {
        assert_eq!(&Typed::of(police, words).within(&desk).run().await, alone, "{words:?}");
    }
    assert_eq!(std::fs::read(desk.join("case.json")).unwrap(), exported);
    // A passphrase is not needed then; one that is given does no harm.
    let given = Typed::of(police, looks[0]).with_passphrase(&police.passphrase_file).well().await;
    assert_eq!(given, alone[0]);
    let save = ["--json", "attachment", "save", referral, &attachment, "--out", "saved.txt"];
    let saved = Typed::of(police, &save).within(&desk).well().await.json();
    assert_eq!(saved["out"], "saved.txt");
    assert_eq!(std::fs::read(desk.join("saved.txt")).unwrap(), b"what the mother has written");

    // A step, which the sender gets over the connection that the daemon keeps.
    let accepted = Typed::of(police, &["--json", "accept", referral, "--eta", "PT15M"]).well().await;
    assert!(accepted.out.contains("accepted"), "{}", accepted.out);
    Typed::of(police, &["--json", "sync"]).well().await;
    hotline.run(&["sync"]).await;
    assert_eq!(hotline.run(&["sent", "show", referral]).await["work"], "accepted");
    drop(daemon);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_home_stays_locked_and_wrong_passphrases_count_once_for_terminal_and_pages() {
    let stage = Stage::set().await;
    let police = &stage.town.orgs[1];
    let wrong = stage.folder.path().join("wrong.passphrase");
    std::fs::write(&wrong, "not this one at all").unwrap();
    let unlock = |file: &Path| Typed::of(police, &["--json", "unlock"]).with_passphrase(file);

    let none = unlock(&police.passphrase_file).run().await;
    assert_eq!((none.code, none.code()), (Some(4), "G-144".into()), "nobody is there to be unlocked");
    let daemon = Daemon::of(police, false).await;
    let locked = Typed::of(police, &["--json", "inbox", "list"]).run().await;
    assert_eq!((locked.code, locked.code()), (Some(3), "G-142".into()), "{}", locked.err);
    assert!(locked.err.contains("causeway unlock"), "{}", locked.err);
    // Whoever brings the passphrase needs nobody: the home is free, and stays locked for everybody else.
    police.list(&["inbox", "list"]).await;
    assert_eq!(Typed::of(police, &["--json", "inbox", "list"]).run().await.code(), "G-142");
    let opened = unlock(&police.passphrase_file).well().await;
    assert_eq!(opened.json()["locked"], false);
    Typed::of(police, &["--json", "inbox", "list"]).well().await;

    // A new code lets a browser in; what it sees first is the page that asks for the passphrase.
    let code = Typed::of(police, &["--json", "code"]).well().await.json();
    assert_eq!(code["address"], daemon.said["address"]);
    let typed = format!("code={}", code["code"].as_str().unwrap());
    let (status, entered) = daemon.page("/enter", "", &typed);
    assert_eq!(status, 303, "{entered}");
    let cookie = entered.split("set-cookie: ").nth(1).unwrap().split(';').next().unwrap();
    let cookie = format!("Cookie: {cookie}\r\n");

    let shut = Typed::of(police, &["--json", "lock"]).well().await;
    assert_eq!(shut.json()["locked"], true);
    assert_eq!(Typed::of(police, &["--json", "inbox", "list"]).run().await.code, Some(3));
    // One on the page and four at the terminal are five.
    let (status, _) = daemon.page("/unlock", &cookie, "passphrase=wrong");
    assert_eq!(status, 403);
    for _ in 0..4 {
        let refused = unlock(&wrong).run().await;
        assert_eq!((refused.code, refused.code()), (Some(3), "V-103".into()), "{}", refused.err);
    }
    let waits = unlock(&police.passphrase_file).run().await;
    assert_eq!((waits.code, waits.code()), (Some(3), "G-146".into()), "the right one has to wait, too");
    let right = format!("passphrase={}", police.passphrase().replace(' ', "+"));
    let (status, page) = daemon.page("/unlock", &cookie, &right);
    assert!(status == 403 && page.contains("Too many wrong attempts"), "{status}: {page}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_socket_that_a_crash_has_left_is_in_nobodys_way() {
    let stage = Stage::set().await;
    let police = &stage.town.orgs[1];
    let socket = police.home.join("daemon.sock");
    let mut daemon = Daemon::of(police, true).await;
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&socket.metadata().unwrap().permissions()) & 0o777,
        0o600
    );
    let list = ["--json", "inbox", "list"];
    Typed::of(police, &list).well().await;
    daemon.program.kill().await.unwrap();
    assert!(socket.exists());
    // The command opens the home itself again, and needs the passphrase.
    assert_eq!(Typed::of(police, &list).run().await.code(), "V-103");
    Typed::of(police, &list).with_passphrase(&police.passphrase_file).well().await;
    let _daemon = Daemon::of(police, true).await;
    Typed::of(police, &list).well().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_ask_at_once_one_that_leaves_harms_nobody_and_what_replaces_a_home_is_refused() {
    let stage = Stage::set().await;
    let hotline = &stage.town.orgs[0];
    let daemon = Daemon::of(hotline, true).await;
    let report = sample("missing-person.json");
    let words = ["--json", "send", "missing-person", "--to", "Border Police", "--file", &report, "--yes"];
    // Somebody waits for what comes, and interrupts it.
    let mut waiting =
        Typed::of(hotline, &["sync", "--wait", "600"]).command.kill_on_drop(true).spawn().unwrap();
    let (one, two) = tokio::join!(Typed::of(hotline, &words).well(), Typed::of(hotline, &words).well());
    assert_ne!(one.json()["referral"], two.json()["referral"]);
    waiting.kill().await.unwrap();
    let list = Typed::of(hotline, &["--json", "sent", "list"]).well().await;
    assert_eq!(list.out.lines().count(), 2, "{}", list.out);

    let vault = ["--vault-memory", "64"];
    let backup = stage.folder.path().join("backup");
    let backup = backup.to_str().unwrap();
    Typed::of(hotline, &["--json", "backup", "create", "--out", backup]).well().await;
    for words in [
        vec!["--json", "join", "causeway:nothing", vault[0], vault[1]],
        vec!["--json", "registrar", "claim", "causeway:nothing", vault[0], vault[1]],
        vec!["--json", "backup", "restore", "--from", backup],
    ] {
        let refused = Typed::of(hotline, &words).with_passphrase(&hotline.passphrase_file).run().await;
        assert_eq!((refused.code, refused.code()), (Some(9), "G-143".into()), "{words:?}: {}", refused.err);
    }
    let second = Typed::of(hotline, &["--json", "serve"]).run().await;
    assert_eq!(second.code(), "G-140", "{}", second.err);
    // And the first one still answers.
    Typed::of(hotline, &["--json", "status"]).well().await;
    drop(daemon);
}
