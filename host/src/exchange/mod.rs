//! The phases of one exchange, from the first byte of the request to the last byte of the answer: [`run`]. Each phase
//! is a module of the same name.
//!
//! ```text
//! identify → receive → for each hop: (guard → route → attempt* → guard) → relay → account → record
//! ```
//!
//! If a client that asked for a stream waits long, it gets the head of the answer before there is an answer
//! ([`early`]).
//!
//! The first hop is the model group that the client asked for; each fallback is a further hop ([`fallback`]). Every
//! exchange, whether it succeeds, is refused, fails or is given up by the client, passes through [`account`] and
//! [`record`] exactly once. Dropping the [`Exchange`] is enough for that.

pub mod account;
mod answer;
mod attempt;
mod blame;
mod canned;
pub mod checkup;
mod completion;
mod early;
mod fallback;
mod fit;
mod guard;
mod headers;
mod identify;
mod in_band;
mod masks;
mod outgoing;
pub mod policy;
mod receive;
pub mod record;
mod redirect;
pub mod refusal;
mod relay;
pub mod route;
mod story;
mod tags;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use hyper::body::Incoming;
use hyper::{Request, Response};

pub use answer::refused;
pub use identify::{Unidentified, identify};
pub use refusal::{Cause, Refusal};

use crate::body::Body;
use crate::canonical::Canonical;
use crate::config::settings::Target;
use crate::gateway::Worker;
use crate::operation::Operation;
use crate::snapshot::Snapshot;
use answer::Answer;
use policy::GroupNames;
use story::{Ending, Story};

/// A request as the server passes it on: its path names an operation.
pub struct Arrival {
    /// The snapshot that was current when the request arrived. The exchange uses it until its end.
    pub snapshot: Arc<Snapshot>,
    pub operation: Operation,
    /// The model in the path of `/engines/{model}/…` and `/openai/deployments/{model}/…`; it takes precedence over the
    /// body's.
    pub path_model: Option<String>,
    pub request: Request<Incoming>,
    pub peer: SocketAddr,
}

/// One client request with its answer and all attempts.
pub struct Exchange {
    worker: Arc<Worker>,
    snapshot: Arc<Snapshot>,
    id: Box<str>,
    operation: Operation,
    peer: SocketAddr,
    started: Instant,
    started_at: SystemTime,
    /// `None` until the request has been received.
    canonical: Option<Arc<Canonical>>,
    /// What has happened so far.
    story: Story,
}

/// Handles one request and returns its response. The body of a streamed response carries the exchange on to its end.
pub async fn run(worker: Arc<Worker>, arrival: Arrival) -> Response<Body> {
    let mut exchange = Exchange::begin(worker, &arrival);
    let canonical = match exchange.receive(arrival).await {
        Ok(canonical) => canonical,
        Err(refusal) => return exchange.end_refused(&refusal),
    };
    match exchange.snapshot.settings.server.heartbeat {
        Some(patience) if canonical.is_streaming => early::answer(exchange, canonical, patience).await,
        _ => {
            let outcome = fallback::until_a_group_answers(&mut exchange, &canonical).await;
            exchange.respond(outcome)
        }
    }
}

impl Exchange {
    fn begin(worker: Arc<Worker>, arrival: &Arrival) -> Self {
        let gateway = &worker.gateway;
        gateway.metrics.in_flight.inc();
        Self {
            snapshot: Arc::clone(&arrival.snapshot),
            id: new_id(),
            operation: arrival.operation,
            peer: arrival.peer,
            started: Instant::now(),
            started_at: SystemTime::now(),
            canonical: None,
            story: Story::new(arrival.request.headers()),
            worker,
        }
    }

    /// The phases `identify` and `receive`: checks the client's key and reads the request.
    async fn receive(&mut self, arrival: Arrival) -> Result<Arc<Canonical>, Refusal> {
        identify::client(self, arrival.request.headers())?;
        receive::request(self, arrival).await
    }

    /// The response for an outcome, if nothing has been sent to the client yet.
    fn respond(self, outcome: Result<Answer, Refusal>) -> Response<Body> {
        match outcome {
            Ok(Answer::Whole(whole)) => self.end_whole(whole),
            Ok(Answer::Stream(stream)) => relay::respond(self, stream),
            Err(refusal) => self.end_refused(&refusal),
        }
    }

    /// The names under which settings of this request's group are looked up.
    fn group_names<'a>(&'a self, canonical: &'a Canonical) -> GroupNames<'a> {
        let [found, tried_last] = self.story.groups_of(&canonical.group);
        GroupNames {
            asked: &canonical.group,
            found,
            tried_last,
        }
    }

    /// The configured fallbacks of this request's group that apply to every kind of failure.
    fn fallbacks_after(&self, canonical: &Canonical) -> &[Target] {
        policy::fallback::of_group(&self.snapshot.settings.router.fallbacks, self.group_names(canonical))
    }

    /// Ends the exchange with an answer that is not streamed: everything about it is known now.
    fn end_whole(mut self, whole: answer::Whole) -> Response<Body> {
        self.story.answer = Some(whole.body.clone());
        self.end(Ending::Answered { status: 200 });
        answer::respond_whole(&self, whole)
    }

    /// Ends the exchange with an error, in OpenAI's format.
    fn end_refused(mut self, refusal: &Refusal) -> Response<Body> {
        self.end(Ending::Refused(refusal.clone()));
        answer::respond_refused(&self, refusal)
    }

    /// Every exchange ends here. Further calls do nothing.
    fn end(&mut self, ending: Ending) {
        if self.story.ending.is_some() {
            return;
        }
        self.story.took = Some(self.started.elapsed());
        self.story.ending = Some(ending);
        account::settle(self);
        record::write(self);
        self.worker.gateway.metrics.in_flight.dec();
    }
}

impl Drop for Exchange {
    /// An exchange that is dropped before its end is one whose client hung up: hyper drops the futures of a closed
    /// connection.
    fn drop(&mut self) {
        self.end(Ending::Refused(Refusal::new(Cause::ClientGone, "the client hung up")));
    }
}

/// A random id in the form of a UUID, version 4 (RFC 9562 §5.4).
fn new_id() -> Box<str> {
    let random = fastrand::u128(..);
    let versioned = (random & !(0xf000_u128 << 64) | 0x4000 << 64) & !(0xc000_u128 << 48) | 0x8000 << 48;
    let hex = format!("{versioned:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
    .into()
}
