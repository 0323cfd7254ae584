//! Searching many referrals: the index beside reading all of them word by word.

use causeway_client::search::{Entry, Field, Index, Query, fold};
use rand::RngExt as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha20Rng;
use tokio::time::Instant;

use super::Plan;
use super::measure::Samples;
use super::report::{Outcome, Target};

const GIVEN: [&str; 12] = [
    "Юлия",
    "Anna",
    "Мария",
    "Elena",
    "Оксана",
    "Natalia",
    "Светлана",
    "Olga",
    "Дарья",
    "Irina",
    "Айгуль",
    "Ion",
];
const BEGIN: [&str; 20] = [
    "Ива", "Petr", "Сидо", "Kuzn", "Щук", "Tsvet", "Чайк", "Moro", "Голу", "Popov", "Лебе", "Kozl", "Нови",
    "Pavl", "Семё", "Fedor", "Бело", "Tara", "Рома", "Zaits",
];
const MIDDLE: [&str; 10] = ["н", "ов", "ich", "ен", "ak", "иц", "or", "ул", "esh", "ян"];
const END: [&str; 8] = ["ова", "ev", "ский", "enko", "ин", "escu", "ян", "ina"];
const WORDS: [&str; 40] = [
    "видели",
    "на",
    "вокзале",
    "with",
    "two",
    "men",
    "чёрный",
    "микроавтобус",
    "паспорт",
    "was",
    "taken",
    "away",
    "она",
    "просит",
    "помощи",
    "border",
    "crossing",
    "ночью",
    "shelter",
    "needed",
    "беременна",
    "language",
    "работа",
    "в",
    "отеле",
    "debt",
    "угрозы",
    "семье",
    "phone",
    "позвонила",
    "мать",
    "travels",
    "tomorrow",
    "автобусом",
    "из",
    "Кишинёва",
    "police",
    "informed",
    "документы",
    "у",
];
const QUERIES: [&str; 8] = [
    "Щукина",
    "shchuk",
    "паспорта",
    "kind:BIA угроза",
    "\"two men\"",
    "микроавтобус shelter phone",
    "ива",
    "+37322123456",
];

pub(super) fn run(plan: &Plan) -> Outcome {
    let (count, rounds) = if plan.quick { (500, 2) } else { (100_000, 15) };
    let mut outcome = Outcome::new("searching");
    let mut rng = super::town::fresh_rng();
    let entries: Vec<Entry> = (0..count).map(|_| referral(&mut rng)).collect();
    let begun = Instant::now();
    let index = Index::build(&entries);
    let built = begun.elapsed();
    let (mut each, mut slowest, mut scan) = (Samples::default(), 0.0_f64, Samples::default());
    let mut hits = 0;
    for text in QUERIES {
        let query = Query::read(text);
        let mut samples = Samples::default();
        for _ in 0..rounds {
            let begun = Instant::now();
            hits += index.find(&query, 20).len();
            samples.push(begun.elapsed());
            each.push(begun.elapsed());
        }
        slowest = slowest.max(samples.median_ms());
    }
    let begun = Instant::now();
    let scanned = linear(&entries, "позвонила");
    scan.push(begun.elapsed());
    assert!(hits > 0 && scanned > 0);
    let kib = index.bytes() as f64 / 1024.0 / count as f64;
    outcome.count("referrals", count);
    outcome.count("queries", QUERIES.len() * rounds);
    outcome.floor("linear_scan_ms", scan.median_ms());
    outcome.measured("query_ms", each.median_ms());
    outcome.measured("slowest_query_ms", slowest);
    outcome.measured("index_build_ms", built.as_secs_f64() * 1e3);
    outcome.measured("index_kib_per_referral", kib);
    outcome.targets.push(Target::at_most("slowest_query_ms", slowest, 50.0));
    outcome.targets.push(Target::at_least("linear_scan_to_slowest_query", scan.median_ms() / slowest, 10.0));
    outcome.targets.push(Target::at_most("index_kib_per_referral", kib, 2.0));
    outcome.note("referrals of 45 to 65 words in two alphabets; the scan folds every word and compares");
    outcome
}

fn referral(rng: &mut ChaCha20Rng) -> Entry {
    let mut entry = Entry::default();
    entry.kind = ["MPR", "BIA", "VHO", "HIC"].choose(rng).copied().unwrap_or("MPR").to_owned();
    let name = [pick(rng, &BEGIN), pick(rng, &MIDDLE), pick(rng, &END)].concat();
    let name = if rng.random_range(0..500) == 0 { "Щукина".to_owned() } else { name };
    let length = rng.random_range(40..60);
    let told: Vec<&str> = (0..length).map(|_| pick(rng, &WORDS)).collect();
    let phone = format!("+373{:08}", rng.random_range(22_000_000..22_999_999));
    let fields = [
        ("persons[0].names[0].family", name),
        ("persons[0].names[0].given", pick(rng, &GIVEN).to_owned()),
        ("persons[0].phones[0].number", phone),
        ("narrative", told.join(" ")),
    ];
    entry.fields = fields.into_iter().map(|(path, text)| Field { path: path.into(), text }).collect();
    entry
}

fn pick<'a>(rng: &mut ChaCha20Rng, words: &[&'a str]) -> &'a str {
    words.choose(rng).copied().unwrap_or("")
}

fn linear(entries: &[Entry], word: &str) -> usize {
    let wanted = fold::fold(word);
    let fits = |field: &Field| fold::words(&field.text).any(|word| fold::fold(word) == wanted);
    entries.iter().filter(|entry| entry.fields.iter().any(fits)).count()
}
