//! Phase `receive`: reads the request's body within limits of size, time and depth, and checks it without building a
//! tree.

mod form;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use hyper::HeaderMap;
use hyper::body::{Body, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use serde_json::Value;

use super::refusal::{Cause, Refusal};
use super::state::Exchange;
use crate::canonical::fields::{MAY_HOLD_CREDENTIALS, Says, is_secret};
use crate::canonical::form::Upload;
use crate::canonical::operation::Takes;
use crate::canonical::{CREDENTIAL_HEADERS, Canonical, Known, MODEL_BYTES_MAX, Operation};
use crate::config::settings::Server;
use crate::joined::Joined;
use crate::json::{self, Fields, Kind, Limits, Splice};
use crate::worker;

/// Fields at the top of a request. Several parts of the gateway look at each of them.
const FIELDS_MAX: usize = 1_000;

/// Runs the phase.
///
/// # Errors
/// The body cannot be read, or is not what the operation accepts; the message says where and why.
pub async fn request(
    exchange: &mut Exchange,
    headers: HeaderMap,
    body: &mut Incoming,
    path_model: Option<String>,
) -> Result<Arc<Canonical>, Refusal> {
    let limits = &exchange.snapshot.settings.server;
    let (body, uploads) = read(exchange.operation, &headers, body, limits).await?;
    let body = exchange.dialect.request(body)?;
    let (body, fields) = look_into(body, limits).await?;
    let group = model(&body, &fields, path_model)?;
    let is_streaming =
        boolean(&body, &fields, "stream")?.unwrap_or(false) && exchange.operation.row().stream.is_given();
    let headers = without_credentials(headers);
    let (body, headers) = match is_streaming {
        true => (in_room_of_its_own(body), headers_in_room_of_their_own(&headers)),
        false => (body, headers),
    };
    let canonical = Canonical {
        id: exchange.id.clone(),
        operation: exchange.operation,
        group: group.into(),
        is_streaming,
        body,
        fields,
        uploads,
        seed: fastrand::u32(..),
        started_ms: milliseconds(exchange.started_at),
        headers,
        attributes: BTreeMap::new(),
        notes: Arc::default(),
        known: Known::default(),
    };
    let canonical = Arc::new(match worker::is_long(canonical.body.len()) {
        true => worker::offload(canonical.body.len(), move || canonical.counted()).await,
        false => canonical,
    });
    exchange.canonical = Some(Arc::clone(&canonical));
    Ok(canonical)
}

fn milliseconds(at: SystemTime) -> u64 {
    let since = at.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Accepts JSON, and requests without a content type. curl's default is a form: this mistake gets an error of its own.
fn check_content_type(headers: &HeaderMap) -> Result<(), Refusal> {
    let Some(given) = headers.get(CONTENT_TYPE) else {
        return Ok(());
    };
    let given = given.to_str().unwrap_or_default();
    let essence = given.split(';').next().unwrap_or_default().trim();
    if essence.eq_ignore_ascii_case("application/json") || essence.to_ascii_lowercase().ends_with("+json") {
        return Ok(());
    }
    let message = format!("the request's content type is `{given}`: send `content-type: application/json`");
    Err(Refusal::new(Cause::UnsupportedMediaType, message))
}

/// The body, and the files of a form.
async fn read(
    operation: Operation,
    headers: &HeaderMap,
    body: &mut Incoming,
    limits: &Server,
) -> Result<(Bytes, Vec<Upload>), Refusal> {
    if body.size_hint().lower() > limits.body_bytes_max as u64 {
        return Err(too_large(limits));
    }
    let reading = async {
        match operation.row().takes {
            Takes::Json => {
                check_content_type(headers)?;
                Ok((read_json(body, limits).await?, Vec::new()))
            }
            // Boxed: a future of a size that few requests need.
            Takes::Form(_) => {
                let form = Box::pin(form::read(headers, body, limits)).await?;
                Ok((form.fields, form.uploads))
            }
        }
    };
    let read = tokio::time::timeout(limits.body_timeout, reading).await;
    read.unwrap_or_else(|_| {
        let message = format!(
            "the request's body took longer than {} s",
            limits.body_timeout.as_secs()
        );
        Err(Refusal::new(Cause::Timeout, message))
    })
}

async fn read_json(body: &mut Incoming, limits: &Server) -> Result<Bytes, Refusal> {
    match collect(body, limits.body_bytes_max).await {
        Ok(Some(body)) => Ok(body),
        Ok(None) => Err(too_large(limits)),
        Err(error) => Err(Refusal::new(
            Cause::BadRequest,
            format!("the request's body broke off: {error}"),
        )),
    }
}

fn too_large(limits: &Server) -> Refusal {
    let message = format!(
        "the request's body is over the limit of {} bytes",
        limits.body_bytes_max
    );
    Refusal::new(Cause::TooLarge, message)
}

/// The whole body; `None` if it is longer than `bytes_max`. A body in one frame, the usual case, is not copied.
async fn collect(body: &mut Incoming, bytes_max: usize) -> hyper::Result<Option<Bytes>> {
    let mut joined = Joined::default();
    while let Some(frame) = body.frame().await {
        let Ok(data) = frame?.into_data() else { continue };
        if joined.len() + data.len() > bytes_max {
            return Ok(None);
        }
        let expected = usize::try_from(body.size_hint().lower()).unwrap_or(0).min(bytes_max);
        joined.push(data, expected);
    }
    Ok(Some(joined.into_bytes()))
}

/// The body without credentials, and its fields.
async fn look_into(body: Bytes, limits: &Server) -> Result<(Bytes, Fields), Refusal> {
    let depth_max = u16::try_from(limits.json_depth_max).unwrap_or(json::DEPTH_CEILING);
    let limits = Limits {
        depth_max,
        fields_max: FIELDS_MAX,
    };
    worker::offload(body.len(), move || {
        let fields = scan(&body, limits)?;
        without_credential_fields(body, fields, limits)
    })
    .await
}

fn scan(body: &Bytes, limits: Limits) -> Result<Fields, Refusal> {
    if body.is_empty() {
        return Err(Refusal::new(
            Cause::BadRequest,
            "the request has no body: send a JSON object with at least `model`",
        ));
    }
    json::scan(body, limits).map_err(|error| {
        Refusal::new(
            Cause::BadRequest,
            format!("the request's body is not usable JSON: {error}"),
        )
    })
}

const TOO_LONG: &str = "`model` is longer than any model's name: name a model group";

/// Removes the credentials that clients send in the body: no guest may see them. A body without them is not changed.
fn without_credential_fields(body: Bytes, fields: Fields, limits: Limits) -> Result<(Bytes, Fields), Refusal> {
    let mut splice = Splice::default();
    for field in &fields {
        let name = field.name(&body).unwrap_or_default();
        if matches!(Says::of(&name), Says::Credential) {
            splice.remove(name.into_owned());
        } else if MAY_HOLD_CREDENTIALS.contains(&name.as_ref())
            && let Some(rest) = without_secrets(field.raw(&body))
        {
            splice.set(name.into_owned(), rest);
        }
    }
    if splice.is_empty() {
        return Ok((body, fields));
    }
    let body = splice.finish(&body, &fields).into_bytes();
    let fields = scan(&body, limits)?;
    Ok((body, fields))
}

/// Removes credentials from a client's fallbacks or headers: a fallback is a request, and has the fields of one. `None`
/// if there are no credentials.
fn without_secrets(json: &[u8]) -> Option<Vec<u8>> {
    fn strip(value: &mut Value) -> usize {
        match value {
            Value::Array(items) => items.iter_mut().map(strip).sum(),
            Value::Object(fields) => {
                let count = fields.len();
                // A list holds the fallbacks of a group, whatever the name of the group is.
                fields.retain(|name, value| value.is_array() || !is_secret(name));
                let stripped = count - fields.len();
                match fields.contains_key("model") {
                    true => stripped,
                    false => stripped + fields.values_mut().map(strip).sum::<usize>(),
                }
            }
            _ => 0,
        }
    }
    let mut value = serde_json::from_slice(json).ok()?;
    (strip(&mut value) > 0).then(|| value.to_string().into_bytes())
}

/// The model of the path, else the model of the body.
fn model(body: &[u8], fields: &Fields, path_model: Option<String>) -> Result<String, Refusal> {
    let refused = |message: &str| Refusal::new(Cause::BadRequest, message).parameter("model");
    if let Some(model) = path_model {
        return if model.len() <= MODEL_BYTES_MAX {
            Ok(model)
        } else {
            Err(refused(TOO_LONG))
        };
    }
    let field = fields
        .get(body, "model")
        .ok_or_else(|| refused("`model` is missing: name a model group"))?;
    let text = field.text(body).ok_or_else(|| refused("`model` must be a string"))?;
    if text.len() > MODEL_BYTES_MAX {
        return Err(refused(TOO_LONG));
    }
    if text.is_empty() {
        return Err(refused("`model` is empty: name a model group"));
    }
    Ok(text.into_owned())
}

/// A boolean; null counts as absent.
fn boolean(body: &[u8], fields: &Fields, name: &str) -> Result<Option<bool>, Refusal> {
    match fields.get(body, name) {
        None => Ok(None),
        Some(field) if field.value.kind == Kind::Null => Ok(None),
        Some(field) => match field.as_bool(body) {
            Some(value) => Ok(Some(value)),
            None => Err(Refusal::new(Cause::BadRequest, format!("`{name}` must be true or false")).parameter(name)),
        },
    }
}

fn without_credentials(mut headers: HeaderMap) -> HeaderMap {
    for name in CREDENTIAL_HEADERS {
        headers.remove(name);
    }
    headers
}

/// Bodies of this size or more were already copied out of the connection's read buffer.
const ONE_READ_BYTES_MAX: usize = 64 << 10;

/// The same body in memory of its own. A body that came in a single read shares the buffer of the client's connection,
/// and the buffer keeps its size as long as a part of it is held. A stream would hold it for minutes.
fn in_room_of_its_own(body: Bytes) -> Bytes {
    if body.len() < ONE_READ_BYTES_MAX {
        return Bytes::copy_from_slice(&body);
    }
    body
}

/// The same headers in memory of their own.
fn headers_in_room_of_their_own(headers: &HeaderMap) -> HeaderMap {
    let mut values = BytesMut::with_capacity(headers.values().map(HeaderValue::len).sum());
    let mut copied = HeaderMap::with_capacity(headers.len());
    for (name, value) in headers {
        values.extend_from_slice(value.as_bytes());
        // The copy of a valid value is valid.
        if let Ok(value) = HeaderValue::from_maybe_shared(values.split().freeze()) {
            copied.append(name.clone(), value);
        }
    }
    copied
}
