//! A colleague's workstation joins: the code that invites it, its request, and the administrator who lets it in.
//!
//! The relay carries the request and can drop it; it can neither make nor change one, because it does not know the code.
//! What the administrator believes is the code's proof and what two people have compared; what the new device believes
//! is the directory.

use std::sync::Arc;

use causeway_certs::directory::Organisation;
use causeway_certs::keys::PublicKey;
use causeway_certs::link::{self, CodeError, LinkCode};
use causeway_certs::transport::{Dialer, Link, RequestError, request};
use causeway_common::error::ErrorCode;
use causeway_common::ids::{DeviceId, Digest};
use causeway_common::limits::{DEVICES_PER_ORG_MAX, LINK_LIFE, REQUEST_TIMEOUT};
use causeway_common::statements::{LinkRequest, ROLE_ADMINISTRATOR, RosterDevice};
use causeway_common::time::Timestamp;
use causeway_common::wire::{
    Done, LinkAsk, LinkList, LinkOpen, LinkRequests, LinkWaiting, STANDING_MEMBER, STANDING_SUSPENDED,
};

use self::codes::{Invitation, KnownDevice};
use crate::devices::{Said, Step, connect, step};
use crate::engine::{Engine, EngineError};
use crate::identity::Identity;
use crate::records::RecordError;
use crate::recovery;
use crate::session::{SessionError, fetch_directory, hello, why_not_member};
use crate::vault::Changes;

pub mod codes;

/// Administrators of one organisation, as the directory allows them.
const ADMINISTRATORS_MAX: usize = 5;

/// Why a device cannot be invited, let in, or taken out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LinkingError {
    /// The code, or what was made with it, does not hold.
    #[error(transparent)]
    Code(#[from] CodeError),
    /// The relay does not take the code: it has been used, its time is over, or the relay has never heard of it.
    #[error("the relay does not accept the code")]
    CodeRefused,
    /// Another request has been let in with this code.
    #[error("the code has been used")]
    Used,
    /// The code was not made here, so what was made with it cannot be checked here.
    #[error("the code was made on another workstation")]
    NotOurs,
    /// This device's key does not sign rosters.
    #[error("this workstation is not an administrator's")]
    NotAdministrator,
    /// The organisation's root has to sign, and is not at hand.
    #[error("the organisation's root key is not here")]
    NotRoot,
    /// Nothing of this name, or more than one.
    #[error("nothing, or more than one, matches {0}")]
    NotFound(String),
    /// The organisation would be left with too few who can sign its rosters.
    #[error("too few administrators' workstations would be left")]
    LastAdministrator,
    /// Another roster has been in force since the proposal was made.
    #[error("another change of the devices was faster")]
    Overtaken,
    /// As many devices, or administrators, as an organisation can have.
    #[error("the organisation has as many as it can have")]
    Full,
    /// The directory shows another organisation, or another device under our keys, than the code names.
    #[error("the directory does not say what the code says")]
    OtherOrganisation,
    /// The relay cannot be reached or refuses.
    #[error(transparent)]
    Session(#[from] SessionError),
}

impl From<EngineError> for LinkingError {
    fn from(error: EngineError) -> Self {
        Self::Session(error.into())
    }
}

impl From<RecordError> for LinkingError {
    fn from(error: RecordError) -> Self {
        Self::Session(EngineError::from(error).into())
    }
}

/// What an invited device is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_structs, reason = "the fields are what an administrator says")]
pub struct Wish {
    /// Role bits.
    pub roles: u32,
    /// Bit for each section it may read.
    pub clearance: u32,
    /// What to call it; empty leaves that to its user.
    pub name: String,
}

/// A request that waits, as far as it can be judged here.
#[derive(Debug)]
#[non_exhaustive]
pub struct Waiting {
    /// What people compare.
    pub comparison: Digest,
    /// The device, what it asks and what it was invited as; or why it is not to be let in.
    pub judged: Result<Request, LinkingError>,
}

/// A request that was made with a code of ours.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Request {
    /// The device.
    pub device: DeviceId,
    /// What it asks.
    pub asked: LinkRequest,
    /// What it was invited as.
    pub invitation: Invitation,
    comparison: Digest,
}

/// Makes a code, keeps it, and tells the relay to expect somebody who shows its ticket.
pub async fn invite(engine: &Engine, dialer: &dyn Dialer, wish: Wish) -> Result<LinkCode, LinkingError> {
    let link = connect(engine, dialer).await?;
    let opened = open(engine, &*link, wish).await;
    link.close(0);
    opened
}

async fn open(engine: &Engine, link: &dyn Link, wish: Wish) -> Result<LinkCode, LinkingError> {
    let root = administered(engine, |own| {
        let promotes = wish.roles & ROLE_ADMINISTRATOR != 0;
        let full = own.roster.as_ref().is_some_and(|roster| roster.devices.len() >= DEVICES_PER_ORG_MAX)
            || promotes && own.administrators.len() >= ADMINISTRATORS_MAX;
        if full { Err(LinkingError::Full) } else { Ok(own.fingerprint()) }
    })
    .await?;
    let identity = &engine.identity;
    let mut secret = [0; 16];
    secret.copy_from_slice(&engine.random().await[..16]);
    let code = LinkCode {
        secret,
        relay_address: identity.relay_address.clone(),
        relay_key: engine.relay_key().await,
        registrar_key: identity.registrar_key,
        org: identity.org,
        root,
        name: identity.name.clone(),
        country: identity.country.clone(),
        device_name: wish.name,
        expires: engine.relay_now().plus(LINK_LIFE),
    };
    let mut changes = Changes::default();
    codes::forget_old(&engine.vault, &mut changes, engine.now())?;
    let (roles, clearance, made) = (wish.roles, wish.clearance, engine.now());
    let invitation = Invitation { code: code.clone(), roles, clearance, made, used: Vec::new() };
    codes::put_invitation(&mut changes, &invitation);
    engine.commit(changes).await?;
    let opened = request::<_, Done>(link, &LinkOpen { ticket: code.ticket() }, REQUEST_TIMEOUT).await;
    opened.map_err(SessionError::from)?;
    Ok(code)
}

/// Looks at this device's own organisation, which it must administer.
pub(crate) async fn administered<T>(
    engine: &Engine,
    look: impl FnOnce(&Organisation) -> Result<T, LinkingError>,
) -> Result<T, LinkingError> {
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(engine.identity.org).ok_or(SessionError::Misbehaved)?;
    if engine.identity.is_administrator(own) { look(own) } else { Err(LinkingError::NotAdministrator) }
}

/// Which requests wait, and what each of them is worth.
pub async fn pending(engine: &Engine, dialer: &dyn Dialer) -> Result<Vec<Waiting>, LinkingError> {
    let link = connect(engine, dialer).await?;
    let waiting = waiting(engine, &*link).await;
    link.close(0);
    waiting
}

async fn waiting(engine: &Engine, link: &dyn Link) -> Result<Vec<Waiting>, LinkingError> {
    let list = request::<_, LinkRequests>(link, &LinkList {}, REQUEST_TIMEOUT).await;
    let list = list.map_err(SessionError::from)?;
    list.waiting
        .iter()
        .map(|one| {
            let comparison = link::comparison(&one.request);
            match judge(engine, one, comparison) {
                Err(error @ LinkingError::Session(_)) => Err(error),
                judged => Ok(Waiting { comparison, judged }),
            }
        })
        .collect()
}

/// Only what was made with a code of ours, in its time, and as the first with it.
fn judge(engine: &Engine, one: &LinkWaiting, comparison: Digest) -> Result<Request, LinkingError> {
    let invitation = codes::invitation(&engine.vault, one.ticket)?.ok_or(LinkingError::NotOurs)?;
    let asked = invitation.code.open(&one.request)?;
    let device = PublicKey::from_bytes(asked.signing_key).map_err(|_| CodeError::Malformed)?.device_id();
    if invitation.is_over(engine.now(), engine.relay_now()) {
        return Err(CodeError::Expired.into());
    }
    if invitation.used.first().is_some_and(|used| *used != comparison) {
        return Err(LinkingError::Used);
    }
    Ok(Request { device, asked, invitation, comparison })
}

/// A device that was let in.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Admitted {
    /// Which.
    pub device: DeviceId,
    /// What it is called.
    pub name: String,
    /// Whether it is in, or others have to sign that.
    pub said: Said,
}

/// Lets in the one device whose identifier begins with `prefix`, after two people have compared what both sides show.
pub async fn admit(engine: &Engine, dialer: &dyn Dialer, prefix: &str) -> Result<Admitted, LinkingError> {
    let link = connect(engine, dialer).await?;
    let admitted = let_in(engine, &*link, prefix).await;
    link.close(0);
    admitted
}

async fn let_in(engine: &Engine, link: &dyn Link, prefix: &str) -> Result<Admitted, LinkingError> {
    administered(engine, |_| Ok(())).await?;
    let begins = |device: DeviceId| device.to_string().starts_with(prefix);
    let all = waiting(engine, link).await?;
    let mut matching = all.into_iter().filter(|one| match &one.judged {
        Ok(request) => begins(request.device),
        // One that is not to be let in is named by what people would compare.
        Err(_) => one.comparison.to_string().starts_with(prefix),
    });
    let Some(one) = matching.next() else { return let_in_before(engine, prefix).await };
    if matching.next().is_some() {
        return Err(LinkingError::NotFound(prefix.to_owned()));
    }
    let request = one.judged?;
    let mut changes = Changes::default();
    let mut invitation = request.invitation.clone();
    invitation.used = vec![request.comparison];
    codes::put_invitation(&mut changes, &invitation);
    let name = request.asked.name.clone();
    let known = KnownDevice { name: name.clone(), administrator_key: request.asked.administrator_key };
    codes::put_known(&mut changes, request.device, &known);
    engine.commit(changes).await?;
    if invitation.roles & ROLE_ADMINISTRATOR != 0 {
        promote(engine, link, request.asked.administrator_key).await?;
    }
    let wanted = (invitation.roles, invitation.clearance);
    let said = step(engine, link, |directory, own, now| {
        let Some(roster) = own.roster.as_ref() else { return Err(SessionError::Misbehaved.into()) };
        if own.device(request.device).is_some() {
            return Ok(Step::Done);
        }
        if own.revoked.contains_key(&request.device) {
            return Err(LinkingError::Used);
        }
        if roster.devices.len() >= DEVICES_PER_ORG_MAX {
            return Err(LinkingError::Full);
        }
        let (sequence, _) = own.next_roster();
        let entry: RosterDevice = Identity::entry_of(&request.asked, request.device, wanted, sequence, now);
        let devices = roster.devices.iter().cloned().chain([entry]).collect();
        Ok(Step::of(engine.identity.next_roster(directory, devices, roster.revoked.clone(), now)))
    })
    .await?;
    Ok(Admitted { device: request.device, name, said })
}

/// The answer to an admission may have been lost: then the device is in the roster, and known here.
async fn let_in_before(engine: &Engine, prefix: &str) -> Result<Admitted, LinkingError> {
    let listed = administered(engine, |own| {
        let devices = own.roster.iter().flat_map(|roster| &roster.devices).map(|listed| listed.device);
        Ok(devices.filter(|device| device.to_string().starts_with(prefix)).collect::<Vec<_>>())
    })
    .await?;
    if let [device] = listed[..]
        && let Some(known) = codes::known(&engine.vault, device)?
    {
        return Ok(Admitted { device, name: known.name, said: Said::InForce });
    }
    Err(LinkingError::NotFound(prefix.to_owned()))
}

/// Enters a key among the organisation's administrators.
async fn promote(engine: &Engine, link: &dyn Link, key: [u8; 32]) -> Result<(), LinkingError> {
    let root = recovery::root(engine).await;
    step(engine, link, |directory, own, now| {
        let mut keys: Vec<[u8; 32]> = own.administrators.iter().map(|key| *key.as_bytes()).collect();
        if keys.contains(&key) {
            return Ok(Step::Done);
        }
        if keys.len() >= ADMINISTRATORS_MAX {
            return Err(LinkingError::Full);
        }
        keys.push(key);
        let root = root.as_ref().ok_or(LinkingError::NotRoot)?;
        let change = engine.identity.change_administrators(directory, keys, root, now);
        change.map(|append| Step::Append(Box::new(append))).ok_or(LinkingError::NotRoot)
    })
    .await
    .map(drop)
}

/// The new device asks. Asking again after a lost answer does no harm.
pub async fn ask(engine: &Engine, dialer: &dyn Dialer) -> Result<(), LinkingError> {
    let linked = engine.identity.linked().ok_or(LinkingError::CodeRefused)?;
    let link = dialer.dial().await.map_err(SessionError::from)?;
    let asked = ask_on(engine, &*link, &linked.code, &linked.request).await;
    link.close(0);
    asked
}

async fn ask_on(engine: &Engine, link: &dyn Link, code: &LinkCode, bytes: &[u8]) -> Result<(), LinkingError> {
    let welcome = hello(link).await?;
    engine.hear_relay_time(welcome.time);
    if [STANDING_MEMBER, STANDING_SUSPENDED].contains(&welcome.standing) {
        return Ok(());
    }
    if code.is_expired(welcome.time) {
        return Err(CodeError::Expired.into());
    }
    let ask = LinkAsk { org: code.org, ticket: code.ticket(), request: bytes.to_vec() };
    match request::<_, Done>(link, &ask, REQUEST_TIMEOUT).await {
        Ok(_) => Ok(()),
        Err(RequestError::Refused { code: ErrorCode::InviteRefused, .. }) => Err(LinkingError::CodeRefused),
        Err(error) => Err(SessionError::from(error).into()),
    }
}

/// Whether an administrator has let this device in, as the directory proves: the organisation and the root that the code
/// names, and this device with its own keys in the roster.
pub async fn is_admitted(engine: &Engine, dialer: &dyn Dialer) -> Result<bool, LinkingError> {
    let linked = engine.identity.linked().ok_or(LinkingError::CodeRefused)?;
    let link: Arc<dyn Link> = dialer.dial().await.map_err(SessionError::from)?;
    let found = look(engine, &*link, &linked.code).await;
    link.close(0);
    found
}

async fn look(engine: &Engine, link: &dyn Link, code: &LinkCode) -> Result<bool, LinkingError> {
    let welcome = hello(link).await?;
    engine.hear_relay_time(welcome.time);
    match welcome.standing {
        STANDING_MEMBER => {}
        STANDING_SUSPENDED => return Err(why_not_member(engine, link, welcome.standing).await.into()),
        _ => {
            return match why_not_member(engine, link, welcome.standing).await {
                SessionError::NotLinked if code.is_expired(welcome.time) => Err(CodeError::Expired.into()),
                SessionError::NotLinked => Ok(false),
                other => Err(other.into()),
            };
        }
    }
    fetch_directory(engine, link).await?;
    let replica = engine.replica.lock().await;
    let own = replica.directory.organisation(code.org).ok_or(LinkingError::OtherOrganisation)?;
    let identity = &engine.identity;
    let (signing, tls) = (identity.device_key().public(), identity.tls_key().public());
    let is_here = own
        .device(identity.device())
        .is_some_and(|listed| listed.signing_key == *signing.as_bytes() && listed.tls_key == *tls.as_bytes());
    let is_it =
        own.fingerprint() == code.root || recovery::record::had_root(&replica.directory, own.id, code.root);
    if is_here && is_it { Ok(true) } else { Err(LinkingError::OtherOrganisation) }
}

/// When a code is no longer to be believed.
impl Invitation {
    /// By our own clock since we made it, or by the relay's: a clock that was set back helps nobody.
    pub fn is_over(&self, now: Timestamp, relay_now: Timestamp) -> bool {
        now > self.made.plus(LINK_LIFE) || self.code.is_expired(relay_now)
    }
}
