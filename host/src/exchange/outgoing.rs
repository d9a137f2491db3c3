//! The request to an upstream: prepares the canonical request for a deployment, and makes an HTTP request of what the
//! adapter returns.

mod form;

use std::borrow::Cow;
use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Body;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use hyper::http::uri::PathAndQuery;
use hyper::{HeaderMap, Request};

use super::refusal::{Cause, Refusal};
use crate::canonical::Canonical;
use crate::canonical::fields::Says;
use crate::canonical::operation::{Answers, Takes};
use crate::deployment::{self, AuthError, Deployment, Upstream};
use crate::json::{self, Kind, Limits, Splice};
use crate::plugin::adapter::{Auth, RequestBody, UpstreamRequest};
use crate::upstream::Outgoing;
use crate::worker;
use form::Form;

/// Control fields that are not supported yet: the headers of an answer name those that the request has.
pub const NOT_IN_EFFECT: [&str; 4] = ["cache", "policies", "priority", "vector_store_ids"];

/// Headers that frame the message. Neither an adapter nor a credential may set them.
const FRAMING_HEADERS: [&str; 10] = [
    "host",
    "content-length",
    "transfer-encoding",
    "connection",
    "keep-alive",
    "upgrade",
    "te",
    "trailer",
    "expect",
    "accept-encoding",
];

/// Headers that carry credentials. Only the host sets them, and an adapter may name only the first for a credential.
const AUTHORIZATION_HEADERS: [&str; 3] = ["authorization", "proxy-authorization", "cookie"];

/// Headers in which nobody expects a credential: they are logged.
const PUBLIC_HEADERS: [&str; 3] = ["user-agent", "content-type", "accept"];

/// The canonical request for this deployment: with its defaults, and without the fields that it must not get. Control
/// fields stay, since adapters use some of them (`drop_params`); [`body`] removes them.
pub fn prepare(canonical: &Arc<Canonical>, deployment: &Deployment) -> Result<Arc<Canonical>, Refusal> {
    let mut splice = Splice::default();
    let asked = asked_to_drop(canonical)?;
    let dropped: Cow<'_, [json::Path]> = match asked.is_empty() {
        true => Cow::Borrowed(&deployment.dropped),
        false => Cow::Owned([asked.as_slice(), &deployment.dropped].concat()),
    };
    for field in &canonical.fields {
        let Some(name) = field.name(&canonical.body) else {
            continue;
        };
        let is_dropped = dropped.iter().any(|path| path.is_whole_field() && path.field == name);
        let is_ours = name == "stream" && canonical.is_streaming && !canonical.asks_for_stream();
        // Null means "not given"; strict upstreams refuse it.
        if is_dropped || is_ours || field.value.kind == Kind::Null {
            splice.remove(name);
        } else if let Some(left) = json::without(&canonical.body, field, &dropped) {
            splice.set(name, left);
        }
    }
    for (name, json) in &deployment.settings.defaults {
        if !is_said(canonical, name) {
            splice.set_default(name.as_str(), json.as_bytes());
        }
    }
    if splice.is_empty() {
        return Ok(Arc::clone(canonical));
    }
    let prepared = canonical.with_fields(splice).map_err(|error| {
        Refusal::new(Cause::Internal, "the deployment's parameters do not fit the request").detail(format!(
            "deployment `{}`: a default in `litellm_params` is not JSON: {error}",
            deployment.settings.id
        ))
    })?;
    Ok(Arc::new(prepared))
}

/// `additional_drop_params` of the request: names of fields, or paths into them.
///
/// # Errors
/// It is not a list of strings, or has more than 100 elements.
fn asked_to_drop(canonical: &Canonical) -> Result<Vec<json::Path>, Refusal> {
    const NAME: &str = "additional_drop_params";
    const PATHS_MAX: usize = 100;
    let Some(field) = canonical.field(NAME).filter(|field| field.json != "null") else {
        return Ok(Vec::new());
    };
    match serde_json::from_str::<Vec<String>>(field.json) {
        Ok(paths) if paths.len() <= PATHS_MAX => Ok(paths.iter().map(|path| json::Path::parse(path)).collect()),
        _ => {
            let sentence = format!("`{NAME}` must be a list of at most {PATHS_MAX} names or paths (`tools[*].x`)");
            Err(Refusal::new(Cause::BadRequest, sentence).parameter(NAME))
        }
    }
}

fn is_given(canonical: &Canonical, name: &str) -> bool {
    canonical.field(name).is_some_and(|field| field.json != "null")
}

/// Parameters with the same meaning: providers refuse a request that has two of them.
const SAME: [&[&str]; 4] = [
    &["max_tokens", "max_completion_tokens", "max_output_tokens"],
    &["reasoning_effort", "reasoning", "thinking"],
    &["tools", "functions"],
    &["tool_choice", "function_call"],
];

/// Whether the client gives this parameter, or another one with the same meaning.
fn is_said(canonical: &Canonical, name: &str) -> bool {
    let same = SAME.iter().find(|names| names.contains(&name));
    is_given(canonical, name) || same.is_some_and(|names| names.iter().any(|other| is_given(canonical, other)))
}

/// Whether OpenAI is to store the answer: it keeps `metadata` only then. Otherwise `metadata` is for the gateway.
fn is_stored(canonical: &Canonical) -> bool {
    canonical.field("store").is_some_and(|field| field.json == "true")
}

/// The HTTP request that an adapter asks for, without the proof of who we are, which [`prove`] adds.
///
/// # Errors
/// The adapter asked for something that it may not ask for.
pub fn build(canonical: &Canonical, upstream: &Upstream, asked: UpstreamRequest) -> Result<Request<Outgoing>, Refusal> {
    let broken = |what: String| {
        let plugin = upstream.adapter.name();
        Refusal::new(
            Cause::PluginFailed,
            "the provider adapter made a request that cannot be sent",
        )
        .detail(format!("adapter `{plugin}` broke its contract: {what}"))
    };
    let mut headers = headers(&asked, accepted(canonical)).map_err(broken)?;
    let auth = asked.auth.as_ref().unwrap_or(&upstream.provider.auth);
    check_credential_header(auth).map_err(broken)?;
    let path = path(&upstream.path, &asked.path_and_query).map_err(broken)?;
    let method = canonical.operation.method();
    if asked.method != method.as_str() {
        let (asked, method) = (asked.method.escape_debug(), method.as_str());
        return Err(broken(format!(
            "it asks with the method `{asked}`, this operation has `{method}`"
        )));
    }
    let body = match asked.body {
        RequestBody::Unchanged | RequestBody::MergePatch(_) if is_form(canonical) => {
            let form = Form::new();
            headers.insert(CONTENT_TYPE, form.content_type());
            form.body(&changed(canonical, asked.body).map_err(broken)?)
        }
        RequestBody::Upload(field) => {
            let upload = canonical.uploads.iter().find(|upload| *upload.field == *field);
            let missing =
                || Refusal::new(Cause::BadRequest, format!("the form has no file `{field}`")).parameter(&field);
            let upload = upload.ok_or_else(missing)?;
            headers.insert(CONTENT_TYPE, form::content_type(upload));
            Outgoing::spooled(vec![upload.content.clone()])
        }
        asked => body(canonical, asked).map_err(broken)?,
    };
    let mut request = Request::new(body);
    *request.method_mut() = method;
    *request.uri_mut() = path.into();
    *request.headers_mut() = headers;
    Ok(request)
}

/// What the upstream may answer with.
fn accepted(canonical: &Canonical) -> HeaderValue {
    HeaderValue::from_static(match canonical.operation.row().answers {
        Answers::Items(_) if canonical.asks_for_stream() => "text/event-stream",
        Answers::Items(_) => "application/json",
        Answers::Text | Answers::Bytes(_) => "*/*",
    })
}

fn headers(asked: &UpstreamRequest, accepted: HeaderValue) -> Result<HeaderMap, String> {
    const PRODUCT: HeaderValue = HeaderValue::from_static(concat!("sluice/", env!("CARGO_PKG_VERSION")));
    let mut headers = HeaderMap::with_capacity(asked.headers.len() + 8);
    headers.insert(USER_AGENT, PRODUCT);
    // Answers are read and passed on as they arrive: compression would gain nothing.
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(ACCEPT, accepted);
    if !matches!(asked.body, RequestBody::Empty) {
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    }
    for header in &asked.headers {
        let name: HeaderName = header
            .name
            .parse()
            .map_err(|_| format!("header name `{}`", header.name.escape_debug()))?;
        if FRAMING_HEADERS
            .iter()
            .chain(&AUTHORIZATION_HEADERS)
            .any(|own| *own == name.as_str())
        {
            return Err(format!("the header `{name}` is the host's to set"));
        }
        let value = HeaderValue::from_str(&header.value).map_err(|_| format!("the value of header `{name}`"))?;
        headers.insert(name, value);
    }
    Ok(headers)
}

fn check_credential_header(auth: &Auth) -> Result<(), String> {
    let Auth::Header((name, _)) = auth else { return Ok(()) };
    let name = name.to_ascii_lowercase();
    let mut unfit = FRAMING_HEADERS
        .iter()
        .chain(&AUTHORIZATION_HEADERS[1..])
        .chain(&PUBLIC_HEADERS);
    match unfit.any(|unfit| *unfit == name) {
        true => Err(format!("the header `{name}` carries no credential")),
        false => Ok(()),
    }
}

fn auth_of(deployment: &Deployment) -> Option<&Auth> {
    deployment.upstream.as_ref().map(|upstream| &upstream.provider.auth)
}

/// Adds the proof of who we are, as the last step. `own_auth`: what the adapter asks for in place of the provider's.
///
/// # Errors
/// There is no credential, or it cannot be sent.
pub async fn prove(
    mut request: Request<Outgoing>,
    deployment: &Arc<Deployment>,
    own_auth: Option<Auth>,
) -> Result<Request<Outgoing>, Refusal> {
    let deployment = Arc::clone(deployment);
    let bytes = match own_auth.as_ref().or_else(|| auth_of(&deployment)) {
        // A signature reads the body.
        Some(Auth::AwsSigv4(_)) => request.body().size_hint().lower() as usize,
        _ => 0,
    };
    let proving = async move {
        let auth = own_auth
            .as_ref()
            .or_else(|| auth_of(&deployment))
            .unwrap_or(&Auth::None);
        deployment::prove(&deployment, auth, &mut request).await?;
        Ok(request)
    };
    worker::offload_waiting(bytes, proving)
        .await
        .map_err(|error: AuthError| {
            // Not 401: a client that reads 401 believes that its own key is wrong.
            let sentence = "the gateway is not set up to ask this model: its operator finds why in the log";
            Refusal::new(Cause::Misconfigured, sentence).detail(error.to_string())
        })
}

/// Joins the base and the adapter's path. The adapter cannot change the host, because this is a path and a query, not a
/// URL.
fn path(base: &str, asked: &str) -> Result<PathAndQuery, String> {
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

/// The body without the fields that are for the gateway. A body that the adapter wrote itself is not changed.
fn body(canonical: &Canonical, asked: RequestBody) -> Result<Outgoing, String> {
    match asked {
        RequestBody::Empty => Ok(Outgoing::empty()),
        RequestBody::Bytes(bytes) => Ok(Bytes::from(bytes).into()),
        asked => {
            let splice = changes(canonical, &asked)?;
            let parts: Vec<Bytes> = splice.finish(&canonical.body, &canonical.fields).into_iter().collect();
            Ok(Outgoing::parts(parts))
        }
    }
}

/// The same request with the adapter's changes.
fn changed(canonical: &Canonical, asked: RequestBody) -> Result<Canonical, String> {
    let changes = changes(canonical, &asked)?;
    canonical.with_fields(changes).map_err(|error| error.to_string())
}

fn changes<'a>(canonical: &'a Canonical, asked: &'a RequestBody) -> Result<Splice<'a>, String> {
    let mut splice = without_control_fields(canonical);
    if let RequestBody::MergePatch(patch) = asked {
        splice
            .merge(patch, Limits::ceiling())
            .map_err(|error| format!("its merge patch: {error}"))?;
    }
    Ok(splice)
}

fn is_form(canonical: &Canonical) -> bool {
    matches!(canonical.operation.row().takes, Takes::Form(_))
}

fn without_control_fields(canonical: &Canonical) -> Splice<'_> {
    let mut splice = Splice::default();
    for name in canonical.fields.iter().filter_map(|field| field.name(&canonical.body)) {
        let is_ours = matches!(Says::of(&name), Says::Control | Says::Credential);
        if is_ours || (name == "metadata" && !is_stored(canonical)) {
            splice.remove(name);
        }
    }
    splice
}

#[cfg(test)]
mod tests {
    use super::{Auth, asked_to_drop, check_credential_header, is_said, path};
    use crate::canonical::Canonical;

    fn canonical(body: &'static str) -> Canonical {
        Canonical::empty().with_body(body.into()).unwrap()
    }

    #[test]
    fn a_default_gives_way_to_what_says_the_same() {
        let asked = canonical(r#"{"max_completion_tokens":55,"thinking":null,"functions":[],"top_k":null}"#);
        for said in ["max_tokens", "max_completion_tokens", "max_output_tokens", "tools"] {
            assert!(is_said(&asked, said), "{said}");
        }
        for unsaid in ["reasoning_effort", "thinking", "tool_choice", "top_k", "temperature"] {
            assert!(!is_said(&asked, unsaid), "{unsaid}");
        }
    }

    #[test]
    fn a_request_says_what_to_drop() {
        let dropped = |body| asked_to_drop(&canonical(body)).map(|paths| paths.len());
        assert_eq!(
            dropped(r#"{"additional_drop_params":["seed","tools[*].x"]}"#).unwrap(),
            2
        );
        assert_eq!(dropped(r#"{"additional_drop_params":null}"#).unwrap(), 0);
        assert_eq!(dropped("{}").unwrap(), 0);
        for wrong in [
            r#"{"additional_drop_params":"seed"}"#,
            r#"{"additional_drop_params":[1]}"#,
        ] {
            assert_eq!(dropped(wrong).unwrap_err().cause, super::Cause::BadRequest);
        }
    }

    #[test]
    fn an_adapter_cannot_choose_the_host() {
        let joined = |asked: &str| path("/v1", asked).map(|path| path.to_string());
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
            assert!(path("/v1", way_out).is_err(), "{way_out}");
        }
        for within in [
            "/a..b/x",
            "/...",
            "/.well-known/x",
            "/x?next=../y",
            "/models/gpt-4.1",
            "/a%20b",
        ] {
            assert!(path("/v1", within).is_ok(), "{within}");
        }
    }

    #[test]
    fn a_credential_goes_where_credentials_are_expected() {
        let check = |name: &str| check_credential_header(&Auth::Header((name.into(), "api_key".into()))).is_ok();
        for fit in ["Authorization", "x-api-key", "api-key", "Ocp-Apim-Subscription-Key"] {
            assert!(check(fit), "{fit}");
        }
        for unfit in [
            "Host",
            "expect",
            "TE",
            "upgrade",
            "cookie",
            "User-Agent",
            "content-type",
            "Accept",
        ] {
            assert!(!check(unfit), "{unfit}");
        }
    }

    #[test]
    fn a_base_written_to_the_end_is_not_doubled() {
        let joined = path("/v1/chat/completions", "/chat/completions?a=1").unwrap();
        assert_eq!(joined, "/v1/chat/completions?a=1");
    }
}
