//! The request to an upstream: prepares the canonical request for a deployment, and makes an HTTP request of what the
//! adapter returns.

mod form;
mod path;
mod prepare;

use std::sync::Arc;

use bytes::Bytes;
use hyper::body::Body;
use hyper::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, HeaderName, HeaderValue, USER_AGENT};
use hyper::{HeaderMap, Request};

use super::refusal::{Cause, Refusal};
use crate::canonical::Canonical;
use crate::canonical::fields::Says;
use crate::canonical::operation::{Answers, Takes};
use crate::deployment::{self, AuthError, Deployment, Upstream};
use crate::json::{Limits, Splice};
use crate::plugin::kinds::adapter::{Auth, RequestBody, UpstreamRequest};
use crate::upstream::Outgoing;
use crate::worker;
use form::Form;
pub use prepare::prepare;

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
    let path = path::join(&upstream.path, &asked.path_and_query).map_err(broken)?;
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
    worker::offload_waiting(bytes, proving).await.map_err(unproven)
}

/// No proof of who we are can be had.
fn unproven(error: AuthError) -> Refusal {
    let (cause, sentence) = if error.is_passing() {
        (
            Cause::Connection,
            "the service that gives tokens for this model does not answer",
        )
    } else {
        // Not 401: a client that reads 401 believes that its own key is wrong.
        let sentence = "the gateway is not set up to ask this model: its operator finds why in the log";
        (Cause::Misconfigured, sentence)
    };
    Refusal::new(cause, sentence).detail(error.to_string())
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
    use super::*;

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
}
