//! The directory: what it has gained is fetched and checked; a relay that has lost some of it is given it back.

use causeway_certs::checkpoint;
use causeway_certs::transport::{Link, RequestError, request};
use causeway_common::ids::Digest;
use causeway_common::limits::{REQUEST_TIMEOUT, ROSTERS_PER_ANSWER_MAX};
use causeway_common::statements::SignedRoster;
use causeway_common::wire::{DirectoryPart, DirectorySince, Done, FetchRosters, Rosters};

use self::caught::Shown;
use super::SessionError;
use crate::engine::{Engine, EngineError};
use crate::replica::{Fetch, ReplicaError, rosters_named_by};
use crate::vault::Changes;
use crate::went_back;

mod caught;

/// Answers with rosters that become durable together: a first start has thousands of rosters to write, and each sync takes
/// milliseconds. 8 answers of 16 rosters of 32 KiB are 4 MiB in memory at most.
const ROSTER_ANSWERS_AT_ONCE: usize = 8;
/// Rosters that must be here before the statements count that name them, the newest: a relay out of a backup has lost the end of the
/// directory, and what has to come over one connection must not grow with what somebody has said. 1 MiB at most, 256 s at 4 KiB/s.
const ROSTERS_FIRST_MAX: usize = 2 * ROSTERS_PER_ANSWER_MAX;

/// Fetches and checks what the directory has gained, and looks again at packets that it concerns. The statements count
/// together or not at all, and with the last of them the rosters that they name: who knows a statement can give it back with its
/// roster to a relay that has lost both. A roster that is missing is asked for again.
pub async fn fetch_directory(engine: &Engine, link: &dyn Link) -> Result<(), SessionError> {
    fetch_statements(engine, link).await?;
    fetch_rosters(engine, link).await?;
    Ok(engine.review().await?)
}

/// Nobody needs the replica while the relay is asked, unless more is missing than one answer holds: what is behind as far
/// as that waits for the rest, which would be of no use without its head. Each answer is committed by itself, so that a
/// first start of ten thousand organisations need not hold all of it as one transaction.
async fn fetch_statements(engine: &Engine, link: &dyn Link) -> Result<(), SessionError> {
    loop {
        let since = DirectorySince { size: engine.replica.lock().await.directory.size() };
        let mut part: DirectoryPart = request(link, &since, REQUEST_TIMEOUT).await?;
        let (mut rosters, mut broken) = rosters_named_in(&part, since.size, link).await;
        let mut replica = Fetch::new(engine.replica.lock().await, &engine.vault)?;
        if replica.directory.size() != since.size {
            // Another fetch was faster.
            continue;
        }
        let known = replica.checkpoint.clone();
        // Of the fetch so far, if an answer has come before this one.
        let mut before = known.clone();
        let mut asked_from = since.size;
        let mut changes = Changes::default();
        loop {
            match replica.take(&part, &rosters, &engine.identity, &mut changes) {
                Ok(true) => {
                    engine.commit(std::mem::take(&mut changes)).await?;
                    asked_from = replica.directory.size();
                    before = part.checkpoint;
                    part = request(link, &DirectorySince { size: asked_from }, REQUEST_TIMEOUT).await?;
                    (rosters, broken) = rosters_named_in(&part, asked_from, link).await;
                }
                // The last answer counts with its rosters only; what is wrong with it is told and kept all the same.
                Ok(false) => match broken {
                    Some(broken) => return Err(broken),
                    None => break,
                },
                Err(why) => {
                    let legal = replica.directory.leaves_from(since.size).to_vec();
                    let shown = Shown { known, known_size: since.size, before, legal, asked_from, part };
                    drop(replica);
                    return Err(shown.keep(why, engine, link).await?.into());
                }
            }
        }
        let split =
            went_back::turn_into_splits(&replica, &engine.vault, &mut changes).map_err(EngineError::from)?;
        caught::review_illegal(&replica, &engine.vault, &mut changes)?;
        if !changes.is_empty() {
            engine.commit(changes).await?;
        }
        replica.done();
        return if split { Err(ReplicaError::Split.into()) } else { Ok(()) };
    }
}

/// The newest rosters that the statements of a last answer name, as far as the relay has them, and whether the connection broke: then
/// the answer must not count. [`fetch_rosters`] asks for the others that are in force: at a first start there are thousands.
async fn rosters_named_in(
    part: &DirectoryPart,
    from: u64,
    link: &dyn Link,
) -> (Vec<SignedRoster>, Option<SessionError>) {
    let mut given = Vec::new();
    let is_last =
        checkpoint::read(&part.checkpoint).is_some_and(|h| h.size == from + part.leaves.len() as u64);
    if is_last {
        let named: Vec<Digest> = rosters_named_by(part.leaves.iter().rev()).take(ROSTERS_FIRST_MAX).collect();
        // Without what the relay keeps back the statements count all the same.
        if let Err(broken @ SessionError::Link(_)) = ask_for_rosters(link, &named, &mut given).await {
            return (given, Some(broken));
        }
    }
    (given, None)
}

async fn fetch_rosters(engine: &Engine, link: &dyn Link) -> Result<(), SessionError> {
    let wanted = engine.replica.lock().await.rosters_to_fetch();
    for wanted in wanted.chunks(ROSTER_ANSWERS_AT_ONCE * ROSTERS_PER_ANSWER_MAX) {
        let mut given = Vec::new();
        let asked = ask_for_rosters(link, wanted, &mut given).await;
        // Those that came before a break are kept.
        let mut replica = engine.replica.lock().await;
        let mut changes = Changes::default();
        replica.take_rosters(&given, &mut changes);
        if !changes.is_empty() {
            engine.commit(changes).await?;
        }
        drop(replica);
        asked?;
    }
    Ok(())
}

/// Two answers are under way at a time: what takes long with few rosters is the way there and back.
async fn ask_for_rosters(
    link: &dyn Link,
    wanted: &[Digest],
    given: &mut Vec<SignedRoster>,
) -> Result<(), SessionError> {
    for digests in wanted.chunks(2 * ROSTERS_PER_ANSWER_MAX) {
        let (one, other) = digests.split_at(digests.len().min(ROSTERS_PER_ANSWER_MAX));
        let both = tokio::join!(ask(link, one), ask(link, other));
        // That the connection broke says more than that one of them was refused.
        let (one, other) = match both {
            (one, Err(broken @ SessionError::Link(_))) => (one, Err(broken)),
            (one, other) => (Ok(one?), other),
        };
        given.extend(other?);
        given.extend(one?);
    }
    Ok(())
}

async fn ask(link: &dyn Link, digests: &[Digest]) -> Result<Vec<SignedRoster>, SessionError> {
    if digests.is_empty() {
        return Ok(Vec::new());
    }
    let wanted = FetchRosters { digests: digests.to_vec() };
    let got: Rosters = request(link, &wanted, REQUEST_TIMEOUT).await?;
    Ok(got.rosters)
}

/// Fetches the directory. A relay that shows less of it than we know was most likely restored from a backup: it is given
/// back what it lost, so that its members can reach each other again. The user is told in any case.
pub(crate) async fn fetch_or_give_back(
    engine: &Engine,
    link: &dyn Link,
) -> Result<Option<ReplicaError>, SessionError> {
    let alarm = match fetch_directory(engine, link).await {
        Err(SessionError::Engine(EngineError::Replica(alarm @ ReplicaError::Shrunk { .. }))) => alarm,
        fetched => return fetched.map(|()| None),
    };
    if let ReplicaError::Shrunk { shown, .. } = alarm {
        let lost = engine.replica.lock().await.missing_after(shown, &engine.vault)?;
        for append in lost {
            match request::<_, Done>(link, &append, REQUEST_TIMEOUT).await {
                Ok(_) => {}
                // Somebody else was first, or the relay is no honest one.
                Err(RequestError::Refused { .. }) => break,
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(Some(alarm))
}
