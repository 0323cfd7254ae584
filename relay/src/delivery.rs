//! Pushes what waits to a connected device: urgent first, a share for the rest, never more than the device can take.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::{Link, LinkError, Patient, SendHalf, finish};
use causeway_common::crash;
use causeway_common::ids::DeviceId;
use causeway_common::limits::{PUSH_STREAMS_MAX, PUSH_TIMEOUT, PUSHES_IN_FLIGHT_MAX, WINDOW_PATIENCE};
use causeway_common::priority::Priority;
use causeway_common::wire::{Frame, encode_frame};
use tokio::io::AsyncWriteExt as _;
use tokio::task::JoinSet;

use crate::hub::Outlet;
use crate::mailbox::Waiting;
use crate::{Refused, Relay};

/// Out of this many pushes, each lower class that waits gets one.
const SHARE_ROUND: usize = 8;
/// Part of the window that a class and those below it leave free together, so that a device busy with routine
/// packets gets an alarm at once.
const WINDOW_KEPT: [usize; 4] = [0, 4, 8, 8];
/// Part of the push streams that they leave free.
const STREAMS_KEPT: [usize; 4] = [0, 1, 2, 2];
/// Copies read ahead per class: 1.8 KB each.
const READ_AHEAD: usize = 8;
/// After the store failed to answer.
const STORE_RETRY: Duration = Duration::from_secs(1);

/// Pushes until the connection ends. Returns when it does, or when the device takes nothing any more.
pub(crate) async fn run(relay: Arc<Relay>, link: Arc<dyn Link>, device: DeviceId) -> LinkError {
    let outlet = relay.hub.join(device);
    let mut delivery = Delivery {
        relay: Arc::clone(&relay),
        link,
        device,
        outlet: Arc::clone(&outlet),
        queues: Default::default(),
        turn: 0,
        pushes: JoinSet::new(),
        pushing: [0; 4],
    };
    let ended = delivery.run().await;
    relay.hub.leave(device, &outlet);
    ended
}

struct Delivery {
    relay: Arc<Relay>,
    link: Arc<dyn Link>,
    device: DeviceId,
    outlet: Arc<Outlet>,
    queues: [Queue; 4],
    turn: usize,
    pushes: JoinSet<(Priority, Result<(), LinkError>)>,
    /// Pushes under way, per class.
    pushing: [usize; 4],
}

/// One class of the device's queue: what is read ahead, and where reading goes on.
#[derive(Default)]
struct Queue {
    ahead: VecDeque<Waiting>,
    after: Option<Vec<u8>>,
}

impl Delivery {
    async fn run(&mut self) -> LinkError {
        loop {
            // Seldom under way, and longer than all the rest: it does not lie in every idle connection.
            let store_failed = match Box::pin(self.push_what_fits()).await {
                Ok(store_failed) => store_failed,
                Err(ended) => return ended,
            };
            let outlet = Arc::clone(&self.outlet);
            tokio::select! {
                biased;
                () = outlet.woken() => {}
                Some(pushed) = self.pushes.join_next() => match pushed {
                    Ok((_, Err(stuck @ LinkError::TimedOut))) => return stuck,
                    // A device that stops one stream keeps its other packets; a broken connection ends below.
                    Ok((priority, _)) => self.pushing[usize::from(u8::from(priority))] -= 1,
                    Err(_) => return LinkError::Broken("a push did not finish".into()),
                },
                () = tokio::time::sleep(STORE_RETRY), if store_failed => {}
                error = self.link.closed() => return error,
            }
        }
    }

    /// Starts pushes while there is room. `true`: the store did not answer. Bodies are read and streams opened here, in
    /// order: the device sees the most urgent one first.
    async fn push_what_fits(&mut self) -> Result<bool, LinkError> {
        loop {
            let waiting = match self.next() {
                Ok(Some(waiting)) => waiting,
                Ok(None) => return Ok(false),
                Err(_) => return Ok(true),
            };
            let (envelope, priority) = (waiting.envelope, waiting.priority);
            if !self.outlet.begin(envelope, priority) {
                continue;
            }
            match self.relay.push_of(waiting).await {
                Ok(Some(frame)) => {
                    // There is room for it: no more pushes are under way than the device allows streams.
                    let stream = open(&*self.link, priority.stream_priority()).await?;
                    self.pushing[usize::from(u8::from(priority))] += 1;
                    self.pushes.spawn(async move {
                        let written = write(stream, &frame).await;
                        crash::at("relay.pushed");
                        (priority, written)
                    });
                }
                Ok(None) => self.outlet.settle(&[envelope]),
                Err(refused) => {
                    // It stays in the queue: the next connection tries again, and its sender hears of an expiry.
                    tracing::warn!(code = ?refused.0, "a packet cannot be read from the store");
                    self.outlet.settle(&[envelope]);
                }
            }
        }
    }

    /// The next copy to push, if there is one and room for it.
    fn next(&mut self) -> Result<Option<Waiting>, Refused> {
        let in_flight = self.outlet.in_flight();
        let mut waits = [false; 4];
        for (class, priority) in Priority::ALL.into_iter().enumerate() {
            let room = has_room(class, in_flight, WINDOW_KEPT, PUSHES_IN_FLIGHT_MAX)
                && has_room(class, self.pushing, STREAMS_KEPT, PUSH_STREAMS_MAX as usize);
            waits[class] = room && self.queues[class].fill(&self.relay, self.device, priority)?;
        }
        let Some(class) = whose_turn(self.turn, waits) else { return Ok(None) };
        self.turn = (self.turn + 1) % SHARE_ROUND;
        Ok(self.queues[class].ahead.pop_front())
    }
}

impl Queue {
    /// Reads ahead if nothing is; whether something waits.
    fn fill(&mut self, relay: &Relay, device: DeviceId, priority: Priority) -> Result<bool, Refused> {
        if self.ahead.is_empty() {
            let (copies, last) = relay.waiting(device, priority, self.after.as_deref(), READ_AHEAD)?;
            self.ahead.extend(copies);
            self.after = last.or_else(|| self.after.take());
        }
        Ok(!self.ahead.is_empty())
    }
}

/// Whether one more of this class leaves the more urgent ones what is kept for them.
fn has_room(class: usize, used: [usize; 4], kept: [usize; 4], all: usize) -> bool {
    (0..=class).all(|level| used[level..].iter().sum::<usize>() + kept[level] < all)
}

/// Which class goes next: the most urgent one that waits, but the last turns of a round belong to the lower classes,
/// one each.
fn whose_turn(turn: usize, waits: [bool; 4]) -> Option<usize> {
    let own = (turn + Priority::ALL.len()).checked_sub(SHARE_ROUND).filter(|class| waits[*class]);
    own.or_else(|| waits.iter().position(|waits| *waits))
}

/// Sends one frame on a stream of its own. Takes as long as it must, while it moves.
pub(crate) async fn send<F: Frame>(link: &dyn Link, priority: i32, frame: &F) -> Result<(), LinkError> {
    write(open(link, priority).await?, frame).await
}

async fn open(link: &dyn Link, priority: i32) -> Result<SendHalf, LinkError> {
    tokio::time::timeout(WINDOW_PATIENCE, link.open_uni(priority)).await.map_err(|_| LinkError::TimedOut)?
}

async fn write<F: Frame>(stream: SendHalf, frame: &F) -> Result<(), LinkError> {
    let mut stream = Patient::new(stream, PUSH_TIMEOUT);
    let broken = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::TimedOut => LinkError::TimedOut,
        kind => LinkError::Broken(kind.to_string()),
    };
    stream.write_all(&encode_frame(frame)).await.map_err(broken)?;
    let mut stream = stream.into_inner();
    tokio::time::timeout(WINDOW_PATIENCE, finish(&mut stream)).await.map_err(|_| LinkError::TimedOut)?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_that_waits_gets_a_turn_and_the_most_urgent_gets_the_rest() {
        let round = |waits| (0..SHARE_ROUND).map(|turn| whose_turn(turn, waits)).collect::<Vec<_>>();
        let count = |waits, class| round(waits).into_iter().filter(|c| *c == Some(class)).count();
        let all = [true; 4];
        assert_eq!([count(all, 0), count(all, 1), count(all, 2), count(all, 3)], [5, 1, 1, 1]);
        assert_eq!(whose_turn(0, all), Some(0));
        let lower = [false, false, true, true];
        assert_eq!([count(lower, 2), count(lower, 3)], [7, 1]);
        assert_eq!(round([false; 4]), [None; SHARE_ROUND]);
    }

    #[test]
    fn less_urgent_classes_leave_room_and_are_not_shut_out() {
        let room = |class, used| has_room(class, used, WINDOW_KEPT, PUSHES_IN_FLIGHT_MAX);
        assert!(room(3, [0, 0, 0, 23]) && !room(3, [0, 0, 0, 24]) && room(1, [0, 0, 0, 24]));
        assert!(room(3, [0, 27, 0, 0]), "a full class of P1 does not shut out P3");
        assert!(!room(1, [0, 28, 0, 0]) && room(0, [0, 28, 0, 0]));
        assert!(!room(0, [32, 0, 0, 0]) && !room(3, [32, 0, 0, 0]));
    }
}
