//! Where an upstream listens: scheme, host and port of an `api_base`, with all that each request needs of them worked
//! out once.

use std::fmt;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use hyper::http::HeaderValue;
use hyper::http::uri::{Authority, InvalidUri, Scheme, Uri};
use rustls::pki_types::ServerName;

/// One place to connect to. Two origins with the same scheme, host and port are equal and share their connections, so
/// those outlive a reload of the configuration.
#[derive(Debug, Clone)]
pub struct Origin {
    /// TLS (`https`) or plain TCP (`http`).
    pub secure: bool,
    /// Lower case; an IPv6 address without its brackets.
    pub host: String,
    pub port: u16,
    authority: Authority,
    host_header: HeaderValue,
    server_name: Option<ServerName<'static>>,
    /// Of the three public fields, so that finding an origin's connections hashes no text.
    hash: u64,
}

/// Why an `api_base` can't be used. The text is quoted up to its query, which may hold a secret.
#[derive(Debug, thiserror::Error)]
pub enum BadBase {
    #[error("`{base}` is not a base URL; write it like `https://api.example.com/v1`")]
    NotUrl {
        base: String,
        #[source]
        source: InvalidUri,
    },
    #[error("`{base}` starts with neither `https://` nor `http://`; did you mean `https://{rest}`?")]
    Scheme { base: String, rest: String },
    #[error("`{base}` names no host; write it like `https://api.example.com/v1`")]
    NoHost { base: String },
    /// The text isn't quoted: it holds a password.
    #[error(
        "the base URL of host `{host}` holds a user name or password; remove it, and give the credential as `api_key`"
    )]
    UserInfo { host: String },
    #[error(
        "`{base}` goes on with a query; end it before the `?`, and give such values as parameters of their own (as `api_version`)"
    )]
    Query { base: String },
    #[error("`{base}` has no usable port; use 1 to 65535, or leave it out")]
    Port { base: String },
    #[error("`{base}` has a host that no certificate can name; check its spelling, or use `http://`")]
    ServerName { base: String },
}

impl Origin {
    /// Takes an `api_base` apart: the origin, and the path that goes before each request's own, without a final slash
    /// (empty for none).
    ///
    /// # Errors
    ///
    /// [`BadBase`] for anything that isn't `http(s)://host[:port][/path]`.
    pub fn parse(base_url: &str) -> Result<(Arc<Origin>, String), BadBase> {
        let text = base_url.trim();
        let base = || quotable(text);
        let (secure, rest) = split_scheme(text).ok_or_else(|| unknown_scheme(text))?;
        let uri: Uri = text
            .parse()
            .map_err(|source| BadBase::NotUrl { base: base(), source })?;
        let written = uri.authority().ok_or_else(|| BadBase::NoHost { base: base() })?;
        if written.as_str().contains('@') {
            return Err(BadBase::UserInfo {
                host: written.host().to_owned(),
            });
        }
        if written.host().is_empty() {
            return Err(BadBase::NoHost { base: base() });
        }
        if rest.contains('?') {
            return Err(BadBase::Query { base: base() });
        }
        let port = port_of(written, secure).ok_or_else(|| BadBase::Port { base: base() })?;
        let origin = Origin::new(secure, written.host(), port).ok_or_else(|| BadBase::ServerName { base: base() })?;
        Ok((Arc::new(origin), uri.path().trim_end_matches('/').to_owned()))
    }

    /// `host` as in a URL, so an IPv6 address in brackets. `None` when it can't stand in an authority or a certificate.
    fn new(secure: bool, host: &str, port: u16) -> Option<Origin> {
        let bracketed = host.to_ascii_lowercase();
        let host = bracketed.trim_start_matches('[').trim_end_matches(']').to_owned();
        let text = if port == default_port(secure) {
            bracketed
        } else {
            format!("{bracketed}:{port}")
        };
        let server_name = match secure {
            true => Some(ServerName::try_from(host.clone()).ok()?),
            false => None,
        };
        Some(Origin {
            hash: hash_of(secure, &host, port),
            host_header: HeaderValue::from_str(&text).ok()?,
            authority: text.parse().ok()?,
            secure,
            host,
            port,
            server_name,
        })
    }

    /// The value of `Host`: the default port is left out (RFC 9110 §7.2).
    pub fn authority(&self) -> &HeaderValue {
        &self.host_header
    }

    /// The same as part of a URI, for HTTP/2's `:authority`.
    pub(super) fn uri_authority(&self) -> &Authority {
        &self.authority
    }

    pub(super) fn scheme(&self) -> Scheme {
        if self.secure { Scheme::HTTPS } else { Scheme::HTTP }
    }

    /// The name that the upstream's certificate must bear; `None` without TLS.
    pub(super) fn server_name(&self) -> Option<&ServerName<'static>> {
        self.server_name.as_ref()
    }
}

/// `host:port`, for messages.
impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.authority.host(), self.port)
    }
}

impl PartialEq for Origin {
    fn eq(&self, other: &Origin) -> bool {
        std::ptr::eq(self, other)
            || (self.hash == other.hash
                && self.port == other.port
                && self.secure == other.secure
                && self.host == other.host)
    }
}

impl Eq for Origin {}

impl Hash for Origin {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.hash);
    }
}

fn hash_of(secure: bool, host: &str, port: u16) -> u64 {
    let mut hasher = DefaultHasher::new();
    (secure, host, port).hash(&mut hasher);
    hasher.finish()
}

fn default_port(secure: bool) -> u16 {
    if secure { 443 } else { 80 }
}

/// Whether TLS is asked for, and what follows `://`.
fn split_scheme(text: &str) -> Option<(bool, &str)> {
    let (scheme, rest) = text.split_once("://")?;
    match scheme {
        _ if scheme.eq_ignore_ascii_case("https") => Some((true, rest)),
        _ if scheme.eq_ignore_ascii_case("http") => Some((false, rest)),
        _ => None,
    }
}

fn unknown_scheme(text: &str) -> BadBase {
    let base = quotable(text);
    let rest = base
        .split_once("://")
        .map_or(base.as_str(), |(_, rest)| rest)
        .to_owned();
    BadBase::Scheme { base, rest }
}

/// A port that is written must be a number that can be connected to; `Uri` alone takes `host:` and `host:0`.
fn port_of(authority: &Authority, secure: bool) -> Option<u16> {
    let after_host = authority.as_str().strip_prefix(authority.host())?;
    match after_host.strip_prefix(':') {
        None => Some(default_port(secure)),
        Some(written) => written.parse().ok().filter(|port| *port != 0),
    }
}

/// The text without what may be secret: query, and user name and password.
fn quotable(text: &str) -> String {
    let text = text.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = text
        .split_once("://")
        .map_or(("", text), |(scheme, rest)| (scheme, rest));
    let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    match scheme {
        "" => format!("{host}{path}"),
        _ => format!("{scheme}://{host}{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(base: &str, secure: bool, host: &str, port: u16, authority: &str, prefix: &str) {
        let (origin, found_prefix) = Origin::parse(base).unwrap();
        assert_eq!((origin.secure, origin.host.as_str(), origin.port), (secure, host, port));
        assert_eq!(origin.authority(), authority);
        assert_eq!(found_prefix, prefix);
    }

    #[track_caller]
    fn check_refused(base: &str, text: &str) {
        assert_eq!(Origin::parse(base).unwrap_err().to_string(), text);
    }

    #[test]
    fn a_base_url_is_taken_apart() {
        check(
            "https://api.openai.com/v1",
            true,
            "api.openai.com",
            443,
            "api.openai.com",
            "/v1",
        );
        check(
            "https://api.openai.com/v1/",
            true,
            "api.openai.com",
            443,
            "api.openai.com",
            "/v1",
        );
        check("http://127.0.0.1:8000", false, "127.0.0.1", 8000, "127.0.0.1:8000", "");
        check(" HTTP://Example.COM:80/ ", false, "example.com", 80, "example.com", "");
        check("http://host:443/a/b//", false, "host", 443, "host:443", "/a/b");
        check("https://127.0.0.1:8443/", true, "127.0.0.1", 8443, "127.0.0.1:8443", "");
    }

    #[test]
    fn an_ipv6_host_loses_its_brackets_only_for_connecting() {
        check("http://[::1]:8080/v1", false, "::1", 8080, "[::1]:8080", "/v1");
        check("https://[2001:db8::A]", true, "2001:db8::a", 443, "[2001:db8::a]", "");
        assert_eq!(Origin::parse("http://[::1]").unwrap().0.to_string(), "[::1]:80");
    }

    #[test]
    fn what_is_no_base_url_is_refused_with_its_mend() {
        check_refused(
            "api.openai.com/v1",
            "`api.openai.com/v1` starts with neither `https://` nor `http://`; did you mean `https://api.openai.com/v1`?",
        );
        check_refused(
            "ftp://host/x",
            "`ftp://host/x` starts with neither `https://` nor `http://`; did you mean `https://host/x`?",
        );
        check_refused(
            "https://host/v1?api-version=1",
            "`https://host/v1` goes on with a query; end it before the `?`, and give such values as parameters of their own (as `api_version`)",
        );
        check_refused(
            "http://host:0",
            "`http://host:0` has no usable port; use 1 to 65535, or leave it out",
        );
        check_refused(
            "http://host:/x",
            "`http://host:/x` has no usable port; use 1 to 65535, or leave it out",
        );
        check_refused(
            "https://bad..name/",
            "`https://bad..name/` has a host that no certificate can name; check its spelling, or use `http://`",
        );
    }

    #[test]
    fn text_that_does_not_parse_is_refused() {
        for base in [
            "",
            "https://",
            "http://:80",
            "https://a b/",
            "http://[::1",
            "http://host:99999",
            "https:///v1",
        ] {
            assert!(Origin::parse(base).is_err(), "{base:?} was taken");
        }
    }

    #[test]
    fn a_secret_in_the_url_is_refused_and_never_quoted() {
        let refused = Origin::parse("https://me:hunter2@host/v1").unwrap_err();
        assert!(
            matches!(&refused, BadBase::UserInfo { host } if host == "host"),
            "{refused:?}"
        );
        assert!(!refused.to_string().contains("hunter2"));

        let refused = Origin::parse("ftp://me:hunter2@host/v1?key=hunter2").unwrap_err();
        assert!(!format!("{refused:?}").contains("hunter2"), "{refused:?}");
    }

    #[test]
    fn equal_places_are_equal_origins() {
        let origin = |base| Origin::parse(base).unwrap().0;
        assert_eq!(origin("https://host/a"), origin("https://HOST:443/b"));
        assert_ne!(origin("https://host"), origin("http://host:443"));
        assert_ne!(origin("http://host:1"), origin("http://host:2"));
    }
}
