//! Redirects to another path of the same upstream (RFC 9110 §15.4): some upstreams answer `/v1/…` with one.

use hyper::header::LOCATION;
use hyper::http::response::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::{StatusCode, Uri};

use crate::upstream::Origin;

/// How many redirects an attempt follows.
pub const REDIRECTS_MAX: usize = 3;

/// The path that an answer redirects the same request to; `None` for other answers. It is within the origin, because
/// the credential must be sent nowhere else.
pub fn target(origin: &Origin, head: &Parts) -> Option<PathAndQuery> {
    let keeps_method = matches!(
        head.status,
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
    );
    let location = head.headers.get(LOCATION).filter(|_| keeps_method)?.to_str().ok()?;
    within(origin, location)
}

fn within(origin: &Origin, location: &str) -> Option<PathAndQuery> {
    if location.starts_with('/') && !location.starts_with("//") {
        return location.parse().ok();
    }
    let (other, _) = Origin::parse(location).ok()?;
    let is_same = (other.secure, &other.host, other.port) == (origin.secure, &origin.host, origin.port);
    let uri: Uri = location.parse().ok().filter(|_| is_same)?;
    uri.path_and_query().cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_origin_is_followed() {
        let (origin, _) = Origin::parse("https://api.test/v1").unwrap();
        let path = |location: &str| within(&origin, location).map(|path| path.to_string());
        assert_eq!(path("/v2/chat?a=1").as_deref(), Some("/v2/chat?a=1"));
        assert_eq!(path("https://api.test:443/v2/chat").as_deref(), Some("/v2/chat"));
        for other in [
            "https://other.test/v1",
            "http://api.test/v1",
            "https://api.test:8443/v1",
            "//other.test/v1",
            "chat",
            "",
        ] {
            assert_eq!(path(other), None, "{other}");
        }
    }
}
