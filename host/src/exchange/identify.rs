//! Phase `identify`: finds out who asks, by the key that the client sent. Only the master key is supported; virtual keys
//! will be looked up here.

use hyper::HeaderMap;
use subtle::ConstantTimeEq;

use super::refusal::{Cause, Refusal};
use super::state::{Exchange, Principal};
use crate::config::Secret;

/// Headers in which clients send a key; the first one that is there counts. Clients send `x-litellm-api-key` if
/// `Authorization` is meant for another server.
const KEY_HEADERS: [&str; 6] = [
    "x-litellm-api-key",
    "authorization",
    "api-key",
    "x-api-key",
    "x-goog-api-key",
    "ocp-apim-subscription-key",
];

/// Why a client was not identified.
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

/// Runs the phase.
///
/// # Errors
/// A master key is configured, and the client sent another key, or none.
pub fn client(exchange: &mut Exchange, headers: &HeaderMap) -> Result<(), Refusal> {
    let master_key = exchange.snapshot.settings.general.master_key.as_ref();
    exchange.principal = Some(identify(master_key, headers)?);
    Ok(())
}

/// Who sent these headers. If no master key is configured, every client is accepted. The gateway then
/// listens on loopback only, unless `dangerously_permit_weak_or_unset_master_key` is set.
///
/// # Errors
/// There is no key, or a wrong one.
pub fn identify(master_key: Option<&Secret>, headers: &HeaderMap) -> Result<Principal, Unidentified> {
    let Some(master_key) = master_key else {
        return Ok(Principal::Anyone);
    };
    let shown = key(headers).ok_or(Unidentified::NoKey)?;
    // The comparison takes the same time wherever the keys differ; only the length can be found out.
    if bool::from(shown.as_bytes().ct_eq(master_key.expose().as_bytes())) {
        Ok(Principal::Operator)
    } else {
        Err(Unidentified::WrongKey)
    }
}

/// The key that a client sent.
fn key(headers: &HeaderMap) -> Option<&str> {
    let shown = KEY_HEADERS.iter().find_map(|name| headers.get(*name)?.to_str().ok())?;
    Some(strip_bearer(shown).trim()).filter(|key| !key.is_empty())
}

/// The text after `Bearer `, if it begins so. The scheme's name compares without regard to case (RFC 9110 §11.1).
fn strip_bearer(shown: &str) -> &str {
    match shown.split_at_checked("bearer ".len()) {
        Some((scheme, key)) if scheme.eq_ignore_ascii_case("bearer ") => key,
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(header: &'static str, value: &'static str, expected: Result<Principal, Unidentified>) {
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
            check(header, "sk-right", Ok(Principal::Operator));
        }
        check("authorization", "Bearer sk-right", Ok(Principal::Operator));
        check("authorization", "bearer  sk-right", Ok(Principal::Operator));
        check("x-litellm-api-key", "Bearer sk-right", Ok(Principal::Operator));
    }

    #[test]
    fn the_gateways_own_header_goes_over_authorization() {
        let mut headers = HeaderMap::new();
        headers.insert("authorization", "Bearer for-someone-else".parse().unwrap());
        headers.insert("x-litellm-api-key", "sk-right".parse().unwrap());
        assert_eq!(
            identify(Some(&Secret::new("sk-right")), &headers),
            Ok(Principal::Operator)
        );
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
        assert_eq!(identify(None, &HeaderMap::new()), Ok(Principal::Anyone));
    }
}
