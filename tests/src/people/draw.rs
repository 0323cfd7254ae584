//! Who somebody really is.

use rand::RngExt as _;
use rand_chacha::ChaCha20Rng;

use super::names::{REGIONS, Region, list, patronymic};

/// A person who does not exist.
#[derive(Clone)]
pub(super) struct Human {
    pub(super) region: &'static Region,
    pub(super) is_woman: bool,
    pub(super) family: String,
    /// The name before or after a marriage.
    pub(super) other_family: Option<String>,
    pub(super) given: &'static str,
    pub(super) patronymic: Option<String>,
    pub(super) father: &'static str,
    pub(super) mother: &'static str,
    /// Year, month, day.
    pub(super) born: (i32, u8, u8),
    pub(super) town: &'static str,
    pub(super) birth_town: &'static str,
    pub(super) passport: String,
    pub(super) phone: String,
    /// Kind, body part, side.
    pub(super) mark: Option<(&'static str, &'static str, &'static str)>,
}

const MARKS: &[&str] = &["scar", "tattoo", "birthmark", "mole", "piercing"];
const PARTS: &[&str] =
    &["face", "neck", "shoulder", "forearm", "hand", "back", "abdomen", "thigh", "ankle", "wrist"];
const SIDES: &[&str] = &["left", "right", "middle"];

pub(super) fn pick<T: Copy>(of: &[T], rng: &mut ChaCha20Rng) -> T {
    of[rng.random_range(0..of.len())]
}

/// The first of a list are more frequent, as they are among people.
#[expect(clippy::cast_possible_truncation, reason = "a place in a short list")]
fn frequent<T: Copy>(of: &[T], rng: &mut ChaCha20Rng) -> T {
    let last = of.len() as f64;
    let at = last * rng.random_range(0.0..1.0_f64).powf(1.5);
    of[(at as usize).min(of.len() - 1)]
}

impl Human {
    pub(super) fn draw(rng: &mut ChaCha20Rng) -> Self {
        // More of them are Russian, and most are women.
        let region: &Region = match rng.random_range(0..10) {
            0..=3 => &REGIONS[0],
            4..=5 => &REGIONS[1],
            6 => &REGIONS[2],
            7..=8 => &REGIONS[3],
            _ => &REGIONS[4],
        };
        let is_woman = rng.random_bool(0.8);
        let father = frequent(&list(region.men), rng);
        let birth_town = pick(&list(region.towns), rng);
        let mut human = Self {
            region,
            is_woman,
            family: family(region, is_woman, rng),
            other_family: (is_woman && rng.random_bool(0.25)).then(|| family(region, true, rng)),
            given: frequent(&list(if is_woman { region.women } else { region.men }), rng),
            patronymic: patronymic(father, region, is_woman),
            father,
            mother: frequent(&list(region.women), rng),
            born: (0, 1, 1),
            town: if rng.random_bool(0.6) { birth_town } else { pick(&list(region.towns), rng) },
            birth_town,
            passport: String::new(),
            phone: String::new(),
            mark: rng.random_bool(0.35).then(|| (pick(MARKS, rng), pick(PARTS, rng), pick(SIDES, rng))),
        };
        human.new_numbers(rng);
        human.born = (
            1976 + rng.random_range(0..14) + rng.random_range(0..20),
            rng.random_range(1..=12),
            rng.random_range(1..=28),
        );
        human
    }

    fn new_numbers(&mut self, rng: &mut ChaCha20Rng) {
        self.passport = passport(rng);
        self.phone = format!("+7{}", rng.random_range(9_000_000_000_u64..9_999_999_999));
    }

    /// Same parents, family name and town; sometimes the same telephone at home.
    pub(super) fn sibling(&self, rng: &mut ChaCha20Rng) -> Self {
        let mut other = self.clone();
        let is_woman = rng.random_bool(0.8);
        if is_woman != self.is_woman {
            other.is_woman = is_woman;
            other.family = gendered(&self.family, self.region, is_woman);
        }
        while other.given == self.given {
            other.given = frequent(&list(if is_woman { self.region.women } else { self.region.men }), rng);
        }
        other.other_family = None;
        other.patronymic = patronymic(self.father, self.region, is_woman);
        other.born.0 += rng.random_range(1..=6) * if rng.random_bool(0.5) { 1 } else { -1 };
        other.born.1 = rng.random_range(1..=12);
        other.born.2 = rng.random_range(1..=28);
        other.mark = None;
        let phone = other.phone.clone();
        other.new_numbers(rng);
        if rng.random_bool(0.15) {
            other.phone = phone;
        }
        other
    }

    /// Same family and given name; another person.
    pub(super) fn namesake(&self, rng: &mut ChaCha20Rng) -> Self {
        let mut other = Self::draw(rng);
        other.region = self.region;
        other.is_woman = self.is_woman;
        other.family.clone_from(&self.family);
        other.given = self.given;
        other.father = frequent(&list(self.region.men), rng);
        other.mother = frequent(&list(self.region.women), rng);
        other.patronymic = patronymic(other.father, self.region, self.is_woman);
        other.town = pick(&list(self.region.towns), rng);
        other.birth_town = pick(&list(self.region.towns), rng);
        other
    }
}

pub(super) fn passport(rng: &mut ChaCha20Rng) -> String {
    format!("{:02}{:07}", rng.random_range(50..80), rng.random_range(0..10_000_000))
}

pub(super) fn family(region: &Region, is_woman: bool, rng: &mut ChaCha20Rng) -> String {
    let (woman, man) = frequent(region.endings, rng);
    format!("{}{}", frequent(&list(region.stems), rng), if is_woman { woman } else { man })
}

/// The family name of a brother, or of a sister.
fn gendered(family: &str, region: &Region, is_woman: bool) -> String {
    for (woman, man) in region.endings {
        let (from, to) = if is_woman { (man, woman) } else { (woman, man) };
        if let Some(stem) = family.strip_suffix(from).filter(|_| !from.is_empty()) {
            return format!("{stem}{to}");
        }
    }
    family.to_owned()
}
