//! What an organisation has decided for itself.

use super::support::{INVALID, REFUSED, Stage, fails, sample};

const TOWN: &[(&str, &str, &str)] =
    &[("Angel Hotline", "hotline", "RU"), ("Embassy of Moldova", "embassy", "MD")];

#[tokio::test(flavor = "multi_thread")]
async fn where_an_organisation_wants_it_a_supervisor_takes_referrals_on() {
    let stage = Stage::set(TOWN).await;
    let (hotline, embassy) = (stage.hotline(), &stage.town.orgs[1]);
    let file = sample("identity-check.json");
    hotline.run(&["send", "identity-check", "--to", "Embassy of Moldova", "--file", &file]).await;
    hotline.run(&["sync"]).await;
    embassy.run(&["sync"]).await;
    let only = ["staff", "policy", "--accept", "supervisor"];
    fails(embassy, &only, INVALID, "C-105").await;
    embassy.run(&["staff", "add", "A1", "--role", "agent"]).await;
    embassy.run(&["staff", "add", "S1", "--role", "supervisor"]).await;
    embassy.run(&only).await;
    let id = embassy.run(&["inbox", "list"]).await["id"].as_str().unwrap().to_owned();
    embassy.run(&["inbox", "show", &id]).await;
    let accept = ["accept", &id, "--eta", "P1D"];
    fails(embassy, &accept, REFUSED, "L-111").await;
    fails(embassy, &[&accept[..], &["--staff", "A1"]].concat(), REFUSED, "L-111").await;
    assert_eq!(embassy.run(&[&accept[..], &["--staff", "S1"]].concat()).await["work"], "accepted");
    embassy.run(&["staff", "policy", "--accept", "agent"]).await;
}
