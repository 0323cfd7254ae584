//! Pushes what waits to a connected device: urgent first, a share for the rest, never more than the device can take.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::{Link, LinkError, SendHalf, finish, write_frame};
use causeway_common::ids::DeviceId;
use causeway_common::limits::{PUSH_STREAMS_MAX, PUSH_TIMEOUT, PUSHES_IN_FLIGHT_MAX};
use causeway_common::priority::Priority;
use causeway_common::wire::Frame;
use tokio::task::JoinSet;

use crate::hub::Outlet;
use crate::mailbox::Waiting;
use crate::patience::Patient;
use crate::{Refused, Relay};

/// Out of this many pushes, each lower class that waits gets one.
const SHARE_ROUND: usize = 8;
/// Part of the window that P2 and P3 leave free, so that a device busy with routine packets gets an alarm at once.
const URGENT_WINDOW: usize = 8;
/// Part of the push streams that P2 and P3 leave free.
const URGENT_STREAMS: usize = 2;
/// Copies read ahead per class: 1.8 KB each.
const READ_AHEAD: usize = 8;
/// A free push stream comes within this time, or the device is stuck: a full window of 1 MiB at 4 KiB/s.
const STREAM_PATIENCE: Duration = Duration::from_secs(256);
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
    pushes: JoinSet<Result<(), LinkError>>,
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
            let store_failed = self.push_what_fits().is_err();
            let outlet = Arc::clone(&self.outlet);
            tokio::select! {
                () = outlet.woken() => {}
                Some(pushed) = self.pushes.join_next() => {
                    if let Ok(Err(error)) = pushed {
                        return error;
                    }
                }
                () = tokio::time::sleep(STORE_RETRY), if store_failed => {}
                error = self.link.closed() => return error,
            }
        }
    }

    fn push_what_fits(&mut self) -> Result<(), Refused> {
        while let Some(waiting) = self.next()? {
            if self.outlet.begin(waiting.envelope) {
                let (relay, link) = (Arc::clone(&self.relay), Arc::clone(&self.link));
                self.pushes.spawn(push(relay, link, self.device, Arc::clone(&self.outlet), waiting));
            }
        }
        Ok(())
    }

    /// The next copy to push, if there is one and room for it.
    fn next(&mut self) -> Result<Option<Waiting>, Refused> {
        let (in_flight, streams) = (self.outlet.in_flight(), self.pushes.len());
        let room = |window: usize, stream: usize| {
            in_flight + window < PUSHES_IN_FLIGHT_MAX && streams + stream < PUSH_STREAMS_MAX as usize
        };
        if !room(0, 0) {
            return Ok(None);
        }
        let allowed =
            if room(URGENT_WINDOW, URGENT_STREAMS) { &Priority::ALL[..] } else { &Priority::ALL[..2] };
        let mut waits = [false; 4];
        for (class, priority) in allowed.iter().enumerate() {
            waits[class] = self.queues[class].fill(&self.relay, self.device, *priority)?;
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

/// Which class goes next: the most urgent one that waits, but the last turns of a round belong to the lower classes,
/// one each.
fn whose_turn(turn: usize, waits: [bool; 4]) -> Option<usize> {
    let own = (turn + Priority::ALL.len()).checked_sub(SHARE_ROUND).filter(|class| waits[*class]);
    own.or_else(|| waits.iter().position(|waits| *waits))
}

async fn push(
    relay: Arc<Relay>,
    link: Arc<dyn Link>,
    device: DeviceId,
    outlet: Arc<Outlet>,
    waiting: Waiting,
) -> Result<(), LinkError> {
    let (envelope, priority) = (waiting.envelope, waiting.priority);
    match relay.push_of(device, waiting).await {
        Ok(Some(frame)) => send(&*link, priority.stream_priority(), &frame).await,
        Ok(None) => {
            outlet.settle(&[envelope]);
            Ok(())
        }
        Err(refused) => {
            // It stays in the queue: the next connection tries again, and its sender hears of an expiry.
            tracing::warn!(code = ?refused.0, "a packet cannot be read from the store");
            outlet.settle(&[envelope]);
            Ok(())
        }
    }
}

/// Sends one frame on a stream of its own. Takes as long as it must, while it moves.
pub(crate) async fn send<F: Frame>(link: &dyn Link, priority: i32, frame: &F) -> Result<(), LinkError> {
    let stream = tokio::time::timeout(STREAM_PATIENCE, link.open_uni(priority));
    let stream = stream.await.map_err(|_| LinkError::TimedOut)??;
    let mut stream: SendHalf = Box::new(Patient::new(stream, PUSH_TIMEOUT));
    write_frame(&mut stream, frame).await?;
    finish(&mut stream).await
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
}
