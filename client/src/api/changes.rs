//! What has changed: the log of events, asked for, waited for, streamed, acknowledged.
#![expect(unused_qualifications, reason = "what describes a query is named twice by the macro that reads it")]

use std::convert::Infallible;
use std::sync::{Arc, Weak};
use std::time::Duration;

use axum::http::HeaderMap;
use axum::response::Sse;
use axum::response::sse::{Event as Line, KeepAlive};
use futures_util::stream::{self, Stream};
use serde::{Deserialize, Serialize};
use tokio::sync::watch;
use utoipa::{IntoParams, ToSchema};

use super::caller::{Asked, Body, Caller, Json, MetaRead};
use super::problem::{Problem, ProblemBody};
use super::tokens::{self, Token};
use crate::cli::failure::{Failure, exit};
use crate::daemon::Open;
use crate::events::consumers::{self, AckError, Reader};
use crate::events::{self, Event};
use crate::lang::Lang;
use crate::vault::Vault;

/// Events of an answer, unless the request says otherwise.
const LIMIT: usize = 100;
/// The most events of an answer: 1,000 of some 250 bytes are 250 KB.
const LIMIT_MAX: usize = 1_000;
/// Longest wait for an event, in seconds: shorter than what people and proxies take for a broken connection.
const WAIT_SECONDS_MAX: u64 = 30;
/// A silent stream is kept open by a comment this often.
const ALIVE: Duration = Duration::from_secs(20);
/// Events that a stream reads at once.
const STREAMED_AT_ONCE: usize = 100;

/// Which events are wanted.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct EventsQuery {
    /// Those after this number; otherwise after what `consumer` has acknowledged, otherwise all that are kept.
    #[param(required = false)]
    after: Option<u64>,
    /// The name under which this program acknowledges. Its place is the token's: no other token has it.
    #[param(required = false)]
    consumer: Option<String>,
    /// At most so many; 100 if it is not said, 1,000 at most.
    #[param(minimum = 1, maximum = 1000, required = false)]
    limit: Option<usize>,
    /// Waits this many seconds for one if there is none, 30 at most.
    #[param(maximum = 30, required = false)]
    wait: Option<u64>,
}

/// What has changed. Beside `type`, `state` and ids nothing is said.
#[derive(Serialize, Deserialize, ToSchema)]
pub(crate) struct EventBody {
    /// Its number; numbers grow, and leap after a home was restored from a backup.
    seq: u64,
    /// When.
    at: Option<String>,
    /// referral.received, referral.sent, referral.state, referral.news, referral.erased, transport, task.new, task.done,
    /// packet.unopened or connection. Others may come.
    #[serde(rename = "type")]
    kind: String,
    /// The referral: what /referrals/{id} takes. Of a task about a call, the call.
    referral: Option<String>,
    /// The state after it.
    state: Option<String>,
    /// The packet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    packet: Option<String>,
    /// The task.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(required = false)]
    task: Option<String>,
}

/// Events, the oldest first.
#[derive(Serialize, Deserialize, ToSchema)]
#[schema(example = json!({
    "events": [{
        "seq": 118,
        "at": "2026-03-01T10:00:00Z",
        "type": "referral.received",
        "referral": "3f9a4c4b11fd0f8d6c3d3b1f2f1f2a63c1d7f3a9a0e5d4c3b2a1908f7e6d5c4b",
        "state": "received",
        "packet": "3f9a4c4b11fd0f8d6c3d3b1f2f1f2a63c1d7f3a9a0e5d4c3b2a1908f7e6d5c4b",
    }],
    "last": 118,
    "newest": 118,
    "missed": false,
}))]
pub(crate) struct EventsBody {
    events: Vec<EventBody>,
    /// `after` of the next request, and `seq` of the acknowledgement once these are dealt with.
    last: u64,
    /// The newest there is.
    newest: u64,
    /// Whether events after the place that was asked for are not kept any more: look at the lists.
    missed: bool,
}

/// What a program has dealt with.
#[derive(Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(example = json!({ "consumer": "case-management", "seq": 118 }))]
pub(crate) struct Acknowledgement {
    /// The program's name: letters, digits, `-`, `_` and `.`, at most 40.
    #[schema(max_length = 40, min_length = 1)]
    consumer: String,
    /// The last event that it has dealt with, and all before it.
    seq: u64,
}

/// Events after a place, perhaps waited for.
#[utoipa::path(
    get,
    path = "/api/v1/events",
    params(EventsQuery),
    security(("token" = ["meta:read"])),
    responses(
        (status = 200, body = EventsBody),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn list(
    caller: Caller<MetaRead>,
    Asked(query): Asked<EventsQuery>,
) -> Result<Json<EventsBody>, Problem> {
    let lang = caller.lang();
    let from = begin(&caller, query.after, query.consumer.as_deref())?;
    let limit = query.limit.unwrap_or(LIMIT).clamp(1, LIMIT_MAX);
    let wait = Duration::from_secs(query.wait.unwrap_or(0).min(WAIT_SECONDS_MAX));
    let mut listener = Listener::of(&caller, from);
    // Whoever waits holds no key: a home that is locked meanwhile is gone.
    drop(caller);
    if let Ok(Err(over)) = tokio::time::timeout(wait, listener.wait()).await {
        return Err(over.problem(lang));
    }
    let open = listener.open.upgrade().ok_or_else(|| Problem::locked(lang))?;
    let body = read(&open.home.engine.vault, from, limit);
    Ok(Json(body.map_err(|failure| Problem::in_lang(failure, lang))?))
}

fn read(vault: &Vault, from: u64, limit: usize) -> Result<EventsBody, Failure> {
    // First what was dropped, or events that go meanwhile are not said to be missed.
    let found = events::after(vault, from, limit)?;
    let missed = from < events::dropped(vault)?;
    let last = found.last().map_or(from, |event| event.seq);
    let events = found.iter().map(|event| serde_json::from_value(event.to_json())).collect::<Result<_, _>>();
    let events = events.map_err(Failure::internal)?;
    Ok(EventsBody { events, last, newest: events::newest(vault), missed })
}

/// Where somebody begins to read.
fn begin(caller: &Caller<MetaRead>, after: Option<u64>, consumer: Option<&str>) -> Result<u64, Problem> {
    let vault = &caller.visitor.home.engine.vault;
    let from = match (after, consumer) {
        (Some(after), _) => after,
        (None, Some(name)) if consumers::is_name(name) => {
            let reader = Reader { token: &caller.token, name };
            consumers::place_of(vault, reader).map_err(|error| caller.problem(error))?
        }
        (None, Some(_)) => return Err(Problem::unread("consumer", caller.lang())),
        (None, None) => 0,
    };
    // Somebody who has read what is not there has read another home, or one that was restored since.
    if from > events::newest(vault) { Err(Problem::no_such_place(caller.lang())) } else { Ok(from) }
}

/// Why nobody listens any more.
enum Over {
    /// The home is locked, or does not give what is in it.
    Locked,
    /// The token was taken away.
    Revoked,
    /// The time of the token is over.
    Expired,
}

impl Over {
    fn problem(&self, lang: Lang) -> Problem {
        match self {
            Self::Locked => Problem::locked(lang),
            Self::Revoked => Problem::no_token(lang),
            Self::Expired => Problem::token_over(lang),
        }
    }
}

/// What waits for events, for as long as its token is one. It holds no key.
struct Listener {
    token: Token,
    open: Weak<Open>,
    commits: watch::Receiver<u64>,
    after: u64,
    read: std::collections::VecDeque<Event>,
}

impl Listener {
    fn of(caller: &Caller<MetaRead>, after: u64) -> Self {
        let open = caller.visitor.open();
        let (token, commits) = (caller.token.clone(), open.home.engine.vault.watch());
        Self { token, open: Arc::downgrade(open), commits, after, read: std::collections::VecDeque::new() }
    }

    /// Comes back when there is an event after the last one.
    async fn wait(&mut self) -> Result<(), Over> {
        loop {
            self.commits.mark_unchanged();
            let (newest, left) = self.stands()?;
            if newest > self.after {
                return Ok(());
            }
            tokio::select! {
                changed = self.commits.changed() => changed.map_err(|_| Over::Locked)?,
                () = tokio::time::sleep(left) => {}
            }
        }
    }

    /// The newest event, and how long the token is still good for. Taking one away is a commit, too, so it is noticed at once.
    fn stands(&self) -> Result<(u64, Duration), Over> {
        let open = self.open.upgrade().ok_or(Over::Locked)?;
        let (vault, now) = (&open.home.engine.vault, open.home.engine.now());
        let token = tokens::again(vault, &self.token).map_err(|_| Over::Locked)?.ok_or(Over::Revoked)?;
        if token.is_over(now) {
            return Err(Over::Expired);
        }
        Ok((events::newest(vault), token.expires.since(now)))
    }

    /// The next event. None: nobody listens any more.
    async fn next(&mut self) -> Option<Event> {
        if self.read.is_empty() {
            self.wait().await.ok()?;
            let open = self.open.upgrade()?;
            let found = events::after(&open.home.engine.vault, self.after, STREAMED_AT_ONCE).ok()?;
            self.read.extend(found);
        } else {
            // What was read for it is not given to a token that is none any more.
            self.stands().ok()?;
        }
        let event = self.read.pop_front()?;
        self.after = event.seq;
        Some(event)
    }
}

/// Where a stream begins.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct StreamQuery {
    /// Events after this number, unless Last-Event-ID says another.
    #[param(required = false)]
    after: Option<u64>,
    /// The name under which this program acknowledges.
    #[param(required = false)]
    consumer: Option<String>,
}

/// Events as they come (server-sent events). `id` is the number: a program that comes back shows it as Last-Event-ID. The stream ends
/// when the home is locked, and when the token is taken away or its time is over.
#[utoipa::path(
    get,
    path = "/api/v1/events/stream",
    params(
        StreamQuery,
        ("Last-Event-ID" = Option<u64>, Header, description = "The last event that has come"),
    ),
    security(("token" = ["meta:read"])),
    responses(
        (status = 200, description = "Events; the data of each is an EventBody", content_type = "text/event-stream", body = String),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn stream(
    caller: Caller<MetaRead>,
    headers: HeaderMap,
    Asked(query): Asked<StreamQuery>,
) -> Result<Sse<impl Stream<Item = Result<Line, Infallible>>>, Problem> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let from = begin(&caller, last.or(query.after), query.consumer.as_deref())?;
    let listener = Listener::of(&caller, from);
    let lines = stream::unfold(listener, |mut listener| async {
        let event = listener.next().await?;
        let line = Line::default().id(event.seq.to_string()).event(event.what.as_str());
        Some((Ok(line.data(event.to_json().to_string())), listener))
    });
    Ok(Sse::new(lines).keep_alive(KeepAlive::new().interval(ALIVE)))
}

/// Says how far a program has come. Its place never goes back; the answer is where it stands.
#[utoipa::path(
    post,
    path = "/api/v1/events/ack",
    request_body = Acknowledgement,
    security(("token" = ["meta:read"])),
    responses(
        (status = 200, body = Acknowledgement),
        (status = 401, body = ProblemBody, content_type = "application/problem+json"),
        (status = 403, body = ProblemBody, content_type = "application/problem+json"),
        (status = 409, body = ProblemBody, content_type = "application/problem+json"),
        (status = 422, body = ProblemBody, content_type = "application/problem+json"),
        (status = 423, body = ProblemBody, content_type = "application/problem+json"),
    ),
)]
pub(crate) async fn acknowledge(
    caller: Caller<MetaRead>,
    body: Body<Acknowledgement>,
) -> Result<Json<Acknowledgement>, Problem> {
    let Acknowledgement { consumer, seq } = body.value;
    if !consumers::is_name(&consumer) {
        return Err(Problem::unread("consumer", caller.lang()));
    }
    // One after the other: two at once would both find room.
    let (token, name) = (caller.token.clone(), consumer.clone());
    let acknowledged = caller.visitor.apart(async move |home| {
        let _turn = home.turns.wait();
        consumers::acknowledge(&home.engine, Reader { token: &token, name: &name }, seq).await
    });
    match acknowledged.await.map_err(|failure| caller.problem(failure))? {
        Ok(seq) => Ok(Json(Acknowledgement { consumer, seq })),
        Err(AckError::Ahead) => Err(Problem::no_such_place(caller.lang())),
        Err(AckError::TooMany) => {
            let max = consumers::PLACES_MAX.to_string();
            let failure = Failure::said("J-112", exit::CONFLICT, "fail-api-consumers", &[("max", &max)]);
            Err(caller.problem(failure))
        }
        Err(AckError::Engine(error)) => Err(caller.problem(error)),
        Err(AckError::Record(error)) => Err(caller.problem(error)),
    }
}
