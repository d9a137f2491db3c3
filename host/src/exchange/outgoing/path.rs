//! The path of a request to an upstream: an adapter gives it below the deployment's base, and can leave neither the base nor
//! the host.

use hyper::http::uri::PathAndQuery;

/// Joins the base and the adapter's path. The adapter cannot change the host, because this is a path and a query, not a
/// URL.
pub fn join(base: &str, asked: &str) -> Result<PathAndQuery, String> {
    if !asked.starts_with('/') {
        return Err(format!("path `{}` does not begin with `/`", asked.escape_debug()));
    }
    if has_dot_segment(asked) {
        return Err(format!("path `{}` leaves the deployment's base", asked.escape_debug()));
    }
    // If the operator's base ends with the adapter's path (`…/v1/chat/completions`), the path is not added again.
    let asked_path = asked.split('?').next().unwrap_or(asked);
    let joined = if base.ends_with(asked_path) {
        format!("{base}{}", &asked[asked_path.len()..])
    } else {
        format!("{base}{asked}")
    };
    joined.parse().map_err(|_| format!("path `{}`", asked.escape_debug()))
}

/// Whether a server may read a segment of the path as `.` or `..`. Such a path would leave the deployment's base with
/// its credential. Some servers decode a path more than once, and take `\\` for `/`.
fn has_dot_segment(path_and_query: &str) -> bool {
    const DECODINGS_MAX: usize = 4;
    let path = path_and_query.split(['?', '#']).next().unwrap_or_default();
    if !path.contains(['.', '%']) {
        return false;
    }
    let mut path = path.as_bytes().to_vec();
    for _ in 0..DECODINGS_MAX {
        let mut segments = path.split(|byte| matches!(byte, b'/' | b'\\'));
        // Tomcat and others cut a segment at `;`.
        let is_dots = |segment: &[u8]| {
            let name = segment.split(|byte| *byte == b';').next().unwrap_or_default();
            matches!(name, b"." | b"..")
        };
        if segments.any(is_dots) {
            return true;
        }
        let decoded: Vec<u8> = percent_encoding::percent_decode(&path).collect();
        if decoded == path {
            return false;
        }
        path = decoded;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_adapter_cannot_choose_the_host() {
        let joined = |asked: &str| join("/v1", asked).map(|path| path.to_string());
        assert_eq!(joined("/chat/completions"), Ok("/v1/chat/completions".into()));
        assert_eq!(joined("//evil.test/x"), Ok("/v1//evil.test/x".into()));
        for bad in [
            "https://evil.test/",
            "@evil.test/",
            "evil",
            "/x y",
            "/x\r\nhost: evil.test",
            "/x#y z",
        ] {
            assert!(
                joined(bad).is_err() || !joined(bad).unwrap().contains("//evil"),
                "{bad}"
            );
        }
        assert!(joined("https://evil.test/").is_err());
        assert!(joined("/x\r\nhost: evil.test").is_err());
    }

    #[test]
    fn an_adapter_cannot_leave_the_base() {
        for way_out in [
            "/../admin",
            "/x/..",
            "/./x",
            "/%2e%2e/admin",
            "/.%2E/admin",
            "/%252e%252e/admin",
            "/x%2f..%2fadmin",
            "/x\\..\\admin",
            "/..;a=b/admin",
            "/%25252525252e/x",
        ] {
            assert!(join("/v1", way_out).is_err(), "{way_out}");
        }
        for within in [
            "/a..b/x",
            "/...",
            "/.well-known/x",
            "/x?next=../y",
            "/models/gpt-4.1",
            "/a%20b",
        ] {
            assert!(join("/v1", within).is_ok(), "{within}");
        }
    }

    #[test]
    fn a_base_written_to_the_end_is_not_doubled() {
        let joined = join("/v1/chat/completions", "/chat/completions?a=1").unwrap();
        assert_eq!(joined, "/v1/chat/completions?a=1");
    }
}
