//! Phase `identify`: who asks. Virtual keys will be looked up here; today there is the master key.

use hyper::HeaderMap;
use hyper::header::AUTHORIZATION;
use subtle::ConstantTimeEq;

use super::{Cause, Exchange, Refusal};
use crate::config::Secret;

/// Headers that clients send a key in, the first that is there counts.
const KEY_HEADERS: [&str; 5] = [
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "ocp-apim-subscription-key",
    "x-litellm-api-key",
];

/// Why a client is nobody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unidentified {
    NoKey,
    WrongKey,
}

impl From<Unidentified> for Refusal {
    fn from(why: Unidentified) -> Self {
        let message = match why {
            Unidentified::NoKey => "no API key: send it as `Authorization: Bearer <key>`, `api-key` or `x-api-key`",
            Unidentified::WrongKey => "this API key is not valid",
        };
        Self::new(Cause::Unauthenticated, message)
    }
}

/// The phase.
///
/// # Errors
/// A master key is configured, and the client has shown another, or none.
pub fn client(exchange: &Exchange, headers: &HeaderMap) -> Result<(), Refusal> {
    Ok(identify(
        exchange.snapshot.settings.general.master_key.as_ref(),
        headers,
    )?)
}

/// Whether these headers carry the master key; anyone may enter where none is configured (the gateway then listens on
/// loopback only).
///
/// # Errors
/// No key, or a wrong one.
pub fn identify(master_key: Option<&Secret>, headers: &HeaderMap) -> Result<(), Unidentified> {
    let Some(master_key) = master_key else { return Ok(()) };
    let shown = key(headers).ok_or(Unidentified::NoKey)?;
    // The comparison takes the same time wherever the difference is; only the length shows.
    if bool::from(shown.as_bytes().ct_eq(master_key.expose().as_bytes())) {
        Ok(())
    } else {
        Err(Unidentified::WrongKey)
    }
}

/// The key a client shows. `x-litellm-api-key` wins: it is sent where `Authorization` is meant for someone else.
fn key(headers: &HeaderMap) -> Option<&str> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let bare = |value: &'_ str| -> Option<usize> {
        // The scheme's name compares without regard to case (RFC 9110 §11.1).
        value
            .get(..7)
            .filter(|scheme| scheme.eq_ignore_ascii_case("bearer "))
            .map(|_| 7)
    };
    let own = text("x-litellm-api-key");
    let authorization = text(AUTHORIZATION.as_str());
    let found = own
        .or(authorization)
        .or_else(|| KEY_HEADERS.iter().find_map(|name| text(name)))?;
    let found = bare(found).map_or(found, |start| &found[start..]).trim();
    (!found.is_empty()).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &'static str, value: &'static str, expected: Result<(), Unidentified>) {
        let mut headers = HeaderMap::new();
        headers.insert(header, value.parse().unwrap());
        assert_eq!(
            identify(Some(&Secret::new("sk-right")), &headers),
            expected,
            "{header}: {value}"
        );
    }

    #[test]
    fn a_key_is_taken_from_every_header_that_clients_use() {
        for header in KEY_HEADERS {
            check(header, "sk-right", Ok(()));
        }
        check("authorization", "Bearer sk-right", Ok(()));
        check("authorization", "bearer  sk-right", Ok(()));
        check("x-litellm-api-key", "Bearer sk-right", Ok(()));
    }

    #[test]
    fn a_wrong_or_missing_key_is_refused() {
        check("authorization", "Bearer sk-wrong", Err(Unidentified::WrongKey));
        check("authorization", "Bearer sk-right2", Err(Unidentified::WrongKey));
        check("authorization", "Bearer ", Err(Unidentified::NoKey));
        check("accept", "sk-right", Err(Unidentified::NoKey));
    }

    #[test]
    fn where_no_key_is_configured_anyone_enters() {
        assert_eq!(identify(None, &HeaderMap::new()), Ok(()));
    }
}
