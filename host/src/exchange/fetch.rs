//! Media that a request names by address, for a provider that takes data only.
//!
//! The adapter decides: it refuses such a part with the code [`BY_ADDRESS`]. The gateway then fetches the media, if the
//! operator allows the host (`litellm_settings.user_url_allowed_hosts`), writes the data into the request in place of the
//! address, and asks the adapter again. All of this is before the attempt, whose times and failures are the deployment's.

use std::sync::Arc;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use memchr::memmem;
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

/// Media that one exchange fetches.
const FETCHES_MAX: usize = 16;

/// Bytes of all media that one exchange fetches.
const BYTES_MAX: usize = 32 << 20;

/// Time for all media of one exchange.
const TIME_MAX: Duration = Duration::from_secs(30);

/// Bytes of memory for the media of all exchanges.
const ROOM_BYTES: usize = 512 << 20;

/// A file takes its own size, that of its encoding, which is a third more, and that of an adapter's copy of it.
const ROOM_OF_A_BYTE: usize = 4;

/// In the unit of the semaphore.
const ROOM_UNIT: usize = 1 << 10;

/// What fetches media, for all exchanges of a gateway.
#[derive(Clone)]
pub struct Media {
    egress: Egress,
    room: Arc<Semaphore>,
}

/// A file that was fetched. It gives its room back when it is dropped.
struct Fetched {
    media_type: String,
    content: Vec<u8>,
    room: Option<OwnedSemaphorePermit>,
}

/// Why a file is not fetched.
enum Unfetched {
    TooMany,
    NoRoom,
    Failed(Error),
}

impl From<Error> for Unfetched {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl Media {
    pub fn new(egress: Egress) -> Self {
        Self {
            egress,
            room: Arc::new(Semaphore::new(ROOM_BYTES / ROOM_UNIT)),
        }
    }

    /// Room is taken as the file arrives, and nobody waits for it: who waited would hold what others wait for.
    async fn fetch(&self, hosts: &[String], url: &str) -> Result<Fetched, Unfetched> {
        let mut opened = self.egress.open(&Grants::of_operator(hosts), url).await?;
        let mut fetched = Fetched {
            media_type: std::mem::take(&mut opened.media_type),
            content: Vec::new(),
            room: None,
        };
        while let Some(piece) = opened.piece().await? {
            let units = (piece.len() * ROOM_OF_A_BYTE).div_ceil(ROOM_UNIT);
            let more = u32::try_from(units).map_err(|_| Unfetched::NoRoom)?;
            let more = Arc::clone(&self.room).try_acquire_many_owned(more);
            let more = more.map_err(|_| Unfetched::NoRoom)?;
            match &mut fetched.room {
                Some(room) => room.merge(more),
                none => *none = Some(more),
            }
            fetched.content.extend_from_slice(&piece);
        }
        Ok(fetched)
    }
}

/// The media of one exchange, by address: another attempt does not fetch them again.
#[derive(Default)]
pub struct Fetches {
    done: Vec<(String, Arc<Fetched>)>,
    /// Fetches that were begun.
    count: usize,
    spent: Duration,
}

impl Fetches {
    async fn get(&mut self, media: &Media, hosts: &[String], url: &str) -> Result<Arc<Fetched>, Unfetched> {
        if let Some((_, fetched)) = self.done.iter().find(|(known, _)| known == url) {
            return Ok(Arc::clone(fetched));
        }
        self.count += 1;
        if self.count > FETCHES_MAX {
            return Err(Unfetched::TooMany);
        }
        let begun = Instant::now();
        let left = TIME_MAX.saturating_sub(self.spent);
        let fetched = tokio::time::timeout(left, media.fetch(hosts, url)).await;
        self.spent += begun.elapsed();
        let fetched = Arc::new(fetched.unwrap_or(Err(Unfetched::Failed(Error::Timeout)))?);
        let bytes: usize = self.done.iter().map(|(_, other)| other.content.len()).sum();
        if bytes + fetched.content.len() > BYTES_MAX {
            return Err(Unfetched::Failed(Error::TooLarge));
        }
        self.done.push((url.to_owned(), Arc::clone(&fetched)));
        Ok(fetched)
    }
}

/// Whether a request may hold an address that the operator lets the gateway fetch.
pub fn is_possible(hosts: &[String], canonical: &Canonical) -> bool {
    !hosts.is_empty() && memmem::find(&canonical.body, b"\"http").is_some()
}

/// Whether an adapter refused a request because it names media by address.
pub fn is_by_address(refusal: &Refusal) -> bool {
    refusal.cause == Cause::Unsupported && refusal.provider_code.as_deref() == Some(BY_ADDRESS)
}

/// The request with the data of the part that the adapter refused. `hosts` are those that the operator allows.
///
/// # Errors
/// The refusal itself, if the part has no address that may be fetched; it says why a fetch failed. [`Cause::NoRoom`] if
/// other exchanges hold too many media.
pub async fn inline(
    fetches: &mut Fetches,
    media: &Media,
    hosts: &[String],
    canonical: &Arc<Canonical>,
    refusal: Refusal,
) -> Result<Arc<Canonical>, Refusal> {
    let part = refusal.parameter.clone().unwrap_or_default();
    let own = Arc::clone(canonical);
    let found = worker::offload(canonical.body.len(), move || Address::find(&own.body, &part)).await;
    let Some(address) = found else { return Err(refusal) };
    let fetched = match fetches.get(media, hosts, &address.url).await {
        Ok(fetched) => fetched,
        Err(error) => return Err(unfetched(refusal, &address.url, error)),
    };
    let canonical = Arc::clone(canonical);
    worker::offload(canonical.body.len() + fetched.content.len(), move || {
        let broken =
            |error: String| Refusal::new(Cause::Internal, "the media cannot be put into the request").detail(error);
        let changed = json::replace(&canonical.body, &address.replacements(&fetched));
        let body = changed.map_err(|error| broken(error.to_string()))?.into_bytes();
        let inlined = canonical.with_body(body).map_err(|error| broken(error.to_string()))?;
        Ok(Arc::new(inlined))
    })
    .await
}

/// The adapter's refusal, and why the gateway did not fetch the media either.
fn unfetched(refusal: Refusal, url: &str, error: Unfetched) -> Refusal {
    let host = Url::parse(url).ok().and_then(|url| url.host_str().map(str::to_owned));
    let host = host.unwrap_or_default();
    let (why, detail) = match error {
        Unfetched::NoRoom => {
            let message = "the gateway has no room at present for the media that the request names; try again";
            return Refusal {
                parameter: refusal.parameter,
                ..Refusal::new(Cause::NoRoom, message)
            };
        }
        Unfetched::TooMany => (
            format!("; the gateway fetches {FETCHES_MAX} media of a request at most"),
            String::new(),
        ),
        Unfetched::Failed(Error::AccessDenied) => (
            String::new(),
            format!(
                "`litellm_settings.user_url_allowed_hosts` does not cover the address at `{host}`, or one that it redirects to"
            ),
        ),
        Unfetched::Failed(Error::TooLarge) => (
            "; the gateway fetched more than it may".to_owned(),
            format!("16 MiB a file and {} MiB a request are the limits", BYTES_MAX >> 20),
        ),
        Unfetched::Failed(Error::Timeout) => (
            "; the gateway could not fetch it in time".to_owned(),
            format!("`{host}` did not answer in time"),
        ),
        Unfetched::Failed(Error::Invalid(what) | Error::Unreachable(what) | Error::Other(what)) => (
            "; the gateway could not fetch it".to_owned(),
            format!("from `{host}`: {what}"),
        ),
    };
    Refusal {
        message: format!("{}{why}", refusal.message),
        detail: Some(detail).filter(|detail| !detail.is_empty()),
        ..refusal
    }
}

/// An address in a part, and what to replace by the data.
struct Address {
    url: String,
    span: Span,
    form: Form,
    /// A `file_data` beside a `file_id`: it is null, and must not follow the data.
    beside: Option<Span>,
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
                beside: None,
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
                    beside: None,
                }),
                "file_id" => web_address(body, value).map(|url| Self {
                    url,
                    span: member.span(),
                    form: Form::FileId,
                    beside: json::members(body, part.span)
                        .find(|other| other.is_named(body, "file_data"))
                        .map(|other| other.span()),
                }),
                "source" => json::member(body, value.span, "url")
                    .and_then(|url| web_address(body, url))
                    .map(|url| Self {
                        url,
                        span: value.span,
                        form: Form::Source,
                        beside: None,
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

impl Address {
    /// In the order of the body.
    fn replacements(&self, fetched: &Fetched) -> Vec<(Span, Vec<u8>)> {
        let data = (self.span, self.form.write(fetched));
        let null = self.beside.map(|span| (span, br#""file_id":null"#.to_vec()));
        let mut replacements: Vec<_> = std::iter::once(data).chain(null).collect();
        replacements.sort_by_key(|(span, _)| span.range().start);
        replacements
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
    async fn a_file_is_fetched_only_where_there_is_room_for_it() {
        let address = server().await;
        let hosts = [address.clone()];
        let tls = tls::client_config(None).unwrap();
        let media = Media {
            egress: Egress::new(tls.as_ref().clone()).unwrap(),
            // For one file and its copies.
            room: Arc::new(Semaphore::new(50)),
        };
        let first = media.fetch(&hosts, &address).await.ok().unwrap();
        assert_eq!(first.content.len(), 9216);
        assert!(matches!(media.fetch(&hosts, &address).await, Err(Unfetched::NoRoom)));
        drop(first);
        assert!(media.fetch(&hosts, &address).await.is_ok());
        assert_eq!(
            media.room.available_permits(),
            50,
            "what is dropped gives its room back"
        );
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
