//! Media that a request names by address, for a provider that takes data only.
//!
//! The adapter decides: it refuses such a part with the code [`BY_ADDRESS`]. The gateway then fetches the media, if the
//! operator allows the host (`litellm_settings.user_url_allowed_hosts`), writes the data into the request in place of the
//! address, and asks the adapter again.

use std::sync::Arc;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::Url;

use super::refusal::{Cause, Refusal};
use crate::canonical::Canonical;
use crate::json::{self, Span, Value};
use crate::plugin::egress::{Egress, Error, Fetched};
use crate::plugin::grants::Grants;
use crate::worker;

/// The code of an adapter's failure (`wit/README.md`).
const BY_ADDRESS: &str = "media_by_address";

/// Media that one attempt fetches.
const FETCHES_MAX: usize = 16;

/// Bytes of all media that one attempt fetches.
const BYTES_MAX: usize = 32 << 20;

/// Whether an adapter refused a request because it names media by address.
pub fn is_by_address(refusal: &Refusal) -> bool {
    refusal.cause == Cause::Unsupported && refusal.provider_code.as_deref() == Some(BY_ADDRESS)
}

/// The fetches of one attempt.
pub struct Fetches<'x> {
    egress: &'x Egress,
    hosts: &'x [String],
    count: usize,
    bytes: usize,
}

impl<'x> Fetches<'x> {
    /// `hosts` are those that the operator allows.
    pub fn new(egress: &'x Egress, hosts: &'x [String]) -> Self {
        Self {
            egress,
            hosts,
            count: 0,
            bytes: 0,
        }
    }

    /// The request with the data of the part that the adapter refused.
    ///
    /// # Errors
    /// The refusal itself, if the part has no address that may be fetched; it says why a fetch failed.
    pub async fn inline(&mut self, canonical: &Arc<Canonical>, refusal: Refusal) -> Result<Arc<Canonical>, Refusal> {
        let part = refusal.parameter.as_deref().unwrap_or_default();
        let Some(address) = Address::find(&canonical.body, part) else {
            return Err(refusal);
        };
        let fetched = match self.fetch(&address.url).await {
            Ok(fetched) => fetched,
            Err(error) => return Err(unfetched(refusal, &address.url, &error)),
        };
        let canonical = Arc::clone(canonical);
        worker::offload(canonical.body.len() + fetched.content.len(), move || {
            let changed = json::replace(&canonical.body, &[(address.span, address.form.write(&fetched))]);
            let body = changed.map_or_else(|_| Bytes::clone(&canonical.body), json::Parts::into_bytes);
            let inlined = canonical.with_body(body).map_err(|error| {
                Refusal::new(
                    Cause::BadRequest,
                    "the request is too long with the media that it names",
                )
                .detail(error.to_string())
            })?;
            Ok(Arc::new(inlined))
        })
        .await
    }

    async fn fetch(&mut self, url: &str) -> Result<Fetched, Error> {
        self.count += 1;
        if self.count > FETCHES_MAX {
            return Err(Error::Other(format!(
                "a request may name {FETCHES_MAX} media by address"
            )));
        }
        let fetched = self.egress.fetch(&Grants::of_operator(self.hosts), url).await?;
        self.bytes += fetched.content.len();
        if self.bytes > BYTES_MAX {
            return Err(Error::TooLarge);
        }
        Ok(fetched)
    }
}

/// The adapter's refusal, and why the gateway did not fetch the media either.
fn unfetched(refusal: Refusal, url: &str, error: &Error) -> Refusal {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_default();
    let (why, detail) = match error {
        Error::AccessDenied => (
            "",
            format!(
                "`{host}` is not in `litellm_settings.user_url_allowed_hosts`, so the gateway does not fetch from it"
            ),
        ),
        Error::TooLarge => (
            "; the gateway fetched more than it may",
            "media that a request names are too large".to_owned(),
        ),
        Error::Timeout => (
            "; the gateway could not fetch it in time",
            format!("`{host}` did not answer in time"),
        ),
        Error::Invalid(what) | Error::Unreachable(what) | Error::Other(what) => {
            ("; the gateway could not fetch it", format!("from `{host}`: {what}"))
        }
    };
    Refusal {
        message: format!("{}{why}", refusal.message),
        detail: Some(detail),
        ..refusal
    }
}

/// An address in a part, and what to replace by the data.
struct Address {
    url: String,
    span: Span,
    form: Form,
}

/// How a part names media.
#[derive(Clone, Copy)]
enum Form {
    /// `"https://…"`: an `image_url`, or its `url`.
    Url,
    /// `"file_id": "https://…"`, of a `file`.
    FileId,
    /// `{"type": "url", "url": "https://…"}`, a `source` in Anthropic's format.
    Source,
}

impl Address {
    /// `path` leads to a part or into it: `messages[0].content[1]`.
    fn find(body: &[u8], path: &str) -> Option<Self> {
        let mut part = json::find::root(body)?;
        for step in path.split(['.', '[']) {
            part = match step.strip_suffix(']') {
                Some(index) => json::elements(body, part.span).nth(index.parse().ok()?)?,
                None => json::member(body, part.span, step)?,
            };
        }
        Self::of_part(body, part)
    }

    fn of_part(body: &[u8], part: Value) -> Option<Self> {
        if let Some(url) = web_address(body, part) {
            return Some(Self {
                url,
                span: part.span,
                form: Form::Url,
            });
        }
        for member in json::members(body, part.span) {
            let name = member.name(body)?;
            let value = member.value;
            let found = match &*name {
                "image_url" | "video_url" | "audio_url" | "document_url" | "file" => Self::of_part(body, value),
                "url" => web_address(body, value).map(|url| Self {
                    url,
                    span: value.span,
                    form: Form::Url,
                }),
                "file_id" => web_address(body, value).map(|url| Self {
                    url,
                    span: member.span(),
                    form: Form::FileId,
                }),
                "source" => json::member(body, value.span, "url")
                    .and_then(|url| web_address(body, url))
                    .map(|url| Self {
                        url,
                        span: value.span,
                        form: Form::Source,
                    }),
                _ => None,
            };
            if found.is_some() {
                return found;
            }
        }
        None
    }
}

fn web_address(body: &[u8], value: Value) -> Option<String> {
    let text = value.text(body)?;
    let url = Url::parse(&text).ok()?;
    matches!(url.scheme(), "http" | "https").then(|| text.into_owned())
}

impl Form {
    /// The data as JSON.
    fn write(self, fetched: &Fetched) -> Vec<u8> {
        let data = STANDARD.encode(&fetched.content);
        let media_type = if is_media_type(&fetched.media_type) {
            &fetched.media_type
        } else {
            "application/octet-stream"
        };
        match self {
            Self::Url => format!(r#""data:{media_type};base64,{data}""#),
            Self::FileId => format!(r#""file_data":"data:{media_type};base64,{data}""#),
            Self::Source => format!(r#"{{"type":"base64","media_type":"{media_type}","data":"{data}"}}"#),
        }
        .into_bytes()
    }
}

/// Whether a text is a media type (RFC 9110 §8.3.1), so that it can be written into JSON as it stands.
fn is_media_type(text: &str) -> bool {
    let is_token = |token: &str| {
        !token.is_empty()
            && token
                .chars()
                .all(|c| c.is_ascii_alphanumeric() || "!#$&-^_.+".contains(c))
    };
    text.split_once('/')
        .is_some_and(|(kind, subtype)| is_token(kind) && is_token(subtype))
}
