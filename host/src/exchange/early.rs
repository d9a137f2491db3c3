//! A client that waits long for a stream: the head of its answer goes out before there is one, and comments follow, so that
//! nothing in between takes the connection for dead. Attempts and fallbacks go on meanwhile; their outcome is told in the
//! stream.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hyper::Response;

use super::answer::{self, Answer};
use super::relay::{self, Relay};
use super::story::Ending;
use super::{Cause, Exchange, Refusal, fallback};
use crate::body::{Body, PING, Sink};
use crate::canonical::Canonical;

/// The phases up to an answer. It owns the exchange: dropped in the middle, it is a client that hung up.
type Asking = Pin<Box<dyn Future<Output = (Exchange, Result<Answer, Refusal>)> + Send>>;

/// Answers as if nobody waited, where that takes no longer than `patience`; else with a head at once and a body that waits.
pub async fn answer(mut exchange: Exchange, canonical: Arc<Canonical>, patience: Duration) -> Response<Body> {
    let asked = Arc::clone(&canonical);
    let mut asking: Asking = Box::pin(async move {
        let outcome = fallback::until_a_group_answers(&mut exchange, &asked).await;
        (exchange, outcome)
    });
    if let Ok((exchange, outcome)) = tokio::time::timeout(patience, &mut asking).await {
        return exchange.respond(outcome);
    }
    let mut response = Response::new(Body::written(Some(patience), |sink| wait(asking, sink)));
    *response.headers_mut() = answer::early_headers(&canonical);
    response
}

/// The body: what becomes of the exchange, once that is known.
async fn wait(asking: Asking, sink: Sink) {
    // Some intermediaries hold a head back until a body begins.
    sink.send(PING).await;
    let (mut exchange, outcome) = asking.await;
    let refusal = match outcome {
        Ok(Answer::Stream(stream)) => return Relay::new(exchange, stream).run(sink).await,
        Ok(Answer::Whole(_)) => Refusal::new(
            Cause::Internal,
            "the answer is no stream, and came too late for another",
        ),
        Err(refusal) => refusal,
    };
    let event = relay::error_event(&refusal);
    exchange.end(Ending::Refused(refusal));
    sink.send(event).await;
    sink.send(relay::DONE).await;
}
