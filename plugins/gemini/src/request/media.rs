//! Images, sound, video and documents as Gemini's `inlineData` and `fileData`
//! (<https://ai.google.dev/gemini-api/docs/file-input-methods>). Google itself fetches addresses.

use std::borrow::Cow;

use sluice_sdk::Failure;
use sluice_sdk::adapter::Media;
use sluice_sdk::canonical::{Object, Text};

use crate::place::Place;

/// The address of AI Studio's file store.
const FILES: &str = "https://generativelanguage.googleapis.com/v1beta/";

/// Media types by the extension of an address. Vertex AI requires the type of a file.
const BY_ENDING: [(&str, &str); 40] = [
    ("png", "image/png"),
    ("jpg", "image/jpeg"),
    ("jpeg", "image/jpeg"),
    ("webp", "image/webp"),
    ("gif", "image/gif"),
    ("heic", "image/heic"),
    ("heif", "image/heif"),
    ("bmp", "image/bmp"),
    ("pdf", "application/pdf"),
    ("txt", "text/plain"),
    ("md", "text/markdown"),
    ("csv", "text/csv"),
    ("html", "text/html"),
    ("htm", "text/html"),
    ("css", "text/css"),
    ("xml", "text/xml"),
    ("rtf", "text/rtf"),
    ("json", "application/json"),
    ("js", "text/javascript"),
    ("py", "text/x-python"),
    ("mp3", "audio/mp3"),
    ("wav", "audio/wav"),
    ("aac", "audio/aac"),
    ("ogg", "audio/ogg"),
    ("opus", "audio/opus"),
    ("flac", "audio/flac"),
    ("aif", "audio/aiff"),
    ("aiff", "audio/aiff"),
    ("m4a", "audio/m4a"),
    ("pcm", "audio/pcm"),
    ("mp4", "video/mp4"),
    ("mpeg", "video/mpeg"),
    ("mpg", "video/mpg"),
    ("mov", "video/quicktime"),
    ("avi", "video/avi"),
    ("flv", "video/x-flv"),
    ("webm", "video/webm"),
    ("wmv", "video/wmv"),
    ("mkv", "video/x-matroska"),
    ("3gp", "video/3gpp"),
];

/// The type of an image whose address does not tell it. Gemini recognizes images by their first bytes anyway.
const IMAGE: &str = "image/jpeg";

/// A medium in one of Gemini's two forms.
pub enum Source<'a> {
    Inline {
        media_type: Cow<'a, str>,
        data: Cow<'a, str>,
    },
    File {
        media_type: Option<Cow<'a, str>>,
        uri: Cow<'a, str>,
    },
}

impl<'a> Source<'a> {
    /// `format` is the media type that the client gives in the part.
    ///
    /// # Errors
    /// On Vertex AI, the type of a file is unknown; or the file is not in a store of Google's.
    pub fn of(
        media: Media<'a>,
        format: Option<&'a Text<'a>>,
        is_image: bool,
        place: Place,
        at: &str,
    ) -> Result<Self, Failure> {
        let uri = match media {
            Media::Base64 { media_type, data } => return Ok(Self::Inline { media_type, data }),
            Media::Url(uri) => uri,
            Media::Stored(id) if id.starts_with("files/") && !place.is_vertex() => Cow::Owned(format!("{FILES}{id}")),
            Media::Stored(_) => {
                let message = format!(
                    "{at} names a file that Google has not: give its address, `gs://…`, `files/…` of AI Studio, or its data"
                );
                return Err(Failure::bad_request(at, message));
            }
        };
        let media_type = match format {
            Some(format) => Some(format.decoded()),
            None => by_address(&uri).or(is_image.then_some(IMAGE)).map(Cow::Borrowed),
        };
        let is_stored = uri.starts_with(FILES);
        if media_type.is_none() && place.is_vertex() && !is_stored {
            let message =
                format!("{at} does not show its media type: write it beside it as `format`, such as `application/pdf`");
            return Err(Failure::bad_request(at, message));
        }
        let media_type = media_type.filter(|_| format.is_some() || !is_stored);
        Ok(Self::File { media_type, uri })
    }

    /// A copy that does not borrow from the request.
    pub fn into_owned(self) -> Source<'static> {
        let owned = |text: Cow<str>| Cow::Owned(text.into_owned());
        match self {
            Self::Inline { media_type, data } => Source::Inline {
                media_type: owned(media_type),
                data: owned(data),
            },
            Self::File { media_type, uri } => Source::File {
                media_type: media_type.map(owned),
                uri: owned(uri),
            },
        }
    }

    pub fn write(&self, part: &mut Object) {
        match self {
            Self::Inline { media_type, data } => {
                let mut blob = part.object("inlineData");
                blob.string("mimeType", media_type).string("data", data);
            }
            Self::File { media_type, uri } => {
                let mut file = part.object("fileData");
                if let Some(media_type) = media_type {
                    file.string("mimeType", media_type);
                }
                file.string("fileUri", uri);
            }
        }
    }
}

fn by_address(uri: &str) -> Option<&'static str> {
    let rest = uri.split_once("://").map_or(uri, |(_, rest)| rest);
    let host = rest.split('/').next().unwrap_or_default();
    if host == "youtu.be" || host.ends_with("youtube.com") {
        return Some("video/mp4");
    }
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let (_, ending) = path.rsplit('/').next()?.rsplit_once('.')?;
    BY_ENDING
        .into_iter()
        .find(|(known, _)| ending.eq_ignore_ascii_case(known))
        .map(|(_, media_type)| media_type)
}
