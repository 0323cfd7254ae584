//! A state of a small world, small enough to be copied.

use super::paper;

/// Packets under way at the same time.
pub(super) const PACKETS_MAX: usize = 2;

/// What everybody holds, and what is under way.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct State {
    pub(super) views: [u16; paper::ORGS],
    /// Clients that have met a contradiction, a bit for each.
    pub(super) know: u8,
    /// In order, so that one state is found once.
    pub(super) packets: [Option<Packet>; PACKETS_MAX],
}

/// A sealed packet.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Packet {
    pub(super) from: u8,
    pub(super) to: u8,
    /// Devices of the recipient that it is sealed to, a bit for each.
    pub(super) wraps: u8,
    /// What its sender held.
    pub(super) log: u16,
    pub(super) head: u16,
}

impl State {
    pub(super) fn knows(self, client: usize) -> bool {
        self.know & (1 << client) != 0
    }

    pub(super) fn and_knows(mut self, client: usize) -> Self {
        self.know |= 1 << client;
        self
    }

    pub(super) fn with(mut self, packet: Packet) -> Self {
        if let Some(free) = self.packets.iter_mut().find(|place| place.is_none()) {
            *free = Some(packet);
        }
        self.packets.sort();
        self
    }

    pub(super) fn without(mut self, packet: Packet) -> Self {
        if let Some(place) = self.packets.iter_mut().find(|place| **place == Some(packet)) {
            *place = None;
        }
        self.packets.sort();
        self
    }
}
