//! The documents: what a family reports, and what somebody else writes down months later.

use rand::RngExt as _;
use rand_chacha::ChaCha20Rng;
use serde_json::{Map, Value, json};

use super::draw::{Human, family, passport, pick};
use super::noise::{Hand, misread, typo};

/// When reports and alerts are written.
const REPORTED: &str = "2026-03-01T10:00:00Z";
const SEEN: &str = "2026-10-01T10:00:00Z";
const SEEN_YEAR: i32 = 2026;

/// What the family knows: much, and mostly right.
pub(super) fn report(human: &Human, rng: &mut ChaCha20Rng) -> Map<String, Value> {
    let hand = Hand::of_report(rng);
    let mut person = Map::new();
    let mut names = vec![named(human, &human.family, hand, rng.random_bool(0.85), rng)];
    if let Some(other) = human.other_family.as_ref().filter(|_| rng.random_bool(0.6)) {
        names.push(named(human, other, hand, false, rng));
    }
    if hand == Hand::Cyrillic && rng.random_bool(0.3) {
        names.push(named(human, &human.family, Hand::Passport(rng.random_range(0..3)), false, rng));
    }
    person.insert("names".into(), names.into());
    person.insert("sex".into(), if human.is_woman { 2 } else { 1 }.into());
    let (year, month, day) = human.born;
    let dob = match rng.random_range(0..20) {
        0 => format!("{year}"),
        1 => format!("{year}-{month:02}"),
        2 => format!("{year}~"),
        _ => format!("{year}-{month:02}-{day:02}"),
    };
    person.insert("dob".into(), dob.into());
    person.insert("nationalities".into(), json!([{ "country": human.region.country, "status": "claimed" }]));
    person.insert("languages".into(), json!([{ "lang": human.region.language }]));
    if rng.random_bool(0.5) {
        person.insert(
            "documents".into(),
            json!([{ "number": human.passport, "issuer": human.region.country }]),
        );
    }
    if rng.random_bool(0.6) {
        person.insert("phones".into(), json!([human.phone]));
    }
    if rng.random_bool(0.6) {
        person.insert("birth_place".into(), json!({ "place": human.birth_town }));
    }
    person.insert("residence".into(), json!({ "country": human.region.country, "place": human.town }));
    if rng.random_bool(0.5) {
        let parents = [("father", human.father), ("mother", human.mother)];
        let parents = parents.map(|(rel, given)| json!({ "rel": rel, "names": [{ "given": given, "lang": human.region.names_in }] }));
        person.insert("parents".into(), json!(parents));
    }
    if let Some(mark) = human.mark.filter(|_| rng.random_bool(0.7)) {
        person.insert("physical".into(), physical(mark, true));
    }
    let mut document = Map::new();
    document.insert("person".into(), person.into());
    document.insert("created".into(), REPORTED.into());
    document
}

/// What somebody else writes down, and which difficulties it has.
pub(super) fn alert(human: &Human, rng: &mut ChaCha20Rng) -> (Map<String, Value>, Vec<&'static str>) {
    let mut noise = Vec::new();
    let mut hit = |share: f64, what: &'static str, rng: &mut ChaCha20Rng| {
        let hits = rng.random_bool(share);
        if hits {
            noise.push(what);
        }
        hits
    };
    let hand = Hand::of_alert(rng);
    let mut own_family = human.family.clone();
    match &human.other_family {
        Some(other) if rng.random_bool(0.35) => {
            own_family.clone_from(other);
            hit(1.0, "maiden or married name", rng);
        }
        _ if human.is_woman && hit(0.02, "family name that nobody knew", rng) => {
            own_family = family(human.region, true, rng);
        }
        _ => {}
    }
    let with_patronymic = !hit(0.6, "patronymic missing", rng);
    let mut name = named(human, &own_family, hand, with_patronymic, rng);
    if hand == Hand::Free {
        hit(1.0, "spelt freely", rng);
    }
    for (field, share, what) in
        [("family", 0.12, "typo in the family name"), ("given", 0.08, "typo in the given name")]
    {
        if hit(share, what, rng) {
            let wrong = typo(name[field].as_str().unwrap_or_default(), rng);
            name[field] = wrong.into();
        }
    }
    if hit(0.05, "family and given name exchanged", rng) {
        let (family, given) = (name["family"].take(), name["given"].take());
        (name["family"], name["given"]) = (given, family);
    } else if hit(0.05, "name not split", rng) {
        name = json!({ "full": format!("{} {}", name["given"].as_str().unwrap_or_default(), name["family"].as_str().unwrap_or_default()) });
    } else if hit(0.02, "family name missing", rng) {
        name = json!({ "given": name["given"] });
    }
    let mut person = Map::new();
    person.insert("names".into(), json!([name]));
    if hit(0.08, "sex missing", rng) {
        person.insert("sex".into(), json!({ "nil": "unknown" }));
    } else {
        person.insert("sex".into(), if human.is_woman { 2 } else { 1 }.into());
    }
    born(human, &mut person, &mut hit, rng);
    if !hit(0.2, "nationality missing", rng) {
        person.insert("nationalities".into(), json!([{ "country": human.region.country }]));
    }
    if !hit(0.4, "language missing", rng) {
        let spoken = if rng.random_bool(0.8) { human.region.language } else { "ru" };
        person.insert("languages".into(), json!([{ "lang": spoken }]));
    }
    if hit(0.55, "document missing", rng) {
        person.insert("documents".into(), json!({ "nil": "refused" }));
    } else {
        let number = if hit(0.25, "another document", rng) { passport(rng) } else { human.passport.clone() };
        let number = if hit(0.04, "document misread", rng) { misread(&number, rng) } else { number };
        person.insert("documents".into(), json!([{ "number": number, "issuer": human.region.country }]));
    }
    if rng.random_bool(0.3) {
        let phone = if hit(0.4, "another telephone", rng) {
            format!("+7{}", rng.random_range(9_000_000_000_u64..9_999_999_999))
        } else {
            human.phone.clone()
        };
        person.insert("phones".into(), json!([phone]));
    }
    if rng.random_bool(0.3) {
        person.insert("birth_place".into(), json!({ "place": human.birth_town }));
    }
    if rng.random_bool(0.2) {
        person.insert("residence".into(), json!({ "country": human.region.country, "place": human.town }));
    }
    if rng.random_bool(0.15) {
        let given = hand.write(human.father, human.region.names_in, rng);
        person.insert("parents".into(), json!([{ "rel": "father", "names": [{ "given": given }] }]));
    }
    if let Some(mark) = human.mark.filter(|_| rng.random_bool(0.5)) {
        person.insert("physical".into(), physical(mark, rng.random_bool(0.7)));
    }
    let mut document = Map::new();
    document.insert("persons".into(), json!([person]));
    document.insert("created".into(), SEEN.into());
    (document, noise)
}

fn born(
    human: &Human,
    person: &mut Map<String, Value>,
    hit: &mut impl FnMut(f64, &'static str, &mut ChaCha20Rng) -> bool,
    rng: &mut ChaCha20Rng,
) {
    let (year, month, day) = human.born;
    if hit(0.35, "age estimated", rng) {
        let age = SEEN_YEAR - year - i32::from(month >= 10);
        let off = if hit(0.10, "age estimated wrong", rng) { pick(&[-3, -2, 2, 3], rng) } else { 0 };
        let (below, above) = (rng.random_range(0..=3), rng.random_range(0..=3));
        let (min, max) = (age + off - below, age + off + above);
        person.insert(
            "age".into(),
            json!({ "min": min.max(1), "max": max.max(1), "basis": "estimated_visual" }),
        );
        return;
    }
    let dob = if hit(0.05, "birth missing", rng) {
        return;
    } else if hit(0.12, "only the year of birth", rng) {
        format!("{year}")
    } else if hit(0.03, "day and month exchanged", rng) && day <= 12 {
        format!("{year}-{day:02}-{month:02}")
    } else if hit(0.04, "date of birth mistyped", rng) {
        format!("{year}-{month:02}-{:02}", 1 + (day + rng.random_range(0..26)) % 28)
    } else {
        format!("{year}-{month:02}-{day:02}")
    };
    person.insert("dob".into(), dob.into());
}

fn named(human: &Human, family: &str, hand: Hand, with_patronymic: bool, rng: &mut ChaCha20Rng) -> Value {
    let language = human.region.names_in;
    let mut name = json!({ "family": hand.write(family, language, rng), "given": hand.write(human.given, language, rng) });
    if let Some(patronymic) = human.patronymic.as_ref().filter(|_| with_patronymic) {
        name["patronymic"] = hand.write(patronymic, language, rng).into();
    }
    if hand == Hand::Cyrillic && rng.random_bool(0.5) && ["ru", "uk", "be"].contains(&language) {
        name["lang"] = language.into();
    }
    name
}

fn physical((kind, part, side): (&str, &str, &str), with_side: bool) -> Value {
    let mut mark = json!({ "type": kind, "body_part": part });
    if with_side {
        mark["side"] = side.into();
    }
    json!({ "marks": [mark] })
}
