//! Parts of a message as Anthropic's blocks: text, images, documents, and blocks of its own that clients send as they
//! are.

use std::borrow::Cow;

use sluice_sdk::canonical::{File, Object, Part, PartKind, RawValue, Text};
use sluice_sdk::{Failure, Fault};

use super::{base64, media_type};
use crate::betas::Betas;
use crate::error::bad_request;

/// Switches on the file store, for parts that name a file in it.
const FILES_BETA: &str = "files-api-2025-04-14";

const DATA_SCHEME: &str = "data:";

/// Writes one part. `begin` makes room for a block and is called once at most: blank text, which Anthropic refuses, is
/// left out. `cache_control` stands in where the part has none.
pub fn write_part<'o>(
    part: &Part,
    cache_control: Option<&RawValue>,
    at: &str,
    betas: &mut Betas,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<(), Failure> {
    let cache_control = part.cache_control.or(cache_control);
    let missing = |field: &str| bad_request(at, format!("{at} is a part without its `{field}`"));
    match part.kind.as_ref().ok_or_else(|| missing("type"))? {
        PartKind::Text => {
            let text = part.text.as_ref().ok_or_else(|| missing("text"))?;
            write_text(text, cache_control, begin);
        }
        PartKind::Refusal => write_text(
            part.refusal.as_ref().ok_or_else(|| missing("refusal"))?,
            cache_control,
            begin,
        ),
        PartKind::ImageUrl => {
            let image = part.image_url.as_ref().ok_or_else(|| missing("image_url"))?;
            let url = image.url.as_ref().ok_or_else(|| missing("image_url.url"))?;
            write_media(
                &Media::of_url(url, image.format.as_ref(), None, at)?,
                "image",
                cache_control,
                begin,
            );
        }
        PartKind::File => {
            let file = part.file.as_ref().ok_or_else(|| missing("file"))?;
            write_file(file, cache_control, at, betas, begin)?;
        }
        PartKind::InputAudio => {
            let message = "Anthropic does not take audio; send the text that was spoken";
            return Err(Failure::new(Fault::Unsupported, message).parameter(at));
        }
        PartKind::Other(kind) => write_as_it_stands(kind, part, begin),
    }
    Ok(())
}

/// Writes text that is not blank.
pub fn write_text<'o>(text: &Text, cache_control: Option<&RawValue>, begin: impl FnOnce() -> Object<'o>) {
    if !text.is_blank() {
        begin()
            .string("type", "text")
            .text("text", text)
            .maybe_raw("cache_control", cache_control);
    }
}

/// Blocks that OpenAI has no part for (`document`, `search_result`, `thinking`, `tool_result`, …).
fn write_as_it_stands<'o>(kind: &str, part: &Part, begin: impl FnOnce() -> Object<'o>) {
    let mut block = begin();
    block.string("type", kind);
    if let Some(text) = &part.text {
        block.text("text", text);
    }
    block.rest(&part.rest).maybe_raw("cache_control", part.cache_control);
}

/// Schemes are written in any case (RFC 3986 §3.1).
fn is_data_uri(url: &str) -> bool {
    let scheme = url.as_bytes().get(..DATA_SCHEME.len());
    scheme.is_some_and(|scheme| scheme.eq_ignore_ascii_case(DATA_SCHEME.as_bytes()))
}

/// The media type before `;base64`, which is written in any case too.
fn strip_base64(head: &str) -> Option<&str> {
    let (media_type, encoding) = head.rsplit_once(';')?;
    encoding.trim().eq_ignore_ascii_case("base64").then_some(media_type)
}

/// Something to look at or to read.
enum Media<'a> {
    Url(Cow<'a, str>),
    Base64 {
        media_type: Cow<'static, str>,
        data: Cow<'a, str>,
    },
    PlainText(String),
    Stored(Cow<'a, str>),
}

impl<'a> Media<'a> {
    /// An address, or a `data:` URI (RFC 2397).
    fn of_url(url: &'a Text<'a>, format: Option<&Text>, file_name: Option<&Text>, at: &str) -> Result<Self, Failure> {
        let decoded = url.decoded();
        if !is_data_uri(&decoded) {
            return Ok(Self::Url(decoded));
        }
        let not_base64 = || bad_request(at, format!("{at} is a `data:` URI without `;base64,`"));
        let comma = decoded.find(',').ok_or_else(not_base64)?;
        let in_uri = strip_base64(&decoded[DATA_SCHEME.len()..comma]).ok_or_else(not_base64)?;
        let declared = format.map_or_else(|| in_uri.to_owned(), |format| format.decoded().into_owned());
        let data = match decoded {
            Cow::Borrowed(uri) => Cow::Borrowed(&uri[comma + 1..]),
            Cow::Owned(uri) => Cow::Owned(uri[comma + 1..].to_owned()),
        };
        Self::of_data(&declared, file_name, data, at)
    }

    fn of_data(declared: &str, file_name: Option<&Text>, data: Cow<'a, str>, at: &str) -> Result<Self, Failure> {
        let file_name = file_name.map(Text::decoded);
        let media_type = media_type::of(declared, file_name.as_deref(), &data);
        if media_type != media_type::PLAIN_TEXT {
            return Ok(Self::Base64 { media_type, data });
        }
        let text = base64::decode(&data).and_then(|bytes| String::from_utf8(bytes).ok());
        text.map(Self::PlainText)
            .ok_or_else(|| bad_request(at, format!("{at} is no text in UTF-8 and base64")))
    }

    fn is_image(&self) -> bool {
        matches!(self, Self::Base64 { media_type, .. } if media_type.starts_with("image/"))
    }
}

/// A block around a source. `kind` counts where the source does not say what it is.
fn write_media<'o>(media: &Media, kind: &str, cache_control: Option<&RawValue>, begin: impl FnOnce() -> Object<'o>) {
    let kind = match media {
        Media::Base64 { .. } if media.is_image() => "image",
        Media::Base64 { .. } | Media::PlainText(_) => "document",
        Media::Url(_) | Media::Stored(_) => kind,
    };
    let mut block = begin();
    block.string("type", kind);
    write_source(&mut block.object("source"), media);
    block.maybe_raw("cache_control", cache_control);
}

fn write_source(source: &mut Object, media: &Media) {
    match media {
        Media::Url(url) => source.string("type", "url").string("url", url),
        Media::Base64 { media_type, data } => source
            .string("type", "base64")
            .string("media_type", media_type)
            .string("data", data),
        Media::PlainText(text) => source
            .string("type", "text")
            .string("media_type", "text/plain")
            .string("data", text),
        Media::Stored(id) => source.string("type", "file").string("file_id", id),
    };
}

fn write_file<'o>(
    file: &File,
    cache_control: Option<&RawValue>,
    at: &str,
    betas: &mut Betas,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<(), Failure> {
    let (format, file_name) = (file.format.as_ref(), file.filename.as_ref());
    let media = match (&file.file_data, &file.file_id) {
        (Some(data), _) if is_data_uri(data.escaped()) => Media::of_url(data, format, file_name, at)?,
        // Data alone: its type stands beside it.
        (Some(data), _) => {
            let declared = format.map(Text::decoded).unwrap_or_default();
            Media::of_data(&declared, file_name, data.decoded(), at)?
        }
        (None, Some(id)) if id.escaped().starts_with("http") => Media::Url(id.decoded()),
        (None, Some(id)) => {
            betas.add(FILES_BETA);
            Media::Stored(id.decoded())
        }
        (None, None) => {
            return Err(bad_request(
                at,
                format!("{at} is a file without `file_data` or `file_id`"),
            ));
        }
    };
    let is_image = format.is_some_and(|format| format.escaped().starts_with("image"));
    write_media(
        &media,
        if is_image { "image" } else { "document" },
        cache_control,
        begin,
    );
    Ok(())
}
