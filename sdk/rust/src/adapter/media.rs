//! Images, documents and other media in messages: an address, data of a known type, or a file in the provider's store.

use std::borrow::Cow;

use super::media_type;
use crate::Failure;
use crate::canonical::{File, ImageUrl, Text};

const DATA_SCHEME: &str = "data:";

/// An image, a sound or a document of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Media<'a> {
    /// An address with any scheme but `data:`.
    Url(Cow<'a, str>),
    /// The content itself.
    Base64 {
        /// The type that the data shows, or else the declared type, corrected by [`media_type::of`].
        media_type: Cow<'static, str>,
        /// Base64, as the client wrote it.
        data: Cow<'a, str>,
    },
    /// The id of a file in the provider's store.
    Stored(Cow<'a, str>),
}

impl<'a> Media<'a> {
    /// Reads an `image_url` part. `at` is the path of the part for error messages, such as `messages[0].content[1]`.
    ///
    /// # Errors
    /// The part has no `url`, or its `data:` URI is not Base64.
    pub fn of_image(image: &'a ImageUrl<'a>, at: &str) -> Result<Self, Failure> {
        let url = image.url.as_ref();
        let url = url.ok_or_else(|| Failure::bad_request(at, format!("{at} is a part without its `image_url.url`")))?;
        Self::of_url(url, image.format.as_ref(), None, at)
    }

    /// Reads a `file` part: `file_data`, with or without the prefix `data:`, or else `file_id`, which may be an
    /// address.
    ///
    /// # Errors
    /// The part has neither field, or its `data:` URI is not Base64.
    pub fn of_file(file: &'a File<'a>, at: &str) -> Result<Self, Failure> {
        let (format, name) = (file.format.as_ref(), file.filename.as_ref());
        match (&file.file_data, &file.file_id) {
            (Some(data), _) if is_data_uri(data.escaped()) => Self::of_url(data, format, name, at),
            // Base64 without a `data:` prefix; its type is in `format`.
            (Some(data), _) => {
                let declared = format.map(Text::decoded).unwrap_or_default();
                Ok(Self::of_data(&declared, name, data.decoded()))
            }
            (None, Some(id)) if id.escaped().contains(":/") || id.escaped().contains(":\\/") => {
                Ok(Self::Url(id.decoded()))
            }
            (None, Some(id)) => Ok(Self::Stored(id.decoded())),
            (None, None) => Err(Failure::bad_request(
                at,
                format!("{at} is a file without `file_data` or `file_id`"),
            )),
        }
    }

    /// Reads an address or a `data:` URI (RFC 2397). `format` is the media type that the part declares; it takes
    /// precedence over the type in the URI.
    ///
    /// # Errors
    /// The address is a `data:` URI that is not Base64.
    pub fn of_url(
        url: &'a Text<'a>,
        format: Option<&Text>,
        file_name: Option<&Text>,
        at: &str,
    ) -> Result<Self, Failure> {
        let decoded = url.decoded();
        if !is_data_uri(&decoded) {
            return Ok(Self::Url(decoded));
        }
        let not_base64 = || Failure::bad_request(at, format!("{at} is a `data:` URI without `;base64,`"));
        let comma = decoded.find(',').ok_or_else(not_base64)?;
        let in_uri = strip_base64(&decoded[DATA_SCHEME.len()..comma]).ok_or_else(not_base64)?;
        let declared = format.map_or_else(|| in_uri.to_owned(), |format| format.decoded().into_owned());
        let data = match decoded {
            Cow::Borrowed(uri) => Cow::Borrowed(&uri[comma + 1..]),
            Cow::Owned(uri) => Cow::Owned(uri[comma + 1..].to_owned()),
        };
        Ok(Self::of_data(&declared, file_name, data))
    }

    /// Base64 data with its declared media type and file name.
    #[must_use]
    pub fn of_data(declared: &str, file_name: Option<&Text>, data: Cow<'a, str>) -> Self {
        let file_name = file_name.map(Text::decoded);
        let media_type = media_type::of(declared, file_name.as_deref(), &data);
        Self::Base64 { media_type, data }
    }
}

/// Schemes are case-insensitive (RFC 3986 §3.1).
fn is_data_uri(url: &str) -> bool {
    let scheme = url.as_bytes().get(..DATA_SCHEME.len());
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(DATA_SCHEME.as_bytes()))
}

/// The media type before `;base64`, which is case-insensitive as well.
fn strip_base64(head: &str) -> Option<&str> {
    let (media_type, encoding) = head.rsplit_once(';')?;
    encoding.trim().eq_ignore_ascii_case("base64").then_some(media_type)
}
