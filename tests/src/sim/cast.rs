//! Who takes part in a world: its hosts, in order, after the relay.

use causeway_common::clearance::EVERY_SECTION;
use causeway_common::statements::{ROLE_ADMINISTRATOR, ROLE_STAFF};

/// The header and who it is about, and not the section in which the worlds write.
const DESK: u32 = 0b11;

/// Somebody with a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// The host's name.
    pub name: &'static str,
    /// Which organisation; none: the registrar.
    pub org: Option<usize>,
    /// How the device comes to be there.
    pub entrance: Entrance,
    /// Role bits in the roster.
    pub roles: u32,
    /// Sections that it may read.
    pub clearance: u32,
}

/// How a device comes to be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Entrance {
    /// With its organisation.
    Founds,
    /// As a colleague's, before the world begins.
    Joined,
    /// As a colleague's, while the world lives.
    Joins,
    /// In the place of its organisation's lost workstation, with a sheet from a drawer.
    Returns,
}

const fn first(name: &'static str, org: usize) -> Part {
    let (roles, clearance) = (u32::MAX, u32::MAX);
    Part { name, org: Some(org), entrance: Entrance::Founds, roles, clearance }
}

/// Organisations with one device each.
pub static ALONE: [Part; 4] = [first("amber", 0), first("birch", 1), first("cedar", 2), first("dogwood", 3)];

/// Organisations with several, and the registrar.
pub static TEAMS: [Part; 8] = [
    first("amber", 0),
    Part {
        name: "amber-2",
        org: Some(0),
        entrance: Entrance::Joined,
        roles: ROLE_ADMINISTRATOR | ROLE_STAFF,
        clearance: EVERY_SECTION,
    },
    first("birch", 1),
    Part { name: "birch-2", org: Some(1), entrance: Entrance::Joined, roles: ROLE_STAFF, clearance: DESK },
    first("cedar", 2),
    Part {
        name: "amber-3",
        org: Some(0),
        entrance: Entrance::Joins,
        roles: ROLE_STAFF,
        clearance: EVERY_SECTION,
    },
    Part { name: "registrar", org: None, entrance: Entrance::Founds, roles: 0, clearance: 0 },
    Part { name: "cedar-2", org: Some(2), entrance: Entrance::Returns, roles: u32::MAX, clearance: u32::MAX },
];
