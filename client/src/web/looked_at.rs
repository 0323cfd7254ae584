//! What somebody has looked at before it goes, so that what goes is what was looked at, and goes once: a second click, a page
//! that is loaded anew and two windows at once all lead to the one that was sent.
//!
//! It is in memory alone. After a restart a form is looked at once more, which is what somebody wants who does not know whether
//! it went.

use std::collections::VecDeque;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;
use tokio::sync::{Mutex, OwnedMutexGuard};

use crate::cli::failure::Failure;

/// Forms that somebody has looked at and not sent, or sent a moment ago: more than one person has open.
const KEPT: usize = 32;
const KEY_BYTES: usize = 16;

/// The forms that were looked at, the newest last.
#[derive(Clone, Default)]
pub(crate) struct LookedAt(Arc<Mutex<VecDeque<One>>>);

struct One {
    key: String,
    of: [u8; 32],
    /// Where it has led to.
    sent: Option<String>,
}

/// What may be done with a form.
pub(crate) enum Form {
    /// It was looked at as it is: it may go, and nothing else goes meanwhile.
    Ready(Going),
    /// It has gone already, and led here.
    Sent(String),
    /// It is another one than was looked at, or was not looked at.
    New,
}

/// A form that goes.
pub(crate) struct Going {
    kept: OwnedMutexGuard<VecDeque<One>>,
    key: String,
}

impl LookedAt {
    /// Somebody sees this form: gives the key with which it may go.
    pub(crate) async fn look(
        &self,
        fields: &[String],
        rng: &mut (dyn rand_core::CryptoRng + Send),
    ) -> String {
        let mut bytes = [0; KEY_BYTES];
        rng.fill_bytes(&mut bytes);
        let key = hex::encode(bytes);
        let mut kept = self.0.lock().await;
        make_room(&mut kept);
        kept.push_back(One { key: key.clone(), of: hashed(fields), sent: None });
        key
    }

    /// A form that says itself what was looked at, by its fields. Waits while another one goes.
    ///
    /// # Errors
    /// It has gone already, and led here.
    pub(crate) async fn once(&self, fields: &[String]) -> Result<Going, String> {
        let (of, mut kept) = (hashed(fields), Arc::clone(&self.0).lock_owned().await);
        match kept.iter().find(|one| one.of == of) {
            Some(One { sent: Some(place), .. }) => Err(place.clone()),
            Some(One { key, .. }) => {
                let key = key.clone();
                Ok(Going { kept, key })
            }
            None => {
                let key = hex::encode(of);
                make_room(&mut kept);
                kept.push_back(One { key: key.clone(), of, sent: None });
                Ok(Going { kept, key })
            }
        }
    }

    /// Whether a form with this key may go. Waits while another one goes.
    pub(crate) async fn go(&self, key: &str, fields: &[String]) -> Form {
        let kept = Arc::clone(&self.0).lock_owned().await;
        let found = kept.iter().find(|one| bool::from(one.key.as_bytes().ct_eq(key.as_bytes())));
        match found.filter(|one| one.of == hashed(fields)) {
            Some(One { sent: Some(place), .. }) => Form::Sent(place.clone()),
            Some(_) => Form::Ready(Going { kept, key: key.to_owned() }),
            None => Form::New,
        }
    }
}

impl Going {
    /// Sends it and gives where it leads, whether or not somebody waits for the answer: a browser that has left asks again.
    ///
    /// # Errors
    /// Those of `sending`; it has not gone then and may be tried again.
    pub(crate) async fn carry_out(
        self,
        sending: impl Future<Output = Result<String, Failure>> + Send + 'static,
    ) -> Result<String, Failure> {
        let sent = tokio::spawn(async move {
            let place = sending.await?;
            self.sent(&place);
            Ok(place)
        });
        sent.await.map_err(Failure::internal)?
    }

    fn sent(mut self, place: &str) {
        if let Some(one) = self.kept.iter_mut().find(|one| one.key == self.key) {
            one.sent = Some(place.to_owned());
        }
    }
}

fn make_room(kept: &mut VecDeque<One>) {
    while kept.len() >= KEPT {
        kept.pop_front();
    }
}

fn hashed(fields: &[String]) -> [u8; 32] {
    let mut hash = Sha256::new();
    for field in fields {
        hash.update(field.len().to_le_bytes());
        hash.update(field.as_bytes());
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_looked_at_goes_once_and_nothing_else_goes() {
        let (looked_at, mut rng) = (LookedAt::default(), crate::test_rng(1));
        let fields = ["send".to_owned(), "--to=police".to_owned()];
        let key = looked_at.look(&fields, &mut rng).await;
        let changed = ["send".to_owned(), "--to=others".to_owned()];
        assert!(matches!(looked_at.go(&key, &changed).await, Form::New));
        assert!(matches!(looked_at.go("yes", &fields).await, Form::New));
        // Two at once: the second waits, and hears where the first one led.
        let Form::Ready(going) = looked_at.go(&key, &fields).await else { panic!("it was looked at") };
        let second = tokio::spawn({
            let (looked_at, key, fields) = (looked_at.clone(), key.clone(), fields.clone());
            async move { looked_at.go(&key, &fields).await }
        });
        going.sent("/item/1");
        assert!(matches!(second.await.unwrap(), Form::Sent(place) if place == "/item/1"));
        // One that says itself what was looked at goes once, too.
        let Ok(going) = looked_at.once(&changed).await else { panic!("it has not gone") };
        let failed = going.carry_out(async { Err(Failure::internal("no")) }).await;
        assert!(failed.is_err());
        let Ok(going) = looked_at.once(&changed).await else { panic!("it may be tried again") };
        assert_eq!(going.carry_out(async { Ok("/receipt/2".into()) }).await.unwrap(), "/receipt/2");
        assert_eq!(looked_at.once(&changed).await.err().as_deref(), Some("/receipt/2"));
        // One that could not go may be tried again.
        let key = looked_at.look(&fields, &mut rng).await;
        drop(looked_at.go(&key, &fields).await);
        assert!(matches!(looked_at.go(&key, &fields).await, Form::Ready(_)));
        for _ in 0..KEPT {
            looked_at.look(&fields, &mut rng).await;
        }
        assert!(matches!(looked_at.go(&key, &fields).await, Form::New), "few are kept");
    }
}
