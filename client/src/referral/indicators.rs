//! Operational indicators of trafficking for labour exploitation (ILO and European Commission, 2009), and what they add
//! up to. The result is a hint for whoever screens a case, never a finding, and it is never sent.

use super::spec::CodeList;

/// How much an indicator says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[expect(clippy::exhaustive_enums, reason = "the three weights of the publication")]
pub enum Weight {
    /// Little.
    Weak,
    /// Something.
    Medium,
    /// Much.
    Strong,
}

/// Whom the weights are for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the two profiles of the publication")]
pub enum Profile {
    /// An adult, labour exploitation.
    AdultLabour,
    /// A child, labour exploitation.
    ChildLabour,
}

/// One indicator with its weights; none where the publication has none for a profile.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Indicator {
    /// Its code, dimension and number: `D1-04`.
    pub code: &'static str,
    /// For adults.
    pub adult: Option<Weight>,
    /// For children.
    pub child: Option<Weight>,
}

macro_rules! weight {
    (None) => {
        None
    };
    ($weight:ident) => {
        Some(Weight::$weight)
    };
}

macro_rules! indicators {
    ($($code:literal $adult:ident $child:ident,)*) => {
        /// All indicators of this version.
        pub const INDICATORS: &[Indicator] =
            &[$(Indicator { code: $code, adult: weight!($adult), child: weight!($child) }),*];

        /// Their codes. A newer version may have more.
        pub(super) const INDICATOR: CodeList = CodeList::open("ILO-2009", &[$($code),*]);
    };
}

indicators! {
    "D1-01" Strong Strong,
    "D1-02" Medium Medium,
    "D1-03" Medium Medium,
    "D1-04" Medium Medium,
    "D1-05" Medium Medium,
    "D1-06" Medium Medium,
    "D1-07" Medium Medium,
    "D1-08" Medium Medium,
    "D1-09" Medium Medium,
    "D1-10" Weak Strong,
    "D2-01" Strong Strong,
    "D2-02" Medium Strong,
    "D2-03" Medium Strong,
    "D2-04" Medium Strong,
    "D2-05" Medium Medium,
    "D2-06" Medium Medium,
    "D2-07" Medium Medium,
    "D2-08" Medium Medium,
    "D2-09" Medium Medium,
    "D2-10" Medium Medium,
    "D3-01" Medium Medium,
    "D3-02" Medium Medium,
    "D3-03" Medium Medium,
    "D3-04" Medium Medium,
    "D3-05" Medium Medium,
    "D3-06" Medium Medium,
    "D3-07" Medium Medium,
    "D3-08" Medium None,
    "D3-09" Medium Medium,
    "D3-10" Medium Medium,
    "D3-11" Medium Medium,
    "D3-12" Medium Medium,
    "D3-13" Medium Medium,
    "D3-14" Medium Medium,
    "D3-15" Weak Medium,
    "D3-16" Weak Medium,
    "D4-01" Strong Strong,
    "D4-02" Medium Medium,
    "D4-03" Medium Medium,
    "D4-04" Medium Medium,
    "D4-05" Medium Medium,
    "D4-06" Medium Medium,
    "D4-07" Medium Medium,
    "D4-08" Medium None,
    "D4-09" Weak Medium,
    "D5-01" Strong Strong,
    "D5-02" Strong Strong,
    "D5-03" Strong Strong,
    "D5-04" Strong Strong,
    "D5-05" Medium Strong,
    "D5-06" Medium Strong,
    "D5-07" Medium Strong,
    "D5-08" Medium Strong,
    "D5-09" Medium Medium,
    "D5-10" Medium Medium,
    "D5-11" Medium Medium,
    "D5-12" Medium Medium,
    "D5-13" Medium Medium,
    "D5-14" Medium Medium,
    "D5-15" Weak Medium,
    "D6-01" Medium Medium,
    "D6-02" Medium Medium,
    "D6-03" Medium Medium,
    "D6-04" Medium Medium,
    "D6-05" Medium Medium,
    "D6-06" Weak Medium,
    "D6-07" Weak Medium,
}

/// The six dimensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "the six dimensions of the publication")]
pub enum Dimension {
    /// Deceptive recruitment.
    Deception = 1,
    /// Coercive recruitment.
    Coercion = 2,
    /// Recruitment by abuse of vulnerability.
    Vulnerability = 3,
    /// Exploitative conditions of work.
    Exploitation = 4,
    /// Coercion at destination.
    CoercionThere = 5,
    /// Abuse of vulnerability at destination.
    VulnerabilityThere = 6,
}

impl Dimension {
    /// All of them, in the order of the publication.
    pub const ALL: [Self; 6] = [
        Self::Deception,
        Self::Coercion,
        Self::Vulnerability,
        Self::Exploitation,
        Self::CoercionThere,
        Self::VulnerabilityThere,
    ];

    /// The beginning of the codes of its indicators, `D1`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Deception => "D1",
            Self::Coercion => "D2",
            Self::Vulnerability => "D3",
            Self::Exploitation => "D4",
            Self::CoercionThere => "D5",
            Self::VulnerabilityThere => "D6",
        }
    }
}

/// What the ticked indicators add up to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Screening {
    /// Which weights were used.
    pub profile: Profile,
    /// Dimensions that are positive.
    pub positive: Vec<Dimension>,
    /// Whether the pattern is that of possible trafficking for forced labour.
    pub possible: bool,
    /// Whether D3 or D6 make it stronger.
    pub reinforced: bool,
    /// Codes that this version does not know; they were not counted.
    pub unknown: Vec<String>,
}

/// Adds up ticked indicators. Repeated codes count once.
pub fn screen<'a>(ticked: impl IntoIterator<Item = &'a str>, profile: Profile) -> Screening {
    let mut known: Vec<&Indicator> = Vec::new();
    let mut unknown: Vec<String> = Vec::new();
    for code in ticked {
        match INDICATORS.iter().find(|i| i.code == code) {
            Some(found) if !known.iter().any(|i| i.code == code) => known.push(found),
            None if !unknown.iter().any(|c| c == code) => unknown.push(code.to_owned()),
            _ => {}
        }
    }
    let positive: Vec<Dimension> =
        Dimension::ALL.into_iter().filter(|d| is_positive(&weights(&known, *d, profile))).collect();
    let has = |dimension| positive.contains(&dimension);
    let possible = match profile {
        Profile::AdultLabour => {
            (has(Dimension::Deception) || has(Dimension::Coercion))
                && has(Dimension::Exploitation)
                && has(Dimension::CoercionThere)
        }
        // A child cannot agree: exploitation is enough (Palermo Protocol, article 3 (c)).
        Profile::ChildLabour => has(Dimension::Exploitation),
    };
    let reinforced = has(Dimension::Vulnerability) || has(Dimension::VulnerabilityThere);
    Screening { profile, positive, possible, reinforced, unknown }
}

fn weights(known: &[&Indicator], dimension: Dimension, profile: Profile) -> Vec<Weight> {
    let of = |i: &&&Indicator| i.code.starts_with(dimension.code());
    let weight = |i: &&Indicator| match profile {
        Profile::AdultLabour => i.adult,
        Profile::ChildLabour => i.child,
    };
    known.iter().filter(of).filter_map(weight).collect()
}

/// Two strong; or one strong and another; or three medium; or two medium and a weak one.
fn is_positive(weights: &[Weight]) -> bool {
    let count = |weight| weights.iter().filter(|w| **w == weight).count();
    let (strong, medium, weak) = (count(Weight::Strong), count(Weight::Medium), count(Weight::Weak));
    strong >= 2 || (strong == 1 && medium + weak >= 1) || medium >= 3 || (medium == 2 && weak >= 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_publication_has_so_many_indicators_in_each_dimension() {
        let counts =
            Dimension::ALL.map(|d| INDICATORS.iter().filter(|i| i.code.starts_with(d.code())).count());
        assert_eq!(counts, [10, 10, 16, 9, 15, 7]);
    }

    #[test]
    fn a_dimension_is_positive_from_these_combinations_on() {
        use Weight::{Medium as M, Strong as S, Weak as W};
        for enough in [&[S, S][..], &[S, M], &[S, W], &[M, M, M], &[M, M, W], &[S, S, S, M, W]] {
            assert!(is_positive(enough), "{enough:?}");
        }
        for little in [&[][..], &[S], &[M], &[W], &[M, M], &[M, W], &[M, W, W], &[W, W, W, W]] {
            assert!(!is_positive(little), "{little:?}");
        }
    }

    #[test]
    fn an_adult_needs_means_exploitation_and_coercion_and_a_child_exploitation_alone() {
        let adult = |codes: &[&str]| screen(codes.iter().copied(), Profile::AdultLabour);
        // Deceived about the job and wages; excessive hours and low pay; documents taken and debt.
        let all = ["D1-01", "D1-02", "D4-01", "D4-02", "D5-01", "D5-02"];
        assert!(adult(&all).possible);
        assert_eq!(
            adult(&all).positive,
            [Dimension::Deception, Dimension::Exploitation, Dimension::CoercionThere]
        );
        assert!(!adult(&all[2..]).possible, "without means");
        assert!(!adult(&all[..4]).possible, "without coercion");
        assert!(!adult(&["D1-01", "D1-02", "D5-01", "D5-02"]).possible, "without exploitation");
        let child = screen(["D4-01", "D4-02"], Profile::ChildLabour);
        assert!(child.possible && !child.reinforced);
        assert!(
            !screen(["D4-02", "D4-08"], Profile::ChildLabour).possible,
            "D4-08 has no weight for a child"
        );
    }

    #[test]
    fn repeated_codes_count_once_and_unknown_ones_not_at_all() {
        let screened = screen(["D4-01", "D4-01", "D9-99", "D9-99"], Profile::ChildLabour);
        assert!(!screened.possible && screened.unknown == ["D9-99"]);
        assert!(screen(["D3-01", "D3-02", "D3-16"], Profile::AdultLabour).reinforced);
    }
}
