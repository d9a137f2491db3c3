//! Calls from web pages of other origins (<https://fetch.spec.whatwg.org/#http-cors-protocol>).
//!
//! Browsers ask before such a call, and give a page the answer only if the server allows it. The gateway allows it only
//! if a master key is set: without one, any page that is opened in the operator's browser could spend the operator's
//! money.

use hyper::header::{
    ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS, ACCESS_CONTROL_ALLOW_ORIGIN,
    ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE, ACCESS_CONTROL_REQUEST_HEADERS,
    ACCESS_CONTROL_REQUEST_METHOD, HeaderValue, ORIGIN, VARY,
};
use hyper::{HeaderMap, Method, Request, Response, StatusCode};

use crate::body::Body;
use crate::config::Settings;

/// Allows every origin.
const ANY: &str = "*";

/// The permission for the page that sent a request.
pub struct Cors {
    /// The page's origin, or `*`.
    allowed: HeaderValue,
    /// For a preflight request: the headers that the page wants to send, if it names any.
    preflight: Option<Option<HeaderValue>>,
}

impl Cors {
    /// `None` if the request does not come from a page, or the page's origin is not allowed.
    pub fn of<B>(request: &Request<B>, settings: &Settings) -> Option<Self> {
        settings.general.master_key.as_ref()?;
        let headers = request.headers();
        let asked = headers.get(ORIGIN)?;
        let allowed = allowed(&settings.server.cors_origins, asked)?;
        let is_preflight = request.method() == Method::OPTIONS && headers.contains_key(ACCESS_CONTROL_REQUEST_METHOD);
        Some(Self {
            allowed,
            preflight: is_preflight.then(|| headers.get(ACCESS_CONTROL_REQUEST_HEADERS).cloned()),
        })
    }

    /// The answer to a preflight request; `None` for other requests. Browsers send no key with a preflight.
    pub fn preflight(&self) -> Option<Response<Body>> {
        let wanted = self.preflight.as_ref()?;
        let mut response = Response::new(Body::Whole(None));
        *response.status_mut() = StatusCode::NO_CONTENT;
        let headers = response.headers_mut();
        headers.insert(
            ACCESS_CONTROL_ALLOW_METHODS,
            HeaderValue::from_static("GET, HEAD, POST"),
        );
        headers.insert(ACCESS_CONTROL_MAX_AGE, HeaderValue::from_static("600"));
        if let Some(wanted) = wanted {
            headers.insert(ACCESS_CONTROL_ALLOW_HEADERS, wanted.clone());
        }
        self.mark(headers);
        Some(response)
    }

    /// Adds the headers that allow the page to read an answer.
    pub fn mark(&self, headers: &mut HeaderMap) {
        headers.insert(ACCESS_CONTROL_ALLOW_ORIGIN, self.allowed.clone());
        headers.insert(ACCESS_CONTROL_EXPOSE_HEADERS, HeaderValue::from_static(ANY));
        if self.allowed != ANY {
            headers.append(VARY, HeaderValue::from_static("origin"));
        }
    }
}

fn allowed(origins: &[String], asked: &HeaderValue) -> Option<HeaderValue> {
    if origins.iter().any(|origin| origin == ANY) {
        return Some(HeaderValue::from_static(ANY));
    }
    let is_it = |origin: &String| {
        asked
            .as_bytes()
            .eq_ignore_ascii_case(origin.trim_end_matches('/').as_bytes())
    };
    origins.iter().any(is_it).then(|| asked.clone())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_origins_of_the_list_are_allowed() {
        let check = |origins: &[&str], asked: &'static str| {
            let origins: Vec<String> = origins.iter().map(|origin| (*origin).to_owned()).collect();
            let allowed = allowed(&origins, &HeaderValue::from_static(asked))?;
            Some(allowed.to_str().unwrap().to_owned())
        };
        assert_eq!(check(&["*"], "https://a.example").as_deref(), Some("*"));
        let one = ["https://a.example/"];
        assert_eq!(check(&one, "https://a.example").as_deref(), Some("https://a.example"));
        assert_eq!(check(&one, "https://a.example.evil.example"), None);
        assert_eq!(check(&[], "https://a.example"), None);
    }
}
