//! Commands of one open home take turns: each reads what is there, decides by it and writes, and two that decide by the same
//! would promise the same bed twice.
//!
//! A command has a thread of its own ([`super::apart`]), so a turn is waited for on that thread. While a person is asked, or a
//! file is read that somebody else's terminal has, nobody waits for that person ([`set_aside`]).

use std::cell::RefCell;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

/// Whose turn it is. One for each open home.
#[derive(Debug, Default)]
pub(crate) struct Turns {
    taken: Mutex<bool>,
    free: Condvar,
}

thread_local! {
    static HELD: RefCell<Option<Taken>> = const { RefCell::new(None) };
}

/// Ends the turn that this thread has.
#[must_use]
pub(crate) struct Turn(());

struct Taken(Arc<Turns>);

impl Turns {
    /// Waits for a turn, on this thread; none if this thread has one already.
    pub(crate) fn wait(self: &Arc<Self>) -> Option<Turn> {
        if HELD.with_borrow(Option::is_some) {
            return None;
        }
        let taken = self.take();
        HELD.with_borrow_mut(|held| *held = Some(taken));
        Some(Turn(()))
    }

    fn take(self: &Arc<Self>) -> Taken {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.free.wait_while(taken, |taken| *taken);
        *waited.unwrap_or_else(PoisonError::into_inner) = true;
        Taken(Arc::clone(self))
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        *self.0.taken.lock().unwrap_or_else(PoisonError::into_inner) = false;
        self.0.free.notify_one();
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        drop(HELD.take());
    }
}

/// Waits for somebody, and lets others have their turns meanwhile.
pub(crate) fn set_aside<T>(waiting: impl FnOnce() -> T) -> T {
    let turns = HELD.with_borrow(|held| held.as_ref().map(|taken| Arc::clone(&taken.0)));
    drop(HELD.take());
    let done = waiting();
    if let Some(turns) = turns {
        let taken = turns.take();
        HELD.with_borrow_mut(|held| *held = Some(taken));
    }
    done
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{RecvTimeoutError, channel};
    use std::time::Duration;

    use super::*;

    #[test]
    fn one_has_its_turn_at_a_time_and_gives_it_away_while_it_waits_for_somebody() {
        let turns = Arc::new(Turns::default());
        let (tell, heard) = channel();
        let turn = turns.wait().unwrap();
        assert!(turns.wait().is_none(), "a command within a command has the same turn");
        let other = std::thread::spawn({
            let turns = Arc::clone(&turns);
            move || {
                let turn = turns.wait();
                tell.send("its turn").unwrap();
                drop(turn);
            }
        });
        let early = heard.recv_timeout(Duration::from_millis(100));
        assert_eq!(early, Err(RecvTimeoutError::Timeout));
        assert_eq!(set_aside(|| heard.recv().unwrap()), "its turn");
        other.join().unwrap();
        assert!(*turns.taken.lock().unwrap(), "it has its turn again");
        drop(turn);
        assert!(!*turns.taken.lock().unwrap());
        assert_eq!(set_aside(|| 5), 5);
        assert!(!*turns.taken.lock().unwrap(), "nobody had a turn, so nobody gets one");
    }
}
