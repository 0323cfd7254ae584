use axum::http::{HeaderValue, header};
use tempfile::TempDir;

use super::*;
use crate::test_rng;

const START: Timestamp = Timestamp(1_800_000_000_000);

fn after(seconds: u64) -> Timestamp {
    START.plus(Duration::from_secs(seconds))
}

struct Scene {
    folder: TempDir,
    door: Door,
    lockout: Lockout,
    rng: rand_chacha::ChaCha20Rng,
}

impl Scene {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let lockout = Lockout::load(folder.path(), START);
        Self { folder, door: Door::default(), lockout, rng: test_rng(7) }
    }

    fn enter(&mut self, code: &str, now: Timestamp) -> Result<String, Refused> {
        self.door.enter(code, now, &mut self.rng, &mut self.lockout).map(|cookie| cookie.to_string())
    }

    fn launch(&mut self, now: Timestamp) -> String {
        self.door.launch_code(now, &mut self.rng).to_string()
    }

    fn terminal(&mut self, now: Timestamp) -> String {
        self.door.terminal_code(now, &mut self.rng).to_string()
    }

    /// Whether the browser that was given this `Set-Cookie` is in.
    fn is_inside(&self, set_cookie: &str, now: Timestamp) -> bool {
        let pair = set_cookie.split(';').next().unwrap();
        self.door.is_inside(&cookies(pair), now)
    }
}

fn cookies(line: &str) -> HeaderMap {
    [(header::COOKIE, HeaderValue::from_str(line).unwrap())].into_iter().collect()
}

#[test]
fn codes_are_as_long_as_they_must_be() {
    let mut scene = Scene::new();
    let launch = scene.launch(START);
    assert!(launch.len() == 32 && launch.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')));
    assert_ne!(launch, scene.launch(START));
    for _ in 0..100 {
        let terminal = scene.terminal(START);
        assert!(terminal.len() == 8 && terminal.bytes().all(|byte| byte.is_ascii_digit()), "{terminal}");
    }
}

#[test]
fn a_code_is_good_once() {
    let mut scene = Scene::new();
    for code in [scene.launch(START), scene.terminal(START)] {
        let cookie = scene.enter(&code, after(1)).unwrap();
        assert!(scene.is_inside(&cookie, after(1)));
        assert!(matches!(scene.enter(&code, after(2)), Err(Refused::Wrong)));
        assert!(scene.is_inside(&cookie, after(2)), "who is in stays in");
    }
}

#[test]
fn a_code_is_good_for_a_minute() {
    let mut scene = Scene::new();
    let (in_time, late) = (scene.launch(START), scene.terminal(START));
    assert!(scene.enter(&in_time, after(59)).is_ok());
    assert!(matches!(scene.enter(&late, after(60)), Err(Refused::Wrong)));
    let future = scene.launch(START);
    let long_ago = START.minus(Duration::from_secs(61));
    assert!(matches!(scene.enter(&future, long_ago), Err(Refused::Wrong)), "a clock that went back far");
}

#[test]
fn of_too_many_codes_the_oldest_ends() {
    let mut scene = Scene::new();
    let codes: Vec<_> = (0..CODES as u64 + 1).map(|second| scene.launch(after(second))).collect();
    assert_eq!(scene.door.codes.len(), CODES);
    assert!(matches!(scene.enter(&codes[0], after(10)), Err(Refused::Wrong)));
    for code in &codes[1..] {
        assert!(scene.enter(code, after(10)).is_ok());
    }
}

#[test]
fn a_code_is_read_as_people_write_it() {
    let mut scene = Scene::new();
    let code = scene.terminal(START);
    let written = format!(" {}-{}\u{a0}{}\n", &code[..2], &code[2..4], &code[4..]);
    assert!(scene.enter(&written, START).is_ok());
    let code = scene.launch(START);
    assert!(scene.enter(&code.to_uppercase(), START).is_ok());
    let code = scene.launch(START);
    assert!(scene.enter(&format!("{code}{}", " ".repeat(100)), START).is_err(), "too long to look at");
    for garbage in ["", "0", "00000000", "\u{0}", "ключ", &code[1..], &code[..31]] {
        scene.lockout.right().unwrap();
        assert!(matches!(scene.enter(garbage, START), Err(Refused::Wrong)), "{garbage}");
    }
}

#[test]
fn wrong_codes_count_together_with_wrong_passphrases() {
    let mut scene = Scene::new();
    (0..3).for_each(|_| scene.lockout.wrong(START).unwrap());
    (0..2).for_each(|_| assert!(matches!(scene.enter("12345678", START), Err(Refused::Wrong))));
    let code = scene.launch(START);
    let Err(Refused::Wait(left)) = scene.enter(&code, after(10)) else { panic!("five were wrong") };
    assert_eq!(left, Duration::from_secs(20));
    assert!(scene.lockout.wait(after(10)).is_some(), "nor may a passphrase be tried");
    assert!(scene.enter(&code, after(30)).is_ok(), "what was not looked at is still good");
    let mut again = Lockout::load(scene.folder.path(), after(30));
    assert!(again.wait(after(29)).is_some(), "counted on the disk");
}

#[test]
fn a_right_code_wipes_out_no_wrong_passphrase() {
    let mut scene = Scene::new();
    for _ in 0..4 {
        scene.lockout.wrong(START).unwrap();
        let code = scene.launch(START);
        scene.enter(&code, START).unwrap();
    }
    scene.lockout.wrong(START).unwrap();
    assert!(scene.lockout.wait(START).is_some(), "codes are had for the asking");
}

#[test]
fn an_attempt_that_cannot_be_counted_on_the_disk_is_refused_and_counted_in_memory() {
    let mut scene = Scene::new();
    scene.lockout = Lockout::load(&scene.folder.path().join("none"), START);
    (0..5).for_each(|_| assert!(matches!(scene.enter("1", START), Err(Refused::NotCounted(_)))));
    assert!(matches!(scene.enter("1", START), Err(Refused::Wait(_))));
}

#[test]
fn a_new_session_ends_the_one_before() {
    let mut scene = Scene::new();
    let (one, two) = (scene.launch(START), scene.launch(START));
    let first = scene.enter(&one, START).unwrap();
    let second = scene.enter(&two, START).unwrap();
    assert_ne!(first, second);
    assert!(!scene.is_inside(&first, START) && scene.is_inside(&second, START));
}

#[test]
fn a_session_ends_after_twelve_hours_however_it_was_used() {
    let mut scene = Scene::new();
    let code = scene.launch(START);
    let cookie = scene.enter(&code, START).unwrap();
    assert!(scene.is_inside(&cookie, after(12 * 60 * 60 - 1)));
    assert!(!scene.is_inside(&cookie, after(12 * 60 * 60)));
    assert!(scene.is_inside(&cookie, START.minus(Duration::from_secs(30))), "set by the network");
    assert!(!scene.is_inside(&cookie, START.minus(Duration::from_secs(3600))), "the clock says nothing");
}

#[test]
fn who_leaves_is_out_and_so_are_the_codes() {
    let mut scene = Scene::new();
    let (used, unused) = (scene.launch(START), scene.launch(START));
    let cookie = scene.enter(&used, START).unwrap();
    assert!(scene.door.leave().contains("Max-Age=0"));
    assert!(!scene.is_inside(&cookie, START));
    assert!(scene.enter(&unused, START).is_err());
}

#[test]
fn only_the_hash_of_a_session_is_kept() {
    let mut scene = Scene::new();
    assert!(!scene.is_inside(&format!("__Host-s={}", "00".repeat(32)), START), "nobody is in");
    let code = scene.launch(START);
    let cookie = scene.enter(&code, START).unwrap();
    let value = cookie.split(['=', ';']).nth(1).unwrap();
    let kept = scene.door.session.as_ref().unwrap().hash;
    assert_ne!(hex::encode(kept), value);
    assert_eq!(kept[..], Sha256::digest(hex::decode(value).unwrap())[..]);
    assert!(!scene.is_inside(&format!("__Host-s={}", hex::encode(kept)), START), "the hash opens nothing");
    let others = format!("__Host-s=zz; __Host-s={}; __Host-s={value}; x", "00".repeat(32));
    assert!(scene.door.is_inside(&cookies(&others), START));
    assert!(!scene.door.is_inside(&HeaderMap::new(), START));
}
