//! A gateway without a master key serves this machine only. This includes its browsers: a web page from elsewhere must
//! not be able to spend the keys of the person who opens it.
//!
//! Listening on loopback is not enough for this. A page may send requests to 127.0.0.1, and its own host name may
//! resolve to this address (DNS rebinding). Both are visible in headers that a page cannot forge. Other clients can
//! forge them, so the client's address is checked too, whatever address the gateway listens on.

use std::net::{IpAddr, SocketAddr};

use hyper::header::{HOST, ORIGIN};
use hyper::http::uri::Authority;
use hyper::{HeaderMap, Uri, Version};

/// Headers that a reverse proxy adds: the peer is then the proxy, and the client may be anywhere.
const FORWARDED: [&str; 6] = [
    "forwarded",
    "via",
    "x-forwarded-for",
    "x-forwarded-host",
    "x-forwarded-proto",
    "x-real-ip",
];

/// Whether a request comes from this machine, by its peer address, and is meant for this machine, by every `Host`,
/// `:authority` and `Origin` that it has.
pub fn is_local(peer: SocketAddr, uri: &Uri, headers: &HeaderMap) -> bool {
    let text = |value: &hyper::header::HeaderValue| value.to_str().unwrap_or_default().to_owned();
    let hosts = headers.get_all(HOST).iter().map(text);
    let mut hosts = hosts.chain(uri.authority().map(|authority| authority.as_str().to_owned()));
    let mut origins = headers.get_all(ORIGIN).iter().map(text);
    // A socket on `::` shows IPv4 clients as `::ffff:127.0.0.1`.
    peer.ip().to_canonical().is_loopback()
        && hosts.all(|host| is_loopback(&host))
        && origins.all(|origin| origin.split_once("://").is_some_and(|(_, host)| is_loopback(host)))
        && !FORWARDED.iter().any(|name| headers.contains_key(*name))
}

/// Whether a request says once for which host it is, as HTTP/1.1 demands (RFC 9112 §3.2). Servers and proxies differ on
/// which of two counts.
pub fn names_one_host(version: Version, headers: &HeaderMap) -> bool {
    let count = headers.get_all(HOST).iter().count();
    count == 1 || (count == 0 && version != Version::HTTP_11)
}

/// `localhost`, `127.0.0.1:4000`, `[::1]`, …, and nothing else in it.
fn is_loopback(text: &str) -> bool {
    let Ok(authority) = text.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    let rest = text.strip_prefix(host);
    let is_port = |port: &str| port.bytes().all(|byte| byte.is_ascii_digit()) && port.parse::<u16>().is_ok();
    if !rest.is_some_and(|rest| rest.is_empty() || rest.strip_prefix(':').is_some_and(is_port)) {
        return false;
    }
    let inside = host.strip_prefix('[').and_then(|host| host.strip_suffix(']'));
    let address = inside.unwrap_or(host).parse::<IpAddr>();
    host.eq_ignore_ascii_case("localhost") || address.is_ok_and(|address| address.is_loopback())
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
    fn text_beside_a_local_host_makes_it_another() {
        for host in [
            "[::1]evil.test",
            "[::1]:4000evil",
            "127.0.0.1:4000@evil.test",
            "localhost:4000:1",
            "localhost:",
            "localhost:+80",
            "user@localhost",
            "localhost evil.test",
            "",
        ] {
            check(host, None, false);
        }
        check("localhost", Some("http://localhost@evil.test"), false);
        check("localhost", Some("http://localhost/x"), false);
    }

    #[test]
    fn each_host_counts_and_so_does_a_proxy() {
        let local = |headers: &[(&'static str, &'static str)], uri: &'static str| {
            let mut map = HeaderMap::new();
            for (name, value) in headers {
                map.append(*name, value.parse().unwrap());
            }
            is_local(LOOPBACK.parse().unwrap(), &Uri::from_static(uri), &map)
        };
        assert!(local(&[("host", "localhost")], "/"));
        assert!(!local(&[("host", "localhost"), ("host", "evil.test")], "/"));
        assert!(!local(&[("host", "localhost")], "http://evil.test/"));
        assert!(!local(
            &[("origin", "http://localhost"), ("origin", "http://evil.test")],
            "/"
        ));
        for name in FORWARDED {
            assert!(!local(&[("host", "localhost"), (name, "192.0.2.7")], "/"), "{name}");
        }
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
