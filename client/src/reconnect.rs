//! Staying connected: when a connection ends, the next one is made after a pause that grows with every failure and is
//! never the same for two devices, so that a relay that comes back is not run over.

use std::sync::Arc;
use std::time::Duration;

use causeway_certs::transport::{Dialer, LinkError};
use tokio::time::Instant;

use crate::engine::Engine;
use crate::session::{self, Report, SessionError, Stay};

/// The first pause is at most this long.
const PAUSE_FIRST: Duration = Duration::from_millis(500);
/// No pause is longer: an alert waits at most a minute for a device whose relay is back.
const PAUSE_MAX: Duration = Duration::from_secs(60);
/// Doublings after which the longest pause is reached in any case.
const DOUBLINGS_MAX: u32 = 10;

/// Sessions, one after the other, for at most `time`; the first that comes to its own end is the last. `told` hears how
/// long each pause is and why it is made. Dropping the future loses nothing: what had been answered is durable.
///
/// # Errors
/// The last session's, when trying again does not help or no time is left for it.
pub async fn stay(
    engine: &Arc<Engine>,
    dialer: &dyn Dialer,
    time: Duration,
    told: impl Fn(Duration, Option<&SessionError>),
) -> Result<Report, SessionError> {
    let until = Instant::now() + time;
    let (mut failures, mut total) = (0, Report::default());
    loop {
        let begun = Instant::now();
        let left = until.saturating_duration_since(begun);
        let ended = session::run(engine, dialer, Stay::For(left)).await;
        // A connection that stood for a while was a good one: the pauses begin anew.
        failures = if begun.elapsed() > PAUSE_MAX { 1 } else { failures + 1 };
        let pause = match &ended {
            Ok(report) => {
                total = total.followed_by(*report);
                match report.return_after {
                    Some(pause) => pause,
                    None => return Ok(total),
                }
            }
            Err(error) if may_pass(error) => pause(failures, &engine.random().await),
            Err(_) => return ended,
        };
        if Instant::now() + pause >= until {
            return ended.map(|_| total);
        }
        told(pause, ended.as_ref().err());
        tokio::time::sleep(pause).await;
    }
}

/// Whether trying again can help.
fn may_pass(error: &SessionError) -> bool {
    match error {
        SessionError::Link(link) => *link != LinkError::Unauthenticated,
        SessionError::Refused(code) => code.retryable(),
        _ => false,
    }
}

/// Between half and all of the first pause, doubled with every further failure.
fn pause(failures: u32, random: &[u8; 32]) -> Duration {
    let longest =
        PAUSE_FIRST.saturating_mul(1 << failures.saturating_sub(1).min(DOUBLINGS_MAX)).min(PAUSE_MAX);
    let spread = f64::from(u16::from_le_bytes([random[0], random[1]])) / f64::from(u16::MAX);
    longest.mul_f64(0.5 + spread / 2.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_a_minute_and_differ_between_devices() {
        for failures in 1..100 {
            let (least, most) = (pause(failures, &[0; 32]), pause(failures, &[255; 32]));
            assert!(least >= PAUSE_FIRST / 2 && most <= PAUSE_MAX, "{failures}: {least:?} {most:?}");
            assert_eq!(least * 2, most, "{failures}");
            assert!(pause(failures + 1, &[7; 32]) >= pause(failures, &[7; 32]));
        }
        assert_eq!(pause(1, &[255; 32]), PAUSE_FIRST);
        assert_eq!(pause(99, &[255; 32]), PAUSE_MAX);
    }

    #[test]
    fn only_what_may_pass_is_tried_again() {
        assert!(may_pass(&LinkError::TimedOut.into()));
        assert!(may_pass(&LinkError::Closed(0).into()));
        assert!(!may_pass(&LinkError::Unauthenticated.into()), "another relay stands at the address");
        assert!(!may_pass(&SessionError::NotAdmitted));
        assert!(!may_pass(&SessionError::Misbehaved));
    }
}
