//! Media that a request names by address, for a provider that takes data only.
//!
//! The adapter decides: it refuses such a part with the code [`BY_ADDRESS`]. The gateway then fetches the media, if the
//! operator allows the host (`litellm_settings.user_url_allowed_hosts`), writes the data into the request in place of the
//! address, and asks the adapter again.

use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use reqwest::Url;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::refusal::{Cause, Refusal};
use crate::canonical::Canonical;
use crate::json::{self, Span, Value};
use crate::plugin::egress::{Egress, Error};
use crate::plugin::grants::Grants;
use crate::worker;

/// The code of an adapter's failure (`wit/README.md`).
const BY_ADDRESS: &str = "media_by_address";

/// Media that one attempt fetches.
const FETCHES_MAX: usize = 16;

/// Bytes of all media that one attempt fetches.
const BYTES_MAX: usize = 32 << 20;

/// Time for one of them, with the wait for room.
const TIME_MAX: Duration = Duration::from_secs(30);

/// Bytes of memory for all media that the gateway has fetched and not yet let go of.
const ROOM_BYTES: usize = 512 << 20;

/// A file takes its own size, that of its encoding, and that of an adapter's copy.
const ROOM_OF_A_BYTE: usize = 3;

/// In the unit of the semaphore.
const ROOM_UNIT: usize = 1 << 10;

/// What fetches media, for all exchanges of a gateway.
#[derive(Clone)]
pub struct Media {
    egress: Egress,
    room: Arc<Semaphore>,
}

impl Media {
    pub fn new(egress: Egress) -> Self {
        Self {
            egress,
            room: Arc::new(Semaphore::new(ROOM_BYTES / ROOM_UNIT)),
        }
    }

    async fn fetch(&self, hosts: &[String], url: &str) -> Result<Fetched, Error> {
        let opened = self.egress.open(&Grants::of_operator(hosts), url).await?;
        let units = opened.bytes_max().saturating_mul(ROOM_OF_A_BYTE) / ROOM_UNIT + 1;
        let units = u32::try_from(units)
            .ok()
            .filter(|units| *units as usize <= ROOM_BYTES / ROOM_UNIT);
        let room = Arc::clone(&self.room)
            .acquire_many_owned(units.ok_or(Error::TooLarge)?)
            .await;
        Ok(Fetched {
            media_type: opened.media_type.clone(),
            content: opened.read().await?,
            room: Arc::new(room.map_err(|closed| Error::Other(closed.to_string()))?),
        })
    }
}

/// A file that was fetched.
struct Fetched {
    media_type: String,
    content: Vec<u8>,
    room: Arc<OwnedSemaphorePermit>,
}

/// Whether an adapter refused a request because it names media by address.
pub fn is_by_address(refusal: &Refusal) -> bool {
    refusal.cause == Cause::Unsupported && refusal.provider_code.as_deref() == Some(BY_ADDRESS)
}

/// The fetches of one attempt.
pub struct Fetches<'x> {
    media: &'x Media,
    hosts: &'x [String],
    count: usize,
    bytes: usize,
}

impl<'x> Fetches<'x> {
    /// `hosts` are those that the operator allows.
    pub fn new(media: &'x Media, hosts: &'x [String]) -> Self {
        Self {
            media,
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
            let mut inlined = canonical.with_body(body).map_err(|error| {
                Refusal::new(
                    Cause::BadRequest,
                    "the request is too long with the media that it names",
                )
                .detail(error.to_string())
            })?;
            inlined.room.push(fetched.room);
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
        let fetching = self.media.fetch(self.hosts, url);
        let fetched = tokio::time::timeout(TIME_MAX, fetching)
            .await
            .unwrap_or(Err(Error::Timeout))?;
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

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    use tokio::net::TcpListener;

    use super::*;
    use crate::upstream::tls;

    /// Serves a file of 9 KiB at each connection, and gives its address.
    async fn server() -> String {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = listener.accept().await {
                let head = "HTTP/1.1 200 OK\r\ncontent-length: 9216\r\nconnection: close\r\n\r\n";
                let _ = stream.read(&mut [0; 4096]).await.unwrap();
                stream.write_all(head.as_bytes()).await.unwrap();
                stream.write_all(&[b'x'; 9216]).await.unwrap();
            }
        });
        format!("http://{address}")
    }

    #[tokio::test]
    async fn a_file_waits_until_there_is_room_for_it() {
        let address = server().await;
        let hosts = [address.clone()];
        let tls = tls::client_config(None).unwrap();
        let media = Media {
            egress: Egress::new(tls.as_ref().clone()).unwrap(),
            // For one file and its copies.
            room: Arc::new(Semaphore::new(30)),
        };
        let first = media.fetch(&hosts, &address).await.unwrap();
        assert_eq!(first.content.len(), 9216);
        let mut second = Box::pin(media.fetch(&hosts, &address));
        let waited = tokio::time::timeout(Duration::from_millis(100), &mut second).await;
        assert!(waited.is_err(), "there is no room yet");
        drop(first);
        assert_eq!(second.await.unwrap().content.len(), 9216);
    }

    #[test]
    fn an_address_is_found_where_a_part_may_name_one() {
        let found = |body: &str, path: &str| Address::find(body.as_bytes(), path).map(|address| address.url);
        let url = Some("https://a/b".to_owned());
        for (part, path) in [
            (
                r#"{"type":"image_url","image_url":{"url":"https://a/b"}}"#,
                "messages[0].content[0]",
            ),
            (
                r#"{"type":"image_url","image_url":"https:\/\/a\/b"}"#,
                "messages[0].content[0]",
            ),
            (
                r#"{"image_url":{"detail":"low","url":"https://a/b"}}"#,
                "messages[0].content[0].image_url",
            ),
            (r#"{"video_url":{"url":"https://a/b"}}"#, "messages[0].content[0]"),
            (r#"{"file":{"file_id":"https://a/b"}}"#, "messages[0].content[0].file"),
            (
                r#"{"source":{"type":"url","url":"https://a/b"}}"#,
                "messages[0].content[0]",
            ),
        ] {
            let body = format!(r#"{{"messages":[{{"content":[{part}]}}]}}"#);
            assert_eq!(found(&body, path), url, "{part}");
        }
        let body =
            r#"{"messages":[{"content":[{"image_url":{"url":"data:image/png;base64,aa"}},{"text":"https://a/b"}]}]}"#;
        for path in [
            "messages[0].content[0]",
            "messages[0].content[1]",
            "messages[0].content[2]",
            "messages[0].content[x]",
            "messages[-1]",
            "",
            "[",
            "input",
        ] {
            assert_eq!(found(body, path), None, "{path}");
        }
    }
}
