//! For a client that waits long for a stream: sends the head of the answer before there is an answer, and comments
//! after it, so that no proxy closes the connection for being idle. Attempts and fallbacks go on meanwhile; the stream
//! reports their outcome.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Response;

use super::answer::Answer;
use super::history::Ending;
use super::refusal::{Cause, Refusal};
use super::relay::Relay;
use super::respond::early_headers;
use super::state::Exchange;
use crate::body::{Body, PING, Sink};
use crate::canonical::Canonical;

/// The phases up to an answer. The future owns the exchange: if it is dropped before its end, the client has hung up.
type Asking = Pin<Box<dyn Future<Output = (Exchange, Result<Answer, Refusal>)> + Send>>;

/// Answers as usual if there is an outcome within `patience`; else with a head at once and a body that waits for the
/// outcome.
pub async fn answer(mut exchange: Exchange, canonical: Arc<Canonical>, patience: Duration) -> Response<Body> {
    let asked = Arc::clone(&canonical);
    let mut asking: Asking = Box::pin(async move {
        let outcome = super::answer(&mut exchange, asked).await;
        (exchange, outcome)
    });
    if let Ok((exchange, outcome)) = tokio::time::timeout(patience, &mut asking).await {
        return exchange.respond(outcome);
    }
    let mut response = Response::new(Body::written(Some(patience), |sink| wait(asking, sink)));
    *response.headers_mut() = early_headers(&canonical);
    response
}

/// Writes the body: the outcome of the exchange, once it is known.
async fn wait(asking: Asking, sink: Sink) {
    // Some proxies hold a head back until the body begins.
    sink.send(PING).await;
    let (mut exchange, outcome) = asking.await;
    let refusal = match outcome {
        Ok(Answer::Stream(stream)) => return Relay::new(exchange, stream).run(sink).await,
        Ok(Answer::Whole(_) | Answer::Bytes(_)) => Refusal::new(
            Cause::Internal,
            "the answer is no stream, and came too late for another",
        ),
        Err(refusal) => refusal,
    };
    let mut events = exchange.dialect.events();
    let event = events.refusal(&refusal);
    exchange.end(Ending::Refused(refusal));
    sink.send(event).await;
    sink.send(events.end()).await;
}
