//! Our credentials in what an upstream answers: some repeat a request's headers, or the key in an error message. None goes
//! further, neither to a guest nor to a client nor into a log.

use bytes::Bytes;
use hyper::HeaderMap;
use hyper::header::{HeaderName, HeaderValue};
use memchr::memmem;

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
        for secret in deployment
            .secrets()
            .filter_map(|secret| std::str::from_utf8(secret).ok())
        {
            if text.contains(secret) {
                *text = text.replace(secret, "****");
            }
        }
    }
    refusal
}

/// Bytes of an answer as a guest may see them: without our credentials, should the upstream repeat them.
pub fn masked(bytes: Bytes, deployment: &Deployment) -> Bytes {
    let holds = |secret: &&[u8]| memmem::find(&bytes, secret).is_some();
    if !deployment.secrets().any(|secret| holds(&secret)) {
        return bytes;
    }
    let mut masked = bytes.to_vec();
    for secret in deployment.secrets() {
        for at in memmem::find_iter(&bytes, secret) {
            masked[at..at + secret.len()].fill(b'*');
        }
    }
    masked.into()
}

/// Some servers send a request's headers back: whatever holds a credential of ours goes no further, neither to a guest nor
/// to a client.
pub fn leave_out_echoes(headers: &mut HeaderMap, deployment: &Deployment) {
    let holds_secret = |value: &HeaderValue| {
        deployment
            .secrets()
            .any(|secret| memmem::find(value.as_bytes(), secret).is_some())
    };
    let echoes: Vec<HeaderName> = headers
        .iter()
        .filter(|(_, value)| holds_secret(value))
        .map(|(name, _)| name.clone())
        .collect();
    for name in echoes {
        headers.remove(name);
    }
}
