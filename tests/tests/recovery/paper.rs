//! Keys leave the workstation when a person has shown that their sheets are there, and not before.

use causeway_client::identity::Identity;
use causeway_client::linking::{self, LinkingError, Wish};
use causeway_client::recovery::{self, Part, Place, sheet};
use causeway_common::statements::{ROLE_ADMINISTRATOR, ROLE_STAFF};
use causeway_tests::hostile::scene::{Scene, rng};

use super::support::{copy, in_force, places, write_down};

const BOTH_HERE: [(Part, Place); 2] = [(Part::Root, Place::Here), (Part::Next, Place::Here)];
const BOTH_ON_PAPER: [(Part, Place); 2] = [(Part::Root, Place::Paper), (Part::Next, Place::Paper)];

#[tokio::test(start_paused = true)]
async fn roots_are_here_until_their_sheets_are_confirmed_and_gone_for_good_afterwards() {
    let scene = Scene::start().await;
    let mut police = scene.enter(scene.applicant("Police")).await;
    assert_eq!(places(&police).await, BOTH_HERE, "before anybody has heard of it");
    let police_ = scene.join("Quiet").await;
    police.restart().await;
    assert_eq!(places(&police).await, BOTH_HERE);
    drop(police_);

    let here = recovery::here(&police.engine).await.unwrap();
    let printed: Vec<_> = here.iter().map(|(root, key)| (root.name, sheet::paper(key, "a sheet"))).collect();
    recovery::confirm(&police.engine, &[printed[0].0]).await.unwrap();
    assert_eq!(places(&police).await, [BOTH_ON_PAPER[0], BOTH_HERE[1]], "one sheet, one key");
    recovery::confirm(&police.engine, &[printed[1].0]).await.unwrap();
    police.restart().await;
    assert_eq!(places(&police).await, BOTH_ON_PAPER);
    assert!(recovery::here(&police.engine).await.unwrap().is_empty());
    for (name, paper) in &printed {
        let id = [b"root", &name.0[..]].concat();
        assert!(police.engine.vault.eks_get(&id).await.is_none(), "the key store has forgotten it");
        let read = sheet::read(paper).unwrap();
        assert_eq!(sheet::name(read[0].public()), *name, "the paper has it");
    }
}

#[tokio::test(start_paused = true)]
async fn what_a_full_disk_or_a_crash_interrupts_is_finished_by_the_next_look() {
    let scene = Scene::start().await;
    let mut police = scene.join("Police").await;
    let names = [in_force(&police, &police).await.0, in_force(&police, &police).await.1];
    // The confirmation is durable, the erasure does not happen.
    police.eks.set_full(true);
    assert!(recovery::confirm(&police.engine, &names).await.is_err());
    let id = [b"root", &names[0].0[..]].concat();
    assert!(police.engine.vault.eks_get(&id).await.is_some());
    police.eks.set_full(false);
    police.restart().await;
    assert_eq!(places(&police).await, BOTH_ON_PAPER);
    assert!(police.engine.vault.eks_get(&id).await.is_none());
}

#[tokio::test(start_paused = true)]
async fn a_home_that_was_restored_before_anything_was_written_down_says_so() {
    let scene = Scene::start().await;
    let mut police = scene.join("Police").await;
    // The records come out of a backup, the erasable key store does not.
    let ids: Vec<_> = {
        let (root, next) = in_force(&police, &police).await;
        [root, next].map(|name| [b"root", &name.0[..]].concat()).to_vec()
    };
    police.engine.vault.eks_erase(&ids, &mut rng(77)).await.unwrap();
    police.restart().await;
    assert_eq!(places(&police).await, [(Part::Root, Place::Lost), (Part::Next, Place::Lost)]);
}

#[tokio::test(start_paused = true)]
async fn another_administrator_is_named_with_the_sheet_and_not_without() {
    let scene = Scene::start().await;
    let police = scene.resident("Police").await;
    let papers = write_down(&police).await;
    let wish = Wish { roles: ROLE_STAFF | ROLE_ADMINISTRATOR, clearance: u32::MAX, name: String::new() };
    let code = linking::invite(&police.engine, &police.dialer(), wish).await.unwrap();
    let identity = Identity::link(&code, "chief", scene.clock_now(), &mut rng(50));
    let chief = scene.enter_as(identity, 50).await;
    linking::ask(&chief.engine, &chief.dialer()).await.unwrap();
    let id = chief.engine.identity.device().to_string();
    let refused = linking::admit(&police.engine, &police.dialer(), &id).await;
    assert!(matches!(refused, Err(LinkingError::NotRoot)), "{refused:?}");
    police.engine.enter_roots(vec![papers.get(Part::Next)]);
    let refused = linking::admit(&police.engine, &police.dialer(), &id).await;
    assert!(matches!(refused, Err(LinkingError::NotRoot)), "the wrong sheet: {refused:?}");
    police.engine.enter_roots(vec![copy(&papers.get(Part::Root))]);
    linking::admit(&police.engine, &police.dialer(), &id).await.unwrap();
    assert!(linking::is_admitted(&chief.engine, &chief.dialer()).await.unwrap());
    let replica = chief.engine.replica.lock().await;
    let own = replica.directory.organisation(police.org()).unwrap();
    assert!(chief.engine.identity.is_administrator(own));
    drop(replica);
    assert_eq!(
        places(&chief).await,
        [(Part::Root, Place::Elsewhere), (Part::Next, Place::Elsewhere)],
        "another workstation has nothing to do with them"
    );
}
