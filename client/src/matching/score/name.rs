//! Names: the best of all spellings of the one with all of the other, also with family and given name exchanged.

use std::sync::Arc;

use super::{Memo, Reason, Verdict, Weights};
use crate::matching::person::{Spelling, Word};

/// How well two names fit, part by part; none: one side does not know the part.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Fit {
    /// Similarity of family names, 0 to 1.
    pub family: Option<f64>,
    /// Of given names.
    pub given: Option<f64>,
    /// Of patronymics.
    pub patronymic: Option<f64>,
    /// Whether family and given name have changed places.
    pub swapped: bool,
}

impl Fit {
    fn points(&self, weights: &Weights) -> f64 {
        let parts = [
            (self.family, weights.family),
            (self.given, weights.given),
            (self.patronymic, weights.patronymic),
        ];
        let sum: f64 = parts
            .iter()
            .map(|(alike, weight)| alike.map_or(0.0, |alike| worth(alike, *weight, weights)))
            .sum();
        if self.swapped { sum - weights.swapped } else { sum }
    }

    /// Enters it into a verdict.
    pub(super) fn tell(&self, weights: &Weights, verdict: &mut Verdict) {
        let parts = [
            (self.family, weights.family, Reason::Family),
            (self.given, weights.given, Reason::Given),
            (self.patronymic, weights.patronymic, Reason::Patronymic),
        ];
        for (alike, weight, reason) in parts {
            if let Some(alike) = alike {
                verdict.note(worth(alike, weight, weights), reason);
            }
        }
        if self.swapped {
            verdict.points -= weights.swapped;
            verdict.agree.push(Reason::Swapped);
        }
    }
}

/// Points for a part: all from `alike` on, all of the others off below `unlike`, between them in proportion.
fn worth(alike: f64, (agree, not): (f64, f64), weights: &Weights) -> f64 {
    if alike >= weights.alike {
        // A small difference is a small doubt.
        return agree * (0.8 + 0.2 * (alike - weights.alike) / (1.0 - weights.alike));
    }
    if alike <= weights.unlike {
        return -not;
    }
    let part = (alike - weights.unlike) / (weights.alike - weights.unlike);
    -not + part * (not + 0.8 * agree)
}

/// The spellings that fit best.
pub(super) fn best(one: &[Spelling], other: &[Spelling], weights: &Weights, memo: &mut Memo) -> Fit {
    let mut best: Option<(f64, Fit)> = None;
    for a in one {
        for b in other {
            for fit in [straight(a, b, memo), exchanged(a, b, memo)] {
                let points = fit.points(weights);
                if (fit.family.is_some() || fit.given.is_some()) && best.is_none_or(|(most, _)| points > most)
                {
                    best = Some((points, fit));
                }
            }
        }
    }
    best.map_or_else(Fit::default, |(_, fit)| fit)
}

fn straight(a: &Spelling, b: &Spelling, memo: &mut Memo) -> Fit {
    Fit {
        family: both(&a.family, &b.family, memo),
        given: both(&a.given, &b.given, memo),
        patronymic: both(&a.patronymic, &b.patronymic, memo),
        swapped: false,
    }
}

fn exchanged(a: &Spelling, b: &Spelling, memo: &mut Memo) -> Fit {
    let fit = Fit {
        family: both(&a.family, &b.given, memo),
        given: both(&a.given, &b.family, memo),
        patronymic: both(&a.patronymic, &b.patronymic, memo),
        swapped: true,
    };
    // With one word on one side nothing has changed places.
    if fit.family.is_some() && fit.given.is_some() { fit } else { Fit::default() }
}

fn both(one: &Option<Arc<Word>>, other: &Option<Arc<Word>>, memo: &mut Memo) -> Option<f64> {
    Some(memo.alike(one.as_ref()?, other.as_ref()?))
}

/// The best similarity of all forms.
pub(super) fn alike(one: &Word, other: &Word) -> f64 {
    let forms = |a: &[String], b: &[String]| {
        let pairs = a.iter().flat_map(|x| b.iter().map(move |y| strsim::jaro_winkler(x, y)));
        pairs.fold(0.0, f64::max)
    };
    let bones = forms(&one.skeletons, &other.skeletons);
    if bones >= 1.0 { bones } else { bones.max(forms(&one.latin, &other.latin)) }
}
