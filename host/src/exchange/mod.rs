//! The phases of one exchange, from the first byte of the request to the last byte of the answer: [`run`]. Each phase
//! is a module of the same name.
//!
//! ```text
//! identify → receive → hook → for each hop: (guard → route → attempt* → guard) → relay → account → record
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
mod arrivals;
mod attempt;
mod binary;
mod blame;
mod canned;
mod continuation;
pub mod dialect;
mod early;
mod failures;
mod fallback;
mod fetch;
mod guard;
mod headers;
pub mod health_check;
mod history;
mod hook;
mod identify;
mod in_band;
mod inspect;
mod masks;
mod outgoing;
pub mod policy;
mod reading;
mod receive;
pub mod record;
mod redirect;
pub mod refusal;
mod relay;
mod respond;
pub mod route;
mod state;
mod stream;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::Bytes;
use hyper::body::Incoming;
use hyper::header::{HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Request, Response};

pub use dialect::Dialect;
pub use fetch::Media;
pub use identify::{Unidentified, identify};
pub use refusal::{Cause, Refusal};
pub use respond::refused;
pub use state::{Exchange, Principal, Worker};

use crate::body::Body;
use crate::canonical::{Canonical, Operation};
use crate::snapshot::Snapshot;
use crate::unread;
use answer::Answer;
use history::{Ending, Event, History};
use state::Permit;

/// A request as the server passes it on: its path names an operation and a dialect.
pub struct Arrival {
    /// The snapshot that was current when the request arrived. The exchange uses it until its end.
    pub snapshot: Arc<Snapshot>,
    pub operation: Operation,
    pub dialect: Arc<dyn Dialect>,
    /// The model in the path of `/engines/{model}/…` and `/openai/deployments/{model}/…`; it takes precedence over the
    /// body's.
    pub path_model: Option<String>,
    pub request: Request<Incoming>,
    pub peer: SocketAddr,
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
            let outcome = answer(&mut exchange, canonical).await;
            exchange.respond(outcome)
        }
    }
}

/// The phases between a request that has been received and its answer.
async fn answer(exchange: &mut Exchange, canonical: Arc<Canonical>) -> Result<Answer, Refusal> {
    match hook::prepare(exchange, canonical).await? {
        hook::Prepared::Request(canonical) => fallback::until_a_group_answers(exchange, &canonical).await,
        hook::Prepared::Answer(answer) => Ok(answer),
    }
}

impl Exchange {
    fn begin(worker: Arc<Worker>, arrival: &Arrival) -> Self {
        Self {
            snapshot: Arc::clone(&arrival.snapshot),
            id: state::new_id(),
            operation: arrival.operation,
            dialect: Arc::clone(&arrival.dialect),
            peer: arrival.peer,
            principal: None,
            permit: Some(Permit::take(&worker.metrics)),
            started_at: SystemTime::now(),
            canonical: None,
            user_agent: user_agent(arrival.request.headers()),
            fetches: fetch::Fetches::default(),
            history: History::begin(),
            worker,
        }
    }

    /// The phases `identify` and `receive`: checks the client's key and reads the request.
    async fn receive(&mut self, arrival: Arrival) -> Result<Arc<Canonical>, Refusal> {
        let (head, mut body) = arrival.request.into_parts();
        let asks_first = unread::asks_first(&head.headers);
        let received = match identify::client(self, &head.headers) {
            Ok(()) => receive::request(self, head.headers, &mut body, arrival.path_model).await,
            Err(refusal) => Err(refusal),
        };
        if received.is_err() && !asks_first {
            unread::read_on(&mut body).await;
        }
        received
    }

    /// The response for an outcome, if nothing has been sent to the client yet.
    fn respond(mut self, outcome: Result<Answer, Refusal>) -> Response<Body> {
        match outcome {
            Ok(Answer::Stream(stream)) => relay::respond(self, stream),
            Ok(Answer::Bytes(binary)) => binary::respond(self, binary),
            Ok(Answer::Whole(whole)) => {
                self.history.add(Event::Said(whole.body.clone()));
                if let Some((text, content_type)) = whole.as_text() {
                    return self.end_whole(text, content_type.clone(), whole.headers());
                }
                match self.dialect.whole(whole.body.clone()) {
                    Ok(body) => self.end_whole(body, respond::JSON, whole.headers()),
                    Err(refusal) => self.end_refused(&refusal),
                }
            }
            Err(refusal) => self.end_refused(&refusal),
        }
    }

    /// Ends the exchange with an answer that is not streamed: everything about it is known now.
    fn end_whole(mut self, body: Bytes, content_type: HeaderValue, upstream: &HeaderMap) -> Response<Body> {
        self.end(Ending::Answered { status: 200 });
        respond::whole(&self, body, content_type, upstream)
    }

    /// Ends the exchange with an error.
    fn end_refused(mut self, refusal: &Refusal) -> Response<Body> {
        self.end(Ending::Refused(refusal.clone()));
        respond::refusal(&self, refusal)
    }

    /// Every exchange ends here. Further calls do nothing.
    fn end(&mut self, ending: Ending) {
        if self.history.ending().is_some() {
            return;
        }
        self.history.add(Event::Ended {
            at: Instant::now(),
            ending: Box::new(ending),
        });
        account::settle(self);
        record::write(self);
        self.permit = None;
    }
}

/// Longer user agents are cut: they go into logs and records.
const USER_AGENT_BYTES_MAX: usize = 256;

fn user_agent(headers: &HeaderMap) -> Option<Box<str>> {
    let given = headers.get(USER_AGENT)?.to_str().ok()?;
    Some(given[..given.floor_char_boundary(USER_AGENT_BYTES_MAX)].into())
}

impl Drop for Exchange {
    /// An exchange that is dropped before its end is one whose client hung up: hyper drops the futures of a closed
    /// connection.
    fn drop(&mut self) {
        self.end(Ending::Refused(Refusal::new(Cause::ClientGone, "the client hung up")));
    }
}
