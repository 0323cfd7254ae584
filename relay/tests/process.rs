//! The relay as operators run it: a process, a folder, exit codes.
#![allow(clippy::unwrap_used, reason = "a panic is the report")]

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use causeway_certs::keys::PublicKey;
use causeway_certs::{invite, relay_keys};

struct Running {
    process: Child,
    listen: String,
    ready: serde_json::Value,
}

fn relay() -> Command {
    Command::new(env!("CARGO_BIN_EXE_causeway-relay"))
}

fn start(data: &Path, more: &[&str]) -> Running {
    let mut process = relay()
        .args(["run", "--listen", "127.0.0.1:0", "--data"])
        .arg(data)
        .args(more)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut line = String::new();
    BufReader::new(process.stdout.take().unwrap()).read_line(&mut line).unwrap();
    let ready: serde_json::Value = serde_json::from_str(&line).unwrap();
    let listen = ready["listen"].as_str().unwrap().to_owned();
    Running { process, listen, ready }
}

fn stop(mut running: Running) -> Option<i32> {
    let id = running.process.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    running.process.wait().unwrap().code()
}

fn act(words: &[&str], data: &Path) -> Output {
    relay().args(words).arg("--data").arg(data).output().unwrap()
}

fn code(output: &Output) -> i32 {
    output.status.code().unwrap()
}

#[test]
fn a_relay_starts_answers_refuses_a_second_one_and_stops_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("relay");
    let running = start(&data, &[]);
    assert_eq!(running.ready["ready"], true);
    let (_, claim) = invite::from_text(running.ready["claim"].as_str().unwrap()).unwrap();
    assert_eq!(claim.relay_address, running.listen);
    assert_eq!(hex::encode(claim.relay_key), running.ready["relay_key"].as_str().unwrap());

    let (listen, first) = (running.listen.clone(), running.ready.clone());
    assert_eq!(code(&act(&["healthcheck", "--listen", &listen], &data)), 0);
    let second = act(&["run", "--listen", "127.0.0.1:0"], &data);
    assert_eq!(code(&second), 9);
    assert!(String::from_utf8_lossy(&second.stderr).contains("another causeway-relay is running"));
    assert_eq!(code(&act(&["doctor"], &data)), 9);
    assert_eq!(stop(running), Some(0));

    assert_eq!(code(&act(&["healthcheck", "--listen", &listen], &data)), 6);
    assert_eq!(code(&act(&["doctor"], &data)), 0);
    let again = start(&data, &[]);
    assert_eq!(again.ready["relay_key"], first["relay_key"]);
    let (_, same) = invite::from_text(again.ready["claim"].as_str().unwrap()).unwrap();
    assert_eq!(same.invite_id, claim.invite_id, "the code that was handed over still works");
    assert_eq!(stop(again), Some(0));
}

#[test]
fn what_the_operator_got_wrong_has_its_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("relay.toml");
    std::fs::write(&file, "lisen = \"127.0.0.1:1\"\n").unwrap();
    let check = relay().args(["config", "check"]).arg(&file).output().unwrap();
    assert_eq!(code(&check), 5);
    assert!(String::from_utf8_lossy(&check.stderr).contains("lisen"));
    std::fs::write(&file, relay().args(["config", "default"]).output().unwrap().stdout).unwrap();
    assert_eq!(code(&relay().args(["config", "check"]).arg(&file).output().unwrap()), 0);
    let nowhere = folder.path().join("nowhere");
    assert_eq!(code(&relay().args(["config", "show"]).arg(&nowhere).output().unwrap()), 4);
    assert_eq!(code(&act(&["doctor"], &nowhere)), 4);
    assert!(!nowhere.exists(), "looking makes nothing");
    assert_eq!(code(&relay().arg("frobnicate").output().unwrap()), 2);

    let data = folder.path().join("relay");
    stop(start(&data, &[]));
    let key = data.join("relay.key");
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(&key, readable).unwrap();
    assert_eq!(code(&act(&["run", "--listen", "127.0.0.1:0"], &data)), 3);
}

fn prepare(data: &Path, more: &[&str]) -> serde_json::Value {
    let output = act(&[&["key", "prepare", "--json"], more].concat(), data);
    assert_eq!(code(&output), 0, "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

#[test]
fn the_next_key_is_made_once_is_private_and_present_and_next_both_sign_for_it() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("relay");
    assert_eq!(code(&act(&["key", "prepare"], &data)), 4);
    assert!(!data.exists(), "looking makes nothing");
    let running = start(&data, &[]);
    let present = hex::decode(running.ready["relay_key"].as_str().unwrap()).unwrap();
    let present = PublicKey::from_bytes(present.try_into().unwrap()).unwrap();
    let first = prepare(&data, &[]);
    let read =
        |said: &serde_json::Value| relay_keys::read_request(said["request"].as_str().unwrap(), present);
    let successor = read(&first).unwrap();
    assert!(successor.by_present && successor.key != present);
    assert_eq!(hex::encode(successor.key.as_bytes()), first["relay_key"].as_str().unwrap());
    let next = data.join("relay.key.next");
    let mode = std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&next).unwrap().permissions());
    assert_eq!(mode & 0o777, 0o600);
    assert_eq!(prepare(&data, &[])["relay_key"], first["relay_key"], "once more shows the same");
    let anew = prepare(&data, &["--anew"]);
    assert_ne!(anew["relay_key"], first["relay_key"]);
    let words = act(&["key", "prepare"], &data).stdout;
    assert!(String::from_utf8(words).unwrap().contains(anew["fingerprint"].as_str().unwrap()));
    assert_eq!(stop(running), Some(0));
    let doctor = act(&["doctor"], &data).stdout;
    assert!(String::from_utf8(doctor).unwrap().contains(anew["relay_key"].as_str().unwrap()));

    // Without the present key nobody vouches for the next, which stands in.
    std::fs::remove_file(data.join("relay.key")).unwrap();
    let alone = prepare(&data, &[]);
    assert_eq!((&alone["by_present"], &alone["relay_key"]), (&false.into(), &anew["relay_key"]));
    assert!(!read(&alone).unwrap().by_present);
    let running = start(&data, &[]);
    assert_eq!(running.ready["relay_key"], anew["relay_key"]);
    assert_eq!(code(&act(&["healthcheck", "--listen", &running.listen.clone()], &data)), 0);
    assert_eq!(stop(running), Some(0));
    std::fs::write(&next, b"short").unwrap();
    assert_eq!(code(&act(&["run", "--listen", "127.0.0.1:0"], &data)), 8);
}

#[test]
fn a_crash_at_any_step_of_the_first_start_is_survived() {
    for step in ["store.before-apply", "store.before-flush", "store.before-sync", "store.after-sync"] {
        let folder = tempfile::tempdir().unwrap();
        let place = format!("{step}:1");
        let crashed = act(&["run", "--listen", "127.0.0.1:0", "--crash-at", &place], folder.path());
        assert_eq!(crashed.status.code(), None, "ended by its own signal at {step}");
        let running = start(folder.path(), &[]);
        assert!(running.ready["claim"].is_string());
        assert_eq!(stop(running), Some(0));
    }
}
