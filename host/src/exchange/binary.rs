//! [`Binary`]: an answer of bytes, such as audio, which is passed on as it arrives.

use std::time::Instant;

use bytes::{Bytes, BytesMut};
use hyper::header::HeaderValue;
use hyper::{HeaderMap, Response};

use super::arrivals::Arrivals;
use super::history::{Ending, Event};
use super::masks::scrubbed_of;
use super::refusal::{Cause, Refusal};
use super::respond;
use super::state::Exchange;
use crate::body::{Body, Sink};
use crate::canonical::parts::Medium;
use crate::deployment::InFlight;

/// An answer of bytes. When an attempt returns it, its first bytes are there and nothing has been sent.
pub struct Binary {
    pub medium: Medium,
    pub content_type: HeaderValue,
    /// The upstream's headers.
    pub headers: HeaderMap,
    /// Bytes that have arrived and have not been sent.
    arrived: Bytes,
    /// `None` if all of it has arrived.
    rest: Option<Arrivals>,
    /// Counts as the deployment's load until the answer ends.
    pub in_flight: Option<InFlight>,
}

impl Binary {
    /// An answer of which all bytes are there.
    pub fn whole(medium: Medium, content_type: HeaderValue, bytes: Bytes, headers: HeaderMap) -> Self {
        Self {
            medium,
            content_type,
            headers,
            arrived: bytes,
            rest: None,
            in_flight: None,
        }
    }

    /// Waits for the first bytes: until then the attempt may still fail over.
    ///
    /// # Errors
    /// The answer broke off before them, or has none.
    pub async fn begin(
        medium: Medium,
        content_type: HeaderValue,
        mut arrivals: Arrivals,
        headers: HeaderMap,
    ) -> Result<Self, Refusal> {
        let first = arrivals.next().await.transpose()?;
        let first = first.ok_or_else(|| Refusal::new(Cause::UpstreamError, "the provider answered with nothing"))?;
        Ok(Self {
            rest: Some(arrivals),
            ..Self::whole(medium, content_type, first, headers)
        })
    }

    /// Waits for all bytes, for guardrails that look at the medium.
    ///
    /// # Errors
    /// The answer broke off, or is longer than `bytes_max`.
    pub async fn collect(&mut self, bytes_max: usize) -> Result<Bytes, Refusal> {
        let mut all = BytesMut::from(std::mem::take(&mut self.arrived));
        while let Some(arrivals) = &mut self.rest {
            match arrivals.next().await.transpose()? {
                Some(bytes) if all.len() + bytes.len() > bytes_max => {
                    let message = format!("the provider's answer is over the limit of {bytes_max} bytes");
                    return Err(Refusal::new(Cause::UpstreamError, message));
                }
                Some(bytes) => all.extend_from_slice(&bytes),
                None => self.rest = None,
            }
        }
        self.arrived = all.freeze();
        Ok(self.arrived.clone())
    }

    /// Replaces all bytes.
    pub fn replace(&mut self, bytes: Bytes) {
        (self.arrived, self.rest) = (bytes, None);
    }
}

/// The response of an answer of bytes: a head now, and a body that passes them on while the client reads.
pub fn respond(exchange: Exchange, binary: Box<Binary>) -> Response<Body> {
    let headers = respond::binary_headers(&exchange, binary.content_type.clone(), &binary.headers);
    let mut response = Response::new(Body::written(None, |sink| relay(exchange, binary, sink)));
    *response.headers_mut() = headers;
    response
}

async fn relay(mut exchange: Exchange, mut binary: Box<Binary>, sink: Sink) {
    exchange.history.add(Event::FirstContent { at: Instant::now() });
    sink.send(std::mem::take(&mut binary.arrived)).await;
    while let Some(arrivals) = &mut binary.rest {
        match arrivals.next().await {
            Some(Ok(bytes)) => sink.send(bytes).await,
            Some(Err(refusal)) => {
                let refusal = scrubbed_of(&exchange, refusal);
                exchange.end(Ending::Broken(refusal));
                // There is no other way to say that the bytes are not all.
                return sink.abort();
            }
            None => binary.rest = None,
        }
    }
    exchange.end(Ending::Answered { status: 200 });
}
