use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::test_rng;

fn home() -> (TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(FILE);
    (folder, file)
}

#[test]
fn a_place_is_chosen_once_and_its_file_is_for_its_owner_alone() {
    let (folder, file) = home();
    let chosen = Place::load_or_choose(folder.path(), &mut test_rng(1)).unwrap();
    let again = Place::load_or_choose(folder.path(), &mut test_rng(2)).unwrap();
    assert!(chosen == again, "bookmarks last");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(chosen.id.len(), 20);
    assert!(chosen.id.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'2'..=b'7')));
    assert_eq!(chosen.host(), format!("{}.localhost:{}", chosen.id, chosen.port));
    assert_eq!(chosen.origin(), format!("http://{}.localhost:{}", chosen.id, chosen.port));
    assert!(!format!("{chosen:?}").contains(&chosen.id), "the id is a secret");
}

#[test]
fn every_home_has_another_name() {
    let names: std::collections::BTreeSet<_> = (0..50).map(|seed| random_id(&mut test_rng(seed))).collect();
    assert_eq!(names.len(), 50);
    let signs: std::collections::BTreeSet<_> = names.iter().flat_map(|name| name.chars()).collect();
    assert_eq!(signs.len(), 32, "of a thousand characters every one comes up");
}

#[test]
fn a_damaged_file_is_chosen_anew_and_mended() {
    let (folder, file) = home();
    let first = Place::load_or_choose(folder.path(), &mut test_rng(1)).unwrap();
    let (id, port) = (&first.id, first.port);
    let damaged = [
        String::new(),
        "{".into(),
        format!(r#"{{"id":"{id}","port":0}}"#),
        format!(r#"{{"id":"{id}","port":70000}}"#),
        format!(r#"{{"id":"{id}"}}"#),
        format!(r#"{{"id":"","port":{port}}}"#),
        format!(r#"{{"id":"{}","port":{port}}}"#, id.to_uppercase()),
        format!(r#"{{"id":"{}.x","port":{port}}}"#, &id[..18]),
        format!(r#"{{"id":"{id}","port":{port},"host":"0.0.0.0"}}"#),
        format!(r#"{{"id":"{id}","port":{port}}}{}"#, " ".repeat(2000)),
    ];
    for (seed, text) in (10..).zip(damaged) {
        std::fs::write(&file, &text).unwrap();
        let anew = Place::load_or_choose(folder.path(), &mut test_rng(seed)).unwrap();
        assert!(anew.id != first.id && anew.is_sound(), "{text}");
        assert!(anew == Place::load_or_choose(folder.path(), &mut test_rng(0)).unwrap(), "{text}");
    }
}

#[test]
fn an_id_that_others_may_have_read_is_given_up() {
    let (folder, file) = home();
    let first = Place::load_or_choose(folder.path(), &mut test_rng(1)).unwrap();
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o640)).unwrap();
    let second = Place::load_or_choose(folder.path(), &mut test_rng(2)).unwrap();
    assert!(first.id != second.id);
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn what_cannot_be_read_or_kept_is_said() {
    let (folder, file) = home();
    std::fs::create_dir(&file).unwrap();
    let error = Place::load_or_choose(folder.path(), &mut test_rng(1)).unwrap_err();
    assert!(matches!(error, PlaceError::NotKept(_) | PlaceError::Unreadable(_)), "{error:?}");
    let error = Place::load_or_choose(&folder.path().join("none"), &mut test_rng(1)).unwrap_err();
    assert!(matches!(error, PlaceError::NotKept(_)), "{error:?}");
}

#[tokio::test]
async fn only_this_machine_is_heard_and_the_port_is_ours_alone() {
    let (folder, _) = home();
    let place = Place::load_or_choose(folder.path(), &mut test_rng(1)).unwrap();
    let taken = place.bind().await.unwrap();
    assert_eq!(taken.listener.local_addr().unwrap().to_string(), format!("127.0.0.1:{}", place.port));
    assert!(TcpListener::bind((Ipv4Addr::UNSPECIFIED, place.port)).is_err());
    assert!(TcpListener::bind((Ipv6Addr::LOCALHOST, place.port)).is_err(), "::1 would answer in our name");
    let six = SocketAddr::from((Ipv6Addr::LOCALHOST, place.port));
    let second = Duration::from_secs(1);
    let error = std::net::TcpStream::connect_timeout(&six, second).unwrap_err();
    assert!(error.kind() != ErrorKind::TimedOut, "a browser must not wait there: {error}");
    assert!(std::net::TcpStream::connect_timeout(&taken.listener.local_addr().unwrap(), second).is_ok());
    assert!(matches!(place.bind().await, Err(PlaceError::Taken(port)) if port == place.port));
    drop(taken);
    place.bind().await.unwrap();
}

#[tokio::test]
async fn a_port_that_another_program_has_is_not_left_silently() {
    let (folder, _) = home();
    let place = Place::load_or_choose(folder.path(), &mut test_rng(1)).unwrap();
    for other in [SocketAddr::from((Ipv4Addr::LOCALHOST, 0)), SocketAddr::from((Ipv6Addr::LOCALHOST, 0))] {
        let Ok(other) = TcpListener::bind(SocketAddr::new(other.ip(), place.port)) else { continue };
        let error = place.bind().await.unwrap_err();
        assert!(matches!(error, PlaceError::Taken(port) if port == place.port), "{error:?}");
        assert!(error.to_string().contains(&place.port.to_string()));
        let still = Place::load_or_choose(folder.path(), &mut test_rng(2)).unwrap();
        assert!(still == place, "whoever follows the bookmark must hear of it");
        drop(other);
    }
    let anew = Place::choose(folder.path(), &mut test_rng(3)).unwrap();
    assert!(anew.id != place.id, "a person may ask for another place");
}
