//! Masks the gateway's credentials in the answers of upstreams. Some upstreams repeat a request's headers, or the key
//! in an error message, and a compromised one may do worse. No credential may reach a guest, a client or a log.
//!
//! A credential that a stream spells over several events (a piece in each delta) is not found, because no single event
//! holds it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hyper::HeaderMap;
use hyper::header::HeaderName;

use super::refusal::Refusal;
use super::state::Exchange;
use crate::deployment::{Deployment, Sent};

/// The refusal with credentials masked: providers repeat keys in their messages, which reach clients and logs.
pub fn scrubbed(mut refusal: Refusal, deployment: &Deployment) -> Refusal {
    let Refusal {
        message,
        detail,
        parameter,
        provider_code,
        ..
    } = &mut refusal;
    let texts = [
        Some(message),
        detail.as_mut(),
        parameter.as_mut(),
        provider_code.as_mut(),
    ];
    for text in texts.into_iter().flatten() {
        if let Some(masked) = deployment.secrets.masked(text.as_bytes(), Sent::Error) {
            *text = String::from_utf8_lossy(&masked).into_owned();
        }
    }
    refusal
}

/// The error of an answer that broke, scrubbed for the deployment that gave it.
pub fn scrubbed_of(exchange: &Exchange, refusal: Refusal) -> Refusal {
    match exchange.history.last_attempt() {
        Some(attempt) => scrubbed(refusal, &attempt.candidate.deployment),
        None => refusal,
    }
}

/// An upstream's error page with credentials masked, as a guest may see it.
pub fn masked(page: Bytes, deployment: &Deployment) -> Bytes {
    deployment.secrets.masked(&page, Sent::Error).unwrap_or(page)
}

/// Removes the headers that hold a credential: some servers send a request's headers back, and these headers must reach
/// neither a guest nor a client.
pub fn leave_out_echoes(headers: &mut HeaderMap, deployment: &Deployment) {
    let echoes: Vec<HeaderName> = headers
        .iter()
        .filter(|(_, value)| deployment.secrets.are_in(value.as_bytes()))
        .map(|(name, _)| name.clone())
        .collect();
    for name in echoes {
        headers.remove(name);
    }
}

/// Masks a successful answer as it arrives, wherever its reads are cut. Bytes are copied only if they hold a
/// credential, or if those before them may be the beginning of one.
pub struct Mask {
    deployment: Arc<Deployment>,
    /// Bytes that may be the beginning of a credential: fewer than the longest credential has.
    held: Bytes,
    has_warned: bool,
}

impl Mask {
    pub fn new(deployment: Arc<Deployment>) -> Self {
        Self {
            deployment,
            held: Bytes::new(),
            has_warned: false,
        }
    }

    /// The next bytes; empty if all of them may be the beginning of a credential.
    pub fn pass(&mut self, bytes: Bytes) -> Bytes {
        let mut bytes = match self.held.is_empty() {
            true => bytes,
            false => BytesMut::from_iter(std::mem::take(&mut self.held).into_iter().chain(bytes)).freeze(),
        };
        if let Some(masked) = self.deployment.secrets.masked(&bytes, Sent::Answer) {
            bytes = masked;
            self.warn();
        }
        let begun = self.deployment.secrets.begun(&bytes);
        self.held = bytes.split_off(bytes.len() - begun);
        bytes
    }

    /// The bytes that are still held at the end of the answer.
    pub fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.held)
    }

    /// Masks a whole answer.
    pub fn whole(mut self, bytes: Bytes) -> Bytes {
        let Some(masked) = self.deployment.secrets.masked(&bytes, Sent::Answer) else {
            return bytes;
        };
        self.warn();
        masked
    }

    /// Logs a warning, once per answer.
    fn warn(&mut self) {
        if !std::mem::replace(&mut self.has_warned, true) {
            tracing::warn!(
                deployment = self.deployment.settings.id,
                "an upstream repeated a credential of this deployment in its answer; it was masked. Renew the credential if \
                 others can read that upstream's answers"
            );
        }
    }
}
