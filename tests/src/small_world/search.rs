//! All states of a small world, nearest first.

use std::collections::HashSet;
use std::fmt;

use super::state::{PACKETS_MAX, Packet, State};
use super::views::{Judged, View, World};
use super::{Scope, name, paper};

/// What no state may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Property {
    /// A lost device has opened a packet whose sender knew that it is lost.
    OpenedByLost,
    /// A client has taken a packet whose sender held something else than the beginning of what it holds itself, and neither
    /// of the two knows.
    OtherHistory,
    /// Two clients have compared their heads, hold different histories, and neither knows.
    Unnoticed,
    /// A packet of a lost device is taken as its organisation's word by a client that knows it is lost.
    WordOfLost,
}

/// A way to a state that must not be.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Counterexample {
    /// What is wrong.
    pub property: Property,
    /// What happens, step by step.
    pub steps: Vec<String>,
}

/// What was seen on the way: a property says little of a world in which nothing happens.
#[derive(Clone, Copy, Debug, Default)]
#[non_exhaustive]
pub struct Explored {
    /// Different states.
    pub states: usize,
    /// Steps between them.
    pub steps: usize,
    /// Different things that a client may hold.
    pub views: usize,
    /// Packets accepted whose recipient knows of a loss.
    pub accepted: usize,
    /// Packets that had to wait for the directory.
    pub held: usize,
    /// Contradictions that clients met in packets.
    pub split: usize,
    /// Packets that a lost device opened, as their senders knew no better.
    pub opened_by_lost: usize,
}

#[derive(Clone, Copy)]
enum Step {
    Learns(usize, usize),
    SeesContradiction(usize),
    Seals(Packet),
    Takes(Packet, Judged),
    LostOpens(Packet),
    Vanishes(Packet),
    Compare(usize, usize),
}

struct Search<'a> {
    world: &'a World,
    scope: &'a Scope,
    /// Each state, the number of the one before it, and the step between them.
    seen: Vec<(State, usize, Option<Step>)>,
    found: HashSet<State>,
    explored: Explored,
}

pub(super) fn explore(world: &World, scope: &Scope) -> Result<Explored, Counterexample> {
    words_of_lost(world)?;
    let first = State { views: [0; paper::ORGS], know: 0, packets: [None; PACKETS_MAX] };
    let mut search = Search {
        world,
        scope,
        seen: vec![(first, 0, None)],
        found: HashSet::from([first]),
        explored: Explored { views: world.views.len(), ..Explored::default() },
    };
    let mut at = 0;
    while at < search.seen.len() {
        search.expand(at)?;
        at += 1;
    }
    search.explored.states = search.seen.len();
    Ok(search.explored)
}

/// Thieves send under every head there is; what becomes of that depends on the recipient's view alone.
fn words_of_lost(world: &World) -> Result<(), Counterexample> {
    let paper = &world.paper;
    for (number, view) in world.views.iter().enumerate() {
        for (org, device) in paper.events.iter().filter_map(|entry| entry.lost) {
            if !paper.says_lost(view.log, org, device) {
                continue;
            }
            let id = paper.orgs[org].devices[device].id;
            for log in 0..paper.logs.len() {
                if world.judge(number, org, id, log, log) == Judged::Accepted {
                    let thief =
                        format!("device {} of {} sends under {}", device + 1, name(org), words(world, log));
                    let steps = vec![format!("a client learns {}", held(world, view)), thief];
                    return Err(Counterexample { property: Property::WordOfLost, steps });
                }
            }
        }
    }
    Ok(())
}

impl Search<'_> {
    fn expand(&mut self, at: usize) -> Result<(), Counterexample> {
        let state = self.seen[at].0;
        for client in (0..self.scope.clients).filter(|client| !state.knows(*client)) {
            self.show(at, client);
            for to in (0..self.scope.clients).filter(|to| *to != client) {
                self.seal(at, client, to);
                self.compare(at, client, to)?;
            }
        }
        for packet in state.packets.into_iter().flatten() {
            self.take(at, packet)?;
            self.hand_to_lost(at, packet)?;
            // A relay may keep it for ever: others come into its place.
            self.reach(at, Step::Vanishes(packet), state.without(packet));
        }
        Ok(())
    }

    /// The relay answers a client that fetches.
    fn show(&mut self, at: usize, client: usize) {
        let state = self.seen[at].0;
        let world = self.world;
        let view = &world.views[usize::from(state.views[client])];
        for next in &view.next {
            let mut learned = state;
            learned.views[client] = u16::try_from(*next).unwrap();
            self.reach(at, Step::Learns(client, *next), learned);
        }
        if view.can_split {
            self.reach(at, Step::SeesContradiction(client), state.and_knows(client));
        }
    }

    fn seal(&mut self, at: usize, from: usize, to: usize) {
        let state = self.seen[at].0;
        let under_way = state.packets.iter().flatten().count();
        if under_way == self.scope.packets {
            return;
        }
        let view = self.view(state, from);
        let short = |number: usize| u16::try_from(number).unwrap();
        let (log, head) = (short(view.log), short(view.head));
        for wraps in view.seals[to].clone() {
            let [from, to] = [from, to].map(|org| u8::try_from(org).unwrap());
            let packet = Packet { from, to, wraps, log, head };
            self.reach(at, Step::Seals(packet), state.with(packet));
        }
    }

    /// The relay gives a packet to the client that it is for.
    fn take(&mut self, at: usize, packet: Packet) -> Result<(), Counterexample> {
        let state = self.seen[at].0;
        let (from, to) = (usize::from(packet.from), usize::from(packet.to));
        if state.knows(to) {
            return Ok(());
        }
        let (log, head) = (usize::from(packet.log), usize::from(packet.head));
        let judged = self.world.judged(state.views[to].into(), from, log, head);
        let step = Step::Takes(packet, judged);
        match judged {
            Judged::Accepted | Judged::KeptApart => {
                let paper = &self.world.paper;
                let mine = &paper.logs[self.view(state, to).log];
                if !paper.logs[log].begins(mine) && !state.knows(from) {
                    return Err(self.counterexample(at, step, Property::OtherHistory));
                }
                let knows_of_loss = mine.events.iter().any(|event| paper.events[*event].lost.is_some());
                self.explored.accepted += usize::from(judged == Judged::Accepted && knows_of_loss);
                self.reach(at, step, state.without(packet));
            }
            Judged::Held => self.explored.held += 1,
            Judged::Refused => self.reach(at, step, state.without(packet)),
            Judged::Split => {
                self.explored.split += 1;
                self.reach(at, step, state.without(packet).and_knows(to));
            }
        }
        Ok(())
    }

    /// The relay gives a packet to whoever has a device that is lost sooner or later.
    fn hand_to_lost(&mut self, at: usize, packet: Packet) -> Result<(), Counterexample> {
        let (org, paper) = (usize::from(packet.to), &self.world.paper);
        for device in (0..paper.orgs[org].devices.len()).filter(|device| packet.wraps & (1 << device) != 0) {
            if paper.says_lost(packet.log.into(), org, device) {
                return Err(self.counterexample(at, Step::LostOpens(packet), Property::OpenedByLost));
            }
            self.explored.opened_by_lost += usize::from(paper.is_ever_lost(org, device));
        }
        Ok(())
    }

    /// Two clients compare their heads by another way than the relay.
    fn compare(&mut self, at: usize, one: usize, other: usize) -> Result<(), Counterexample> {
        let state = self.seen[at].0;
        if one > other || state.knows(other) {
            return Ok(());
        }
        let views = [one, other].map(|client| self.view(state, client));
        let logs = views.map(|view| &self.world.paper.logs[view.log]);
        let step = Step::Compare(one, other);
        let mut after = state;
        for (mine, theirs, client) in [(views[0], logs[1], one), (views[1], logs[0], other)] {
            if mine.agrees_with(theirs) == Some(false) {
                after = after.and_knows(client);
            }
        }
        let same = logs[0].begins(logs[1]) || logs[1].begins(logs[0]);
        if !same && after == state {
            return Err(self.counterexample(at, step, Property::Unnoticed));
        }
        self.reach(at, step, after);
        Ok(())
    }

    fn view(&self, state: State, client: usize) -> &View {
        &self.world.views[usize::from(state.views[client])]
    }

    fn reach(&mut self, from: usize, step: Step, state: State) {
        self.explored.steps += 1;
        if self.found.insert(state) {
            self.seen.push((state, from, Some(step)));
        }
    }

    fn counterexample(&self, at: usize, last: Step, property: Property) -> Counterexample {
        let mut steps = vec![self.words(last)];
        let mut at = at;
        while let (_, before, Some(step)) = self.seen[at] {
            steps.push(self.words(step));
            at = before;
        }
        steps.reverse();
        Counterexample { property, steps }
    }

    fn words(&self, step: Step) -> String {
        let world = self.world;
        let packet = |packet: Packet| {
            let devices: Vec<String> = (0..8)
                .filter(|device| packet.wraps & (1 << device) != 0)
                .map(|device| format!("{}{}", name(packet.to.into()), device + 1))
                .collect();
            let under = words(world, packet.log.into());
            format!("the packet of {} for {} under {under}", name(packet.from.into()), devices.join(" and "))
        };
        match step {
            Step::Learns(client, view) => {
                format!("{} learns {}", name(client), held(world, &world.views[view]))
            }
            Step::SeesContradiction(client) => format!("{} is shown a contradiction", name(client)),
            Step::Seals(sealed) => format!("{} seals {}", name(sealed.from.into()), packet(sealed)),
            Step::Takes(taken, judged) => {
                format!("{} takes {}: {judged:?}", name(taken.to.into()), packet(taken))
            }
            Step::LostOpens(opened) => format!("a lost device opens {}", packet(opened)),
            Step::Vanishes(kept) => format!("the relay keeps {}", packet(kept)),
            Step::Compare(one, other) => format!("{} and {} compare heads", name(one), name(other)),
        }
    }
}

/// A log as its events.
fn words(world: &World, log: usize) -> String {
    let events: Vec<String> = world.paper.logs[log]
        .events
        .iter()
        .map(|event| world.paper.events[*event].event.to_string())
        .collect();
    format!("[{}]", events.join(", "))
}

/// What a client holds.
fn held(world: &World, view: &View) -> String {
    let missing = view.missing_rosters();
    let without = if missing == 0 { String::new() } else { format!(" without {missing} of its rosters") };
    format!("{}{without}", words(world, view.log))
}

impl fmt::Display for Counterexample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:?}:", self.property)?;
        self.steps.iter().try_for_each(|step| writeln!(f, "  {step}"))
    }
}
