//! Every history of a small world: a few organisations, their directory, a device that is lost, packets, and a relay that
//! shows each client what it likes.
//!
//! What a client decides is decided by the code that clients run, called with real statements, rosters, heads and
//! prekeys: [`Replica::take`](causeway_client::replica::Replica::take) and
//! [`take_rosters`](causeway_client::replica::Replica::take_rosters) on what the relay shows,
//! [`check_taken`](causeway_client::prekeys::check_taken) on the prekeys that it gives,
//! [`origin`](causeway_client::engine::judgement::origin) and
//! [`at_receipt`](causeway_client::engine::judgement::at_receipt) on a packet. [`views`] puts every question that can come up
//! to them and notes the answers; [`search`] goes through all states that the answers allow.
//!
//! | here | in life |
//! |---|---|
//! | a [`views::View`] | a client's replica: log, head, rosters |
//! | all statements are signed at the beginning | they are handed to the relay one by one; having all of them, it can do more |
//! | a packet's mask of devices | its wraps: a device opens a packet if, and only if, one is for it (`docs/formal`, `client::seal`) |
//! | a packet's log and head | what its signed grant and its body say, which nobody else can change (the same) |
//! | a lost device | a stolen one, whose thief has the relay's help: it is given every packet, and sends under every head |
//! | a client that knows | one that has met two heads that contradict each other; it does nothing more here |
//!
//! There is no time: a relay that withholds news for ever is noticed by the age of its head, not here.

use std::fmt;

mod paper;
mod search;
mod state;
mod views;

pub use self::search::{Counterexample, Explored, Property};

/// Something that a signed statement of the directory says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Event {
    /// The registrar admits one organisation more.
    Admission,
    /// An organisation, by its number, has lost the device that stands last in its roster, and lists a new one instead.
    Loss(usize),
}

/// How large a world is.
#[derive(Clone, Debug)]
pub struct Scope {
    /// Organisations with an honest client, at most three; each has a second device. Three are members in any case.
    pub clients: usize,
    /// What may happen beside, each once.
    pub events: Vec<Event>,
    /// Packets that may be under way at the same time, at most two; any number after each other.
    pub packets: usize,
}

/// A check that clients leave out, to see that its absence is found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Omission {
    /// None: clients as they are.
    Nothing,
    /// The head in a packet is not compared with one's own directory.
    HeadsOfPackets,
    /// The old roster is not forgotten when the log names a new one that is not here yet.
    ForgettingRosters,
    /// That the sender's device is revoked is not held against its packets.
    Revocations,
}

/// Goes through all states of a world, or until one has a property that none may have.
///
/// # Errors
/// The shortest way to such a state.
///
/// # Panics
/// When the world is larger than can be named here.
pub fn explore(scope: &Scope, omission: Omission) -> Result<Explored, Counterexample> {
    assert!((2..=paper::ORGS).contains(&scope.clients) && (1..=state::PACKETS_MAX).contains(&scope.packets));
    let world = views::World::draw(scope, omission);
    search::explore(&world, scope)
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Admission => f.write_str("an admission"),
            Self::Loss(org) => write!(f, "a loss of {}", name(*org)),
        }
    }
}

/// Organisations are called A, B and C.
fn name(org: usize) -> char {
    char::from(b'A' + u8::try_from(org).unwrap())
}
