//! Our credentials in what an upstream answers: some repeat a request's headers, or the key in an error message, and one
//! that was taken over may do worse. None goes further, neither to a guest nor to a client nor into a log.
//!
//! A credential that a stream spells over several events (a piece in each delta) is not found: no single event holds it.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use hyper::HeaderMap;
use hyper::header::HeaderName;

use super::Refusal;
use crate::deployment::Deployment;

/// Providers repeat keys in their messages; ours must not reach a client or a log.
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
        if let Some(masked) = deployment.secrets.all.masked(text.as_bytes()) {
            *text = String::from_utf8_lossy(&masked).into_owned();
        }
    }
    refusal
}

/// An upstream's error page as a guest may see it.
pub fn masked(page: Bytes, deployment: &Deployment) -> Bytes {
    deployment.secrets.all.masked(&page).unwrap_or(page)
}

/// Some servers send a request's headers back: whatever holds a credential of ours goes no further, neither to a guest nor
/// to a client.
pub fn leave_out_echoes(headers: &mut HeaderMap, deployment: &Deployment) {
    let echoes: Vec<HeaderName> = headers
        .iter()
        .filter(|(_, value)| deployment.secrets.all.are_in(value.as_bytes()))
        .map(|(name, _)| name.clone())
        .collect();
    for name in echoes {
        headers.remove(name);
    }
}

/// Masks a successful answer as it comes, wherever its reads are cut. Bytes without a credential are not copied.
pub struct Mask {
    deployment: Arc<Deployment>,
    /// May be the beginning of a credential: shorter than the longest of them.
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

    /// The next bytes; empty where all of them may be the beginning of a credential.
    pub fn pass(&mut self, bytes: Bytes) -> Bytes {
        let mut bytes = match self.held.is_empty() {
            true => bytes,
            false => BytesMut::from_iter(std::mem::take(&mut self.held).into_iter().chain(bytes)).freeze(),
        };
        if let Some(masked) = self.deployment.secrets.distinctive.masked(&bytes) {
            bytes = masked;
            self.warn();
        }
        let begun = self.deployment.secrets.distinctive.begun(&bytes);
        self.held = bytes.split_off(bytes.len() - begun);
        bytes
    }

    /// What is left at the end of the answer.
    pub fn rest(&mut self) -> Bytes {
        std::mem::take(&mut self.held)
    }

    /// All of an answer.
    pub fn whole(mut self, bytes: Bytes) -> Bytes {
        let Some(masked) = self.deployment.secrets.distinctive.masked(&bytes) else {
            return bytes;
        };
        self.warn();
        masked
    }

    /// Once an answer.
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
