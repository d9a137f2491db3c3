//! Upstreams that send a request to another path of theirs (RFC 9110 §15.4): some answer `/v1/…` so.

use hyper::header::LOCATION;
use hyper::http::response::Parts;
use hyper::http::uri::PathAndQuery;
use hyper::{StatusCode, Uri};

use crate::upstream::Origin;

/// Redirects of one attempt that are followed.
pub const REDIRECTS_MAX: usize = 3;

/// Where an answer sends the same request, within the origin: a credential goes nowhere else. `None` for other answers.
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
