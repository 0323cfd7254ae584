//! Who comes in: a code that this program has shown, once, for one session of a browser.
//!
//! A session opens the page that asks for the passphrase and nothing more: what stands in the vault needs the passphrase. The
//! core is plain: time and randomness are handed in, and nothing here is ever written to a disk, so sessions end with the program.

use std::collections::VecDeque;
use std::time::Duration;

use axum::http::HeaderMap;
use causeway_common::store::StoreError;
use causeway_common::time::Timestamp;
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConstantTimeEq as _};
use zeroize::Zeroizing;

use super::lockout::Lockout;

pub(crate) mod cookie;
pub(crate) mod idle;

/// 128 bits: nobody guesses one, in whatever time.
const LAUNCH_BYTES: usize = 16;
/// So many numbers a person can be asked to type: eight digits.
const TERMINAL_CODES: u64 = 100_000_000;
/// A browser needs a second to start, a person half a minute to type eight digits. The browser's command line, in which a launch
/// code stands, can be read by other users of the machine: it must be worth nothing soon.
const CODE_LIFE: Duration = Duration::from_secs(60);
/// Whoever asks for more in a minute has lost sight of the earlier ones; the oldest ends. It bounds what guessing is worth: before the first delay there
/// are five attempts at four numbers of a hundred million, one chance in five million.
const CODES: usize = 4;
/// A code as anybody writes it, with blanks between its groups. Longer is none and is not looked at.
const LONGEST_CODE: usize = 64;
/// One shift. Whoever sits here tomorrow enters anew.
const SESSION_LIFE: Duration = Duration::from_secs(12 * 60 * 60);
/// A clock that is set by the network goes back by seconds. One that goes back further says nothing of how long ago something was.
const CLOCK_SLACK: Duration = Duration::from_secs(60);

/// The codes that are out and the session that is in.
#[derive(Debug, Default)]
pub(crate) struct Door {
    codes: VecDeque<Kept>,
    session: Option<Kept>,
    /// Whether that one has given the passphrase: a code alone shows nothing, even of a home that is open.
    is_trusted: bool,
}

/// What is kept of a secret: enough to know it again.
#[derive(Debug)]
struct Kept {
    hash: [u8; 32],
    since: Timestamp,
}

/// The session that a request came from, for an answer that takes longer than the session may last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Session([u8; 32]);

/// Why somebody stays outside.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Refused {
    /// After too many wrong attempts. The code was not looked at and stays good for its minute.
    #[error("too many wrong attempts: the next one in {} s", .0.as_secs())]
    Wait(Duration),
    /// No such code, or used, or older than a minute, which looks the same from outside.
    #[error("this code is not, or no longer, good")]
    Wrong,
    /// The code was wrong, and the attempt is counted in memory alone.
    #[error("the attempt cannot be counted: {0}")]
    NotCounted(StoreError),
}

impl Door {
    /// A code for the fragment of the address that a browser is started with.
    pub(crate) fn launch_code(
        &mut self,
        now: Timestamp,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Zeroizing<String> {
        let mut bytes = Zeroizing::new([0; LAUNCH_BYTES]);
        rng.fill_bytes(&mut *bytes);
        let code = Zeroizing::new(hex::encode(*bytes));
        self.hand_out(&code, now);
        code
    }

    /// A code that the terminal shows and a person types.
    pub(crate) fn terminal_code(
        &mut self,
        now: Timestamp,
        rng: &mut dyn rand_core::CryptoRng,
    ) -> Zeroizing<String> {
        // Of 2^64 numbers, 10^8 of which share the rest: no code is likelier than another by more than one part in 10^11.
        let code = Zeroizing::new(format!("{:08}", rng.next_u64() % TERMINAL_CODES));
        self.hand_out(&code, now);
        code
    }

    fn hand_out(&mut self, code: &str, now: Timestamp) {
        self.codes.retain(|kept| kept.is_within(CODE_LIFE, now));
        while self.codes.len() >= CODES {
            self.codes.pop_front();
        }
        self.codes.push_back(Kept { hash: hashed(code), since: now });
    }

    /// Lets in whoever has a good code, ends the code and the session before, and gives the text of `Set-Cookie`.
    ///
    /// A good code leaves the count of wrong attempts as it is: it says nothing of who knows the passphrase, and whoever can
    /// have codes shown could otherwise try passphrases without end.
    pub(crate) fn enter(
        &mut self,
        code: &str,
        now: Timestamp,
        rng: &mut dyn rand_core::CryptoRng,
        lockout: &mut Lockout,
    ) -> Result<Zeroizing<String>, Refused> {
        if let Some(left) = lockout.wait(now) {
            return Err(Refused::Wait(left));
        }
        if !self.use_up(code, now) {
            lockout.wrong(now).map_err(Refused::NotCounted)?;
            return Err(Refused::Wrong);
        }
        let mut secret = Zeroizing::new([0; cookie::SECRET]);
        rng.fill_bytes(&mut *secret);
        self.is_trusted = false;
        self.session = Some(Kept { hash: Sha256::digest(*secret).into(), since: now });
        Ok(cookie::begins(&secret))
    }

    /// Whether this is a code that is out, which it is no longer.
    fn use_up(&mut self, code: &str, now: Timestamp) -> bool {
        self.codes.retain(|kept| kept.is_within(CODE_LIFE, now));
        if code.len() > LONGEST_CODE {
            return false;
        }
        let hash = hashed(code);
        let before = self.codes.len();
        // All are compared, in the same time, whichever it is.
        self.codes.retain(|kept| !bool::from(kept.hash.ct_eq(&hash)));
        self.codes.len() < before
    }

    /// Whether a request comes from the one browser that is in. Other cookies of the same name do no harm.
    pub(crate) fn is_inside(&self, headers: &HeaderMap, now: Timestamp) -> bool {
        let Some(session) = self.session.as_ref().filter(|kept| kept.is_within(SESSION_LIFE, now)) else {
            return false;
        };
        let matching = cookie::secrets(headers).map(|secret| {
            let hash: [u8; 32] = Sha256::digest(*secret).into();
            session.hash.ct_eq(&hash)
        });
        matching.fold(Choice::from(0), |any, this| any | this).into()
    }

    /// The session that is in.
    pub(crate) fn session(&self) -> Option<Session> {
        self.session.as_ref().map(|kept| Session(kept.hash))
    }

    /// This session has given the passphrase. Says whether it is still the one that is in.
    pub(crate) fn trust(&mut self, session: Session) -> bool {
        let is_in = self.session() == Some(session);
        self.is_trusted |= is_in;
        is_in
    }

    /// The home is locked: whoever is in gives the passphrase again.
    pub(crate) fn distrust(&mut self) {
        self.is_trusted = false;
    }

    /// Whether the session that is in has given the passphrase.
    pub(crate) fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// Ends the session and whatever codes are out, and gives the text of `Set-Cookie` that makes the browser forget.
    pub(crate) fn leave(&mut self) -> &'static str {
        (self.session, self.is_trusted) = (None, false);
        self.codes.clear();
        cookie::ENDS
    }
}

impl Kept {
    fn is_within(&self, life: Duration, now: Timestamp) -> bool {
        now.plus(CLOCK_SLACK) >= self.since && now.since(self.since) < life
    }
}

/// The hash of a code as it was meant: people write blanks and dashes between groups, and some keyboards begin with a capital.
fn hashed(code: &str) -> [u8; 32] {
    let meant: Zeroizing<String> = Zeroizing::new(
        code.chars().filter(|c| !c.is_whitespace() && *c != '-').map(|c| c.to_ascii_lowercase()).collect(),
    );
    Sha256::digest(meant.as_bytes()).into()
}

#[cfg(test)]
mod tests;
