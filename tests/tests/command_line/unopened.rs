//! A packet that cannot be opened is no secret between two programs: people see it, and what to do.

use std::path::Path;

use causeway_tests::process::program::program;
use tokio::process::Command;

use super::support::{HOTLINE_AND_POLICE, INVALID, NOT_FOUND, Stage, fails, sample};

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for entry in std::fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &to);
        } else {
            std::fs::copy(entry.path(), to).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_packet_that_cannot_be_opened_is_shown_with_what_happens_now_until_it_is_dismissed() {
    let Stage { folder, mut town, relay } = Stage::set(HOTLINE_AND_POLICE).await;
    let (hotline, police) = (town.orgs[0].clone(), town.orgs[1].clone());
    let report = sample("missing-person.json");
    let send = ["send", "missing-person", "--to", "Border Police", "--file", &report];
    // The relay comes back from a backup and gives a key away that was used.
    relay.stop().await;
    let backup = folder.path().join("backup");
    copy(&town.place.data, &backup);
    let relay = town.place.up().await;
    for actor in [&hotline, &police, &hotline] {
        if actor.name == hotline.name {
            hotline.run(&send).await;
        }
        actor.run(&["sync"]).await;
    }
    police.run(&["sync"]).await;
    relay.stop().await;
    std::fs::remove_dir_all(&town.place.data).unwrap();
    std::fs::rename(&backup, &town.place.data).unwrap();
    let _relay = town.place.up().await;
    let written = hotline.run(&send).await;
    hotline.run(&["sync"]).await;

    assert_eq!(police.run(&["status"]).await["unopened"], 0);
    police.run(&["sync"]).await;
    assert_eq!(police.run(&["status"]).await["unopened"], 1);
    let listed = police.list(&["inbox", "list"]).await;
    let notes: Vec<_> = listed.iter().filter(|one| one["notice"] == "unopened").collect();
    let [note] = notes[..] else { panic!("one note: {listed:?}") };
    assert_eq!((&note["reason"], &note["reseal_asked"]), (&2.into(), &true.into()), "{note}");
    assert!(note["from"].is_null() && note["relayed"].is_string() && note["bytes"].as_u64() > Some(4_096));
    let id = note["id"].as_str().unwrap().to_owned();

    // It is sealed again without anybody's doing; what says so is for people, and theirs to put away.
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let listed = police.list(&["inbox", "list"]).await;
    assert!(listed.iter().any(|one| one["referral"] == written["referral"]), "{listed:?}");
    let shown = Command::new(program("causeway"))
        .args(["inbox", "list", "--no-input", "--home"])
        .arg(&police.home)
        .arg("--passphrase-file")
        .arg(&police.passphrase_file)
        .output()
        .await
        .unwrap();
    let shown = String::from_utf8(shown.stdout).unwrap();
    for words in ["1 packet could not be opened", "an unknown sender", "seals it again by itself", "by phone"]
    {
        assert!(shown.contains(words), "{words:?} in:\n{shown}");
    }
    fails(&police, &["inbox", "dismiss", "abc"], INVALID, "C-105").await;
    fails(&police, &["inbox", "dismiss", "no such note"], NOT_FOUND, "C-104").await;
    assert_eq!(police.run(&["inbox", "dismiss", &id[..12]]).await["left"], 0);
    assert_eq!(police.run(&["inbox", "dismiss", "all"]).await["dismissed"], 0);
    assert_eq!(police.run(&["status"]).await["unopened"], 0);
    police.run(&["doctor"]).await;
}
