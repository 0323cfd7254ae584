//! Tokens of programs: what each may do, until when. A home keeps only their hashes, so whoever reads it has none of them.

use std::ops::Bound;
use std::str::FromStr;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use causeway_common::framed;
use causeway_common::time::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::cli::failure::{Failure, exit};
use crate::engine::Engine;
use crate::records::{self, RecordError};
use crate::vault::{Changes, Tree, Vault};

const PREFIX: &[u8] = b"token";
/// What a token begins with: whoever finds one knows what it is, and programs that look for secrets in files find it.
const MARK: &str = "causeway_";
/// 256 bits: nobody guesses one, so wrong ones are not counted.
const SECRET_BYTES: usize = 32;
/// The mark and 43 characters of base64.
const TOKEN_CHARS: usize = MARK.len() + 43;
/// Tokens of a home. One for each program and a few more; the list is read by people.
pub(crate) const TOKENS_MAX: usize = 32;
/// Longest name, in characters: it stands in the activity log.
pub(crate) const NAME_CHARS_MAX: usize = 24;
/// Longest life, in days.
pub(crate) const DAYS_MAX: u64 = 366;
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// What a program may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Lists, states, organisations, events: no content.
    MetaRead = 1,
    /// What stands in referrals. Reading one counts as opening it.
    ContentRead = 2,
    /// Drafts for people to look at and send.
    DraftWrite = 4,
    /// Sending, and steps of referrals.
    Sending = 8,
    /// Deliveries to other programs.
    Admin = 16,
}

impl Scope {
    /// All of them. None contains another.
    pub(crate) const ALL: [Self; 5] =
        [Self::MetaRead, Self::ContentRead, Self::DraftWrite, Self::Sending, Self::Admin];

    /// Its word.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::MetaRead => "meta:read",
            Self::ContentRead => "content:read",
            Self::DraftWrite => "draft:write",
            Self::Sending => "send",
            Self::Admin => "admin",
        }
    }
}

/// A word that is no scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("scopes are meta:read, content:read, draft:write, send and admin")]
pub(crate) struct UnknownScope;

impl FromStr for Scope {
    type Err = UnknownScope;

    fn from_str(word: &str) -> Result<Self, UnknownScope> {
        Self::ALL.into_iter().find(|scope| scope.as_str() == word).ok_or(UnknownScope)
    }
}

/// What is known of a token.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Token {
    /// Its number, for people.
    pub(crate) id: [u8; 4],
    /// The name of the program.
    pub(crate) name: String,
    scopes: u8,
    /// When it was made.
    pub(crate) created: Timestamp,
    /// When it ends.
    pub(crate) expires: Timestamp,
}

impl Token {
    /// Whether it may do this.
    pub(crate) fn may(&self, scope: Scope) -> bool {
        self.scopes & scope as u8 != 0
    }

    /// What it may do.
    pub(crate) fn scopes(&self) -> Vec<&'static str> {
        Scope::ALL.into_iter().filter(|scope| self.may(*scope)).map(Scope::as_str).collect()
    }

    /// Whether its time is over.
    pub(crate) fn is_over(&self, now: Timestamp) -> bool {
        self.expires <= now
    }

    /// Its number.
    pub(crate) fn number(&self) -> String {
        hex::encode(self.id)
    }
}

fn key(token: &str) -> Vec<u8> {
    [PREFIX, &framed::sha256(token.as_bytes()).0[..]].concat()
}

/// Makes a token and gives it out, this once.
pub(crate) async fn create(
    engine: &Engine,
    name: &str,
    scopes: &[Scope],
    days: u64,
) -> Result<(Zeroizing<String>, Token), Failure> {
    if !is_name(name) {
        return Err(Failure::wrong("fail-api-name", &[("max", &NAME_CHARS_MAX.to_string())]));
    }
    if all(&engine.vault)?.len() >= TOKENS_MAX {
        return Err(Failure::said(
            "J-101",
            exit::REFUSED,
            "fail-api-tokens",
            &[("max", &TOKENS_MAX.to_string())],
        ));
    }
    let secret = Zeroizing::new(engine.random().await);
    let text = Zeroizing::new(format!("{MARK}{}", URL_SAFE_NO_PAD.encode(&secret[..SECRET_BYTES])));
    let [a, b, c, d, ..] = engine.random().await;
    let now = engine.now();
    let token = Token {
        id: [a, b, c, d],
        name: name.to_owned(),
        scopes: scopes.iter().fold(0, |all, scope| all | *scope as u8),
        created: now,
        expires: now.plus(DAY.saturating_mul(u32::try_from(days.min(DAYS_MAX)).unwrap_or(0))),
    };
    let mut changes = Changes::default();
    records::write(&mut changes, Tree::Programs, &key(&text), &token);
    crate::activity::append(&engine.vault, &mut changes, now, "made a token for a program", None)?;
    engine.commit(changes).await?;
    Ok((text, token))
}

fn is_name(name: &str) -> bool {
    (1..=NAME_CHARS_MAX).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}

/// The token that somebody shows, if it is one of ours; also one whose time is over. Looked up by its hash: how long that takes says
/// nothing about the token.
pub(crate) fn find(vault: &Vault, shown: &str) -> Result<Option<Token>, RecordError> {
    if shown.len() != TOKEN_CHARS {
        return Ok(None);
    }
    records::read(vault, Tree::Programs, &key(shown))
}

/// All tokens, the oldest first.
pub(crate) fn all(vault: &Vault) -> Result<Vec<Token>, RecordError> {
    let mut all: Vec<Token> = entries(vault)?.into_iter().map(|(_, token)| token).collect();
    all.sort_by_key(|token| (token.created, token.id));
    Ok(all)
}

fn entries(vault: &Vault) -> Result<Vec<(Vec<u8>, Token)>, RecordError> {
    let range = (Bound::Included(PREFIX), Bound::Unbounded);
    let mut all = Vec::new();
    for id in vault.ids(Tree::Programs, range, TOKENS_MAX, |id| id.starts_with(PREFIX)) {
        let token = records::read::<Token>(vault, Tree::Programs, &id)?;
        all.extend(token.map(|token| (id, token)));
    }
    Ok(all)
}

/// What is known now of a token that was shown earlier; none if it was taken away since.
pub(crate) fn again(vault: &Vault, token: &Token) -> Result<Option<Token>, RecordError> {
    Ok(entries(vault)?.into_iter().map(|(_, known)| known).find(|known| known.id == token.id))
}

/// Takes a token away. Requests that are being answered are answered to their end; who waits for events or hears them as they come is
/// sent away at once.
pub(crate) async fn revoke(engine: &Engine, number: &str) -> Result<Token, Failure> {
    let mut matching = entries(&engine.vault)?;
    matching.retain(|(_, token)| token.number() == number);
    let (key, token) = matching.pop().ok_or_else(|| Failure::not_found(number))?;
    let mut changes = Changes::default();
    changes.delete(Tree::Programs, &key);
    let now = engine.now();
    crate::activity::append(&engine.vault, &mut changes, now, "took a token of a program away", None)?;
    engine.commit(changes).await?;
    Ok(token)
}
