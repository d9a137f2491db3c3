//! A gateway without a master key serves this machine only. This includes its browsers: a web page from elsewhere must
//! not be able to spend the keys of the person who opens it.
//!
//! Listening on loopback is not enough for this. A page may send requests to 127.0.0.1, and its own host name may
//! resolve to this address (DNS rebinding). Both are visible in headers that a page cannot forge. Other clients can
//! forge them, so the client's address is checked too, whatever address the gateway listens on.

use std::net::{IpAddr, SocketAddr};

use hyper::header::{HOST, ORIGIN};
use hyper::{HeaderMap, Uri};

/// Whether a request comes from this machine, by its peer address, and is meant for this machine, by its `Host` (or
/// `:authority`) and `Origin`.
pub fn is_local(peer: SocketAddr, uri: &Uri, headers: &HeaderMap) -> bool {
    let host = headers.get(HOST).map(|value| value.to_str().unwrap_or_default());
    let host = host.or_else(|| uri.authority().map(|authority| authority.as_str()));
    let origin = headers.get(ORIGIN).map(|value| value.to_str().unwrap_or_default());
    // A socket on `::` shows IPv4 clients as `::ffff:127.0.0.1`.
    peer.ip().to_canonical().is_loopback()
        && host.is_none_or(is_loopback)
        && origin.is_none_or(|origin| origin.split_once("://").is_some_and(|(_, host)| is_loopback(host)))
}

/// `localhost`, `127.0.0.1:4000`, `[::1]`, …
fn is_loopback(authority: &str) -> bool {
    let host = match authority.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => authority.split(':').next().unwrap_or_default(),
    };
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOOPBACK: &str = "127.0.0.1:50000";

    #[track_caller]
    fn check(host: &'static str, origin: Option<&'static str>, expected: bool) {
        check_from(LOOPBACK, host, origin, expected);
    }

    #[track_caller]
    fn check_from(peer: &str, host: &'static str, origin: Option<&'static str>, expected: bool) {
        let mut headers = HeaderMap::new();
        headers.insert(HOST, host.parse().unwrap());
        if let Some(origin) = origin {
            headers.insert(ORIGIN, origin.parse().unwrap());
        }
        assert_eq!(
            is_local(peer.parse().unwrap(), &Uri::from_static("/"), &headers),
            expected,
            "{peer} {host} {origin:?}"
        );
    }

    #[test]
    fn only_this_machine_is_local() {
        check("localhost:4000", None, true);
        check("127.0.0.1:4000", Some("http://localhost:3000"), true);
        check("[::1]:4000", None, true);
        check("evil.test:4000", None, false);
        check("127.0.0.1.evil.test", None, false);
        check("127.0.0.1:4000", Some("https://evil.test"), false);
        check("127.0.0.1:4000", Some("null"), false);
    }

    #[test]
    fn a_remote_peer_is_not_local_whatever_it_says() {
        check_from("192.0.2.7:50000", "localhost:4000", None, false);
        check_from("[2001:db8::7]:50000", "localhost:4000", Some("http://localhost"), false);
        check_from("[::ffff:192.0.2.7]:50000", "127.0.0.1", None, false);
        check_from("[::ffff:127.0.0.1]:50000", "127.0.0.1", None, true);
        check_from("[::1]:50000", "[::1]:4000", None, true);
    }
}
