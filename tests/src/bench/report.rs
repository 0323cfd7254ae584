//! What a family has found, for people and for scripts.

use serde_json::{Map, Value, json};

/// What a family has found.
#[derive(Clone, Debug)]
pub struct Outcome {
    /// Its name.
    pub family: &'static str,
    /// How much of everything there was; checked by the family itself.
    pub counts: Map<String, Value>,
    /// What the machine gives without us.
    pub floor: Map<String, Value>,
    /// What we give.
    pub measured: Map<String, Value>,
    /// What was promised.
    pub targets: Vec<Target>,
    /// What a reader should know.
    pub notes: Vec<String>,
}

/// A promise and what came of it.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Which.
    pub name: &'static str,
    /// What was measured.
    pub value: f64,
    /// What was promised.
    pub bound: f64,
    /// Whether the bound is the least that will do; otherwise it is the most.
    pub at_least: bool,
}

impl Target {
    /// `value` may not be below `bound`.
    pub fn at_least(name: &'static str, value: f64, bound: f64) -> Self {
        Self { name, value, bound, at_least: true }
    }

    /// `value` may not be above `bound`.
    pub fn at_most(name: &'static str, value: f64, bound: f64) -> Self {
        Self { name, value, bound, at_least: false }
    }

    /// Whether the promise is kept.
    pub fn holds(&self) -> bool {
        if self.at_least { self.value >= self.bound } else { self.value <= self.bound }
    }
}

impl Outcome {
    /// Nothing yet.
    pub(super) fn new(family: &'static str) -> Self {
        let empty = Map::new;
        Self {
            family,
            counts: empty(),
            floor: empty(),
            measured: empty(),
            targets: Vec::new(),
            notes: Vec::new(),
        }
    }

    pub(super) fn count(&mut self, name: &str, count: usize) {
        self.counts.insert(name.into(), count.into());
    }

    pub(super) fn floor(&mut self, name: &str, value: f64) {
        self.floor.insert(name.into(), rounded(value));
    }

    pub(super) fn measured(&mut self, name: &str, value: f64) {
        self.measured.insert(name.into(), rounded(value));
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        self.notes.push(note.into());
    }

    /// Whether all promises are kept.
    pub fn holds(&self) -> bool {
        self.targets.iter().all(Target::holds)
    }

    fn to_json(&self, quick: bool) -> Value {
        let target = |t: &Target| {
            let bound = if t.at_least { "at_least" } else { "at_most" };
            json!({ "name": t.name, "value": rounded(t.value), bound: t.bound, "holds": t.holds() })
        };
        json!({
            "schema_version": 1,
            "family": self.family,
            "quick": quick,
            "counts": self.counts,
            "floor": self.floor,
            "measured": self.measured,
            "targets": self.targets.iter().map(target).collect::<Vec<_>>(),
            "notes": self.notes,
        })
    }
}

/// Four digits are more than any of this is worth.
fn rounded(value: f64) -> Value {
    if value == 0.0 || !value.is_finite() {
        return json!(if value.is_finite() { Some(0.0) } else { None });
    }
    let scale = 10f64.powf(3.0 - value.abs().log10().floor());
    json!((value * scale).round() / scale)
}

/// One family: a line of JSON, or a short table.
pub(super) fn print(outcome: &Outcome, quick: bool, json: bool) {
    if json {
        println!("{}", outcome.to_json(quick));
        return;
    }
    println!("{}", outcome.family);
    for (title, part) in
        [("counts", &outcome.counts), ("floor", &outcome.floor), ("measured", &outcome.measured)]
    {
        part.iter().for_each(|(name, value)| println!("  {title:9} {name:34} {value}"));
    }
    for target in &outcome.targets {
        let bound = if target.at_least { "at least" } else { "at most" };
        let verdict = match (quick, target.holds()) {
            (true, _) => "not judged",
            (false, true) => "holds",
            (false, false) => "MISSED",
        };
        let value = rounded(target.value);
        println!("  {:9} {:34} {value}, {bound} {}: {verdict}", "target", target.name, target.bound);
    }
    outcome.notes.iter().for_each(|note| println!("  note      {note}"));
}

/// The last line.
pub(super) fn print_summary(outcomes: &[Outcome], quick: bool, json: bool) {
    let all = || outcomes.iter().flat_map(|outcome| outcome.targets.iter().map(move |t| (outcome.family, t)));
    let missed: Vec<String> =
        all().filter(|(_, t)| !t.holds()).map(|(family, t)| format!("{family}: {}", t.name)).collect();
    if json {
        let summary = json!({
            "schema_version": 1,
            "summary": true,
            "quick": quick,
            "families": outcomes.len(),
            "targets": all().count(),
            "missed": if quick { Vec::new() } else { missed },
        });
        println!("{summary}");
    } else if quick {
        println!("{} families work; small counts judge no target", outcomes.len());
    } else if missed.is_empty() {
        println!("all {} targets hold", all().count());
    } else {
        println!("{} of {} targets missed: {}", missed.len(), all().count(), missed.join("; "));
    }
}
