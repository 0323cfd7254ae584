//! Pushes what waits to a connected device: urgent first, a share for the rest, never more than the device can take.

use std::collections::HashSet;

use causeway_certs::transport::{Link, LinkError, finish, write_frame};
use causeway_common::ids::{DeviceId, EnvelopeId};
use causeway_common::limits::{PUSH_TIMEOUT, PUSHES_IN_FLIGHT_MAX};
use causeway_common::priority::Priority;
use causeway_common::wire::DirectoryChanged;

use crate::Relay;
use crate::mailbox::Waiting;

/// Out of this many pushes, each lower class that waits gets one.
const SHARE_ROUND: usize = 8;

/// Pushes until the connection ends. Returns when it does, or when a push is not taken in time.
pub async fn run(relay: &Relay, link: &dyn Link, device: DeviceId) -> LinkError {
    let bell = relay.hub.bell(device);
    let mut directory = relay.hub.directory();
    let mut in_flight = HashSet::new();
    let ended = loop {
        let rung = bell.notified();
        match push_round(relay, link, device, &mut in_flight).await {
            Err(error) => break error,
            Ok(true) => continue,
            Ok(false) => {}
        }
        tokio::select! {
            () = rung => {}
            changed = directory.changed() => {
                if changed.is_err() {
                    break LinkError::Closed(0);
                }
                let size = *directory.borrow_and_update();
                if let Err(error) = send(link, Priority::P1, &DirectoryChanged { size }).await {
                    break error;
                }
            }
            error = link.closed() => break error,
        }
    };
    relay.hub.leave(device, bell);
    ended
}

/// Pushes what fits now. `true`: there may be more.
async fn push_round(
    relay: &Relay,
    link: &dyn Link,
    device: DeviceId,
    in_flight: &mut HashSet<EnvelopeId>,
) -> Result<bool, LinkError> {
    let Ok(classes) = waiting_by_class(relay, device, in_flight) else {
        // The store does not answer; the device hears of it at its next request.
        return Ok(false);
    };
    let chosen = choose(classes, in_flight.len());
    let more = !chosen.is_empty();
    for waiting in chosen {
        let (envelope, priority) = (waiting.envelope, waiting.priority);
        if let Ok(Some(push)) = relay.push_of(waiting).await {
            in_flight.insert(envelope);
            send(link, priority, &push).await?;
        }
    }
    Ok(more)
}

/// Waiting copies per class that are not under way, after dropping from `in_flight` what has been acknowledged.
fn waiting_by_class(
    relay: &Relay,
    device: DeviceId,
    in_flight: &mut HashSet<EnvelopeId>,
) -> Result<[Vec<Waiting>; 4], crate::Refused> {
    let mut classes: [Vec<Waiting>; 4] = Default::default();
    let mut still_waiting = HashSet::new();
    for (class, priority) in classes.iter_mut().zip(Priority::ALL) {
        for waiting in relay.waiting(device, priority, 2 * PUSHES_IN_FLIGHT_MAX)? {
            if in_flight.contains(&waiting.envelope) {
                still_waiting.insert(waiting.envelope);
            } else {
                class.push(waiting);
            }
        }
    }
    *in_flight = still_waiting;
    Ok(classes)
}

/// Which to push now. P0 and P1 may use a window of their own on top, so that a device busy with routine packets
/// still gets an alarm at once.
fn choose(classes: [Vec<Waiting>; 4], in_flight: usize) -> Vec<Waiting> {
    let mut room = PUSHES_IN_FLIGHT_MAX.saturating_sub(in_flight);
    let mut urgent_room = (2 * PUSHES_IN_FLIGHT_MAX).saturating_sub(in_flight);
    let mut queues = classes.map(Vec::into_iter);
    let mut chosen = Vec::new();
    loop {
        let before = chosen.len();
        for turn in 0..SHARE_ROUND {
            // The last turns of a round belong to the lower classes, one each; the others to the most urgent.
            let first = (turn + Priority::ALL.len()).saturating_sub(SHARE_ROUND);
            let Some((class, waiting)) = next_from(&mut queues, first, room, urgent_room) else { continue };
            if class >= 2 {
                room -= 1;
            }
            room = room.min(urgent_room.saturating_sub(1));
            urgent_room -= 1;
            chosen.push(waiting);
        }
        if chosen.len() == before {
            return chosen;
        }
    }
}

/// The next copy of class `first`, or else of the most urgent class that has one.
fn next_from(
    queues: &mut [std::vec::IntoIter<Waiting>; 4],
    first: usize,
    room: usize,
    urgent_room: usize,
) -> Option<(usize, Waiting)> {
    let order = std::iter::once(first).chain(0..4);
    for class in order {
        let has_room = if class < 2 { urgent_room > 0 } else { room > 0 };
        if has_room && let Some(waiting) = queues[class].next() {
            return Some((class, waiting));
        }
    }
    None
}

async fn send<F: causeway_common::wire::Frame>(
    link: &dyn Link,
    priority: Priority,
    frame: &F,
) -> Result<(), LinkError> {
    let push = async {
        let mut stream = link.open_uni(priority.stream_priority()).await?;
        write_frame(&mut stream, frame).await?;
        finish(&mut stream).await
    };
    tokio::time::timeout(PUSH_TIMEOUT, push).await.map_err(|_| LinkError::TimedOut)?
}
