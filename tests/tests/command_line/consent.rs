//! A consent that is taken back reaches everybody who has something, and each says what has become of it.

use serde_json::{Value, json};

use super::support::{INVALID, NOT_FOUND, REFUSED, Stage, fails, sample, seen_by};

const TOWN: &[(&str, &str, &str)] =
    &[("Angel Hotline", "hotline", "RU"), ("Border Police", "police", "DE"), ("Women's House", "ngo", "DE")];

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_reaches_two_recipients_is_confirmed_and_stops_later_packets() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police, ngo) = (stage.hotline(), stage.police(), &stage.town.orgs[2]);
    let handoff = sample("victim-handoff.json");
    let to = |names| ["send", "victim-handoff", "--to", names, "--file", &*handoff.clone().leak()];
    // Two packets on the same consent.
    let sent = hotline.run(&to("Border Police")).await;
    hotline.run(&to("Women's House")).await;
    hotline.run(&["sync"]).await;
    police.run(&["sync"]).await;
    ngo.run(&["sync"]).await;
    let number = sent["referral"].as_str().unwrap();
    fails(police, &["consent", "confirm", number], REFUSED, "W-113").await;
    fails(police, &["consent", "withdraw", number, "--by", "subject"], NOT_FOUND, "W-112").await;

    let told = hotline
        .run(&["consent", "withdraw", number, "--by", "subject", "--text", "She wants it back."])
        .await;
    assert_eq!(told["packets"].as_array().unwrap().len(), 2, "everybody who has it: {told}");
    assert_eq!(told["consent_refs"], json!(["01932c07-209f-7c3a-9b1e-7b8d1f1b2c3d"]));
    let error = fails(hotline, &to("Women's House"), REFUSED, "W-108").await;
    assert!(error["message"].as_str().unwrap().contains("taken back"), "{error}");
    hotline.run(&["sync"]).await;
    assert_eq!(hotline.run(&["status"]).await["consents"]["unconfirmed"], 2);

    for actor in [police, ngo] {
        actor.run(&["sync"]).await;
        let task = actor.run(&["consent", "pending"]).await;
        assert_eq!(
            (&task["for_us"], &task["state"], &task["by"]),
            (&true.into(), &"pending".into(), &"subject".into())
        );
        // Three days later at the same time of the day.
        let (at, due) = (task["at"].as_str().unwrap(), task["due"].as_str().unwrap());
        assert!(due > at && at[10..] == due[10..], "{task}");
        let id = task["referral"].as_str().unwrap();
        let seen = seen_by(actor, &["inbox", "show", id, "--lang", "ru"]).await;
        assert!(seen.contains("СОГЛАСИЕ ОТОЗВАНО"), "{seen}");
        assert_eq!(actor.run(&["inbox", "show", id]).await["work"], "seen", "the work stands where it stood");
    }
    police.run(&["consent", "confirm", number, "--keep-ground", "legal_claim"]).await;
    let theirs = ngo.run(&["inbox", "list"]).await["id"].as_str().unwrap().to_owned();
    fails(ngo, &["consent", "confirm", &theirs], INVALID, "Z-101").await;
    ngo.run(&["inbox", "show", &theirs]).await;
    ngo.run(&["consent", "confirm", &theirs, "--yes"]).await;
    fails(ngo, &["inbox", "show", &theirs], NOT_FOUND, "Z-103").await;
    for actor in [police, ngo, hotline] {
        actor.run(&["sync"]).await;
    }
    assert!(hotline.list(&["consent", "pending"]).await.is_empty());
    let settled = hotline.list(&["consent", "pending", "--all"]).await;
    let of = |name: &str| settled.iter().find(|w| w["name"] == name).unwrap();
    assert_eq!(
        (&of("Women's House")["state"], &of("Women's House")["ground"]),
        (&"erased".into(), &Value::Null)
    );
    assert_eq!(of("Border Police")["ground"], "legal_claim");
    let shown = police.run(&["consent", "show", number]).await;
    assert_eq!(
        (&shown["withdrawn_for"], &shown["withdrawals"][0]["state"]),
        (&json!(["HDR"]), &"kept".into())
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawal_goes_on_to_whom_it_was_handed_and_a_stranger_ends_no_consent() {
    let stage = Stage::set(TOWN).await;
    let (hotline, police, ngo) = (stage.hotline(), stage.police(), &stage.town.orgs[2]);
    let handoff = sample("victim-handoff.json");
    let free = ["--set", "handling=[\"H0\"]"];
    let send = ["send", "victim-handoff", "--to", "Women's House", "--file", &handoff];
    let sent = hotline.run(&[&send[..], &free].concat()).await;
    let number = sent["referral"].as_str().unwrap();
    hotline.run(&["sync"]).await;
    ngo.run(&["sync"]).await;
    let on = ["send", "victim-handoff", "--to", "Border Police", "--from", number, "--file", &handoff];
    ngo.run(&on).await;
    ngo.run(&["sync"]).await;
    police.run(&["sync"]).await;

    // The police have seen the number of the consent, and say that she takes it back: nobody gave it to the house but the
    // hotline.
    let back = ["send", "victim-handoff", "--to", "Angel Hotline", "--file", &handoff];
    let back = police.run(&[&back[..], &["--set", "consent.scope[1].role=HOT"]].concat()).await;
    let theirs = back["referral"].as_str().unwrap();
    police.run(&["sync"]).await;
    police.run(&["consent", "withdraw", theirs, "--by", "subject"]).await;
    police.run(&["sync"]).await;
    hotline.run(&["sync"]).await;
    let doubted = hotline.list(&["consent", "pending"]).await;
    assert_eq!((doubted.len(), &doubted[0]["may_withdraw"]), (1, &false.into()), "{doubted:?}");
    let seen = seen_by(hotline, &["consent", "pending"]).await;
    assert!(seen.contains("NOT WHERE THIS CONSENT CAME FROM"), "{seen}");
    let again = ["send", "victim-handoff", "--to", "Women's House", "--file", &handoff, "--preview"];
    let preview = hotline.run(&again).await;
    assert_eq!(preview["access"][0]["sections"][0]["verdict"], "allowed", "{preview}");
    let kept = ["consent", "confirm", theirs, "--keep-ground", "vital"];
    assert_eq!(hotline.run(&kept).await["passed_on"], json!([]));

    hotline.run(&["consent", "withdraw", number, "--by", "subject"]).await;
    hotline.run(&["sync"]).await;
    ngo.run(&["sync"]).await;
    ngo.run(&["inbox", "show", number]).await;
    let done = ngo.run(&["consent", "confirm", number, "--yes"]).await;
    assert_eq!(done["passed_on"], json!(["Border Police"]), "{done}");
    let own = ngo.run(&["sent", "list"]).await["id"].as_str().unwrap().to_owned();
    let copy = ngo.run(&["sent", "show", &own]).await;
    assert!(copy["sections"].get("IDN").is_none(), "its own copy too: {copy}");
    ngo.run(&["sync"]).await;
    police.run(&["sync"]).await;
    let task = police.list(&["consent", "pending"]).await;
    assert!(task.iter().any(|task| task["for_us"] == true && task["state"] == "pending"), "{task:?}");
}
