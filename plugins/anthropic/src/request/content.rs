//! Translates parts of a message to Anthropic's blocks: text, images and documents. Blocks of Anthropic's own that
//! clients send are copied.

use sluice_sdk::adapter::claude::Betas;
use sluice_sdk::adapter::{Media, base64, media_type};
use sluice_sdk::canonical::{File, Object, Part, PartKind, RawValue, Text};
use sluice_sdk::{Failure, Fault, wire};

use crate::place::Place;

/// The beta that a request needs if a part refers to a file in Anthropic's store.
const FILES_BETA: &str = "files-api-2025-04-14";

/// Writes one part. `begin` begins a block and is called at most once: blank text is left out, since Anthropic refuses
/// it. `cache_control` is used if the part has none of its own.
pub fn write_part<'o>(
    part: &Part,
    cache_control: Option<&RawValue>,
    at: &str,
    place: Place,
    betas: &mut Betas,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<(), Failure> {
    let cache_control = part.cache_control.or(cache_control);
    let missing = |field: &str| Failure::bad_request(at, format!("{at} is a part without its `{field}`"));
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
            let source = Source::of(Media::of_image(image, at)?, place, at)?;
            write_media(&source, "image", cache_control, begin);
        }
        PartKind::File => {
            let file = part.file.as_ref().ok_or_else(|| missing("file"))?;
            write_file(file, cache_control, at, place, betas, begin)?;
        }
        PartKind::InputAudio => {
            let message = format!("{} does not take audio; send the text that was spoken", place.name());
            return Err(Failure::new(Fault::Unsupported, message).parameter(at));
        }
        PartKind::Other(kind) => write_as_it_stands(kind, part, at, place, begin)?,
    }
    Ok(())
}

/// Writes a text block, unless the text is blank.
pub fn write_text<'o>(text: &Text, cache_control: Option<&RawValue>, begin: impl FnOnce() -> Object<'o>) {
    if !text.is_blank() {
        begin()
            .string("type", "text")
            .text("text", text)
            .maybe_raw("cache_control", cache_control);
    }
}

/// Copies blocks that OpenAI has no part for (`document`, `search_result`, `thinking`, `tool_result`, …).
fn write_as_it_stands<'o>(
    kind: &str,
    part: &Part,
    at: &str,
    place: Place,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<(), Failure> {
    if !place.fetches_media() && has_address(part) {
        return Err(by_address(at));
    }
    let mut block = begin();
    block.string("type", kind);
    if let Some(text) = &part.text {
        block.text("text", text);
    }
    block.rest(&part.rest).maybe_raw("cache_control", part.cache_control);
    Ok(())
}

sluice_sdk::wire! {
    /// The source of a block in Anthropic's form.
    OwnSource {
        "type" kind: Text<'a>,
    }
}

/// Whether the block has a source of the type `url`.
fn has_address(part: &Part) -> bool {
    let source = part.rest.iter().find(|(name, _)| name == "source");
    let source = source.and_then(|(_, raw)| wire::read::<OwnSource>(raw.get()).ok());
    source.and_then(|source| source.kind).is_some_and(|kind| kind == *"url")
}

fn by_address(at: &str) -> Failure {
    Failure::by_address(
        at,
        format!(
            "Claude takes media by address from Anthropic and Foundry only; send the data of {at} as a `data:` URI"
        ),
    )
}

/// The source of a block.
enum Source<'a> {
    Media(Media<'a>),
    /// The content of a text file, which Anthropic accepts only as plain text.
    PlainText(String),
}

impl<'a> Source<'a> {
    fn of(media: Media<'a>, place: Place, at: &str) -> Result<Self, Failure> {
        match media {
            Media::Url(_) if !place.fetches_media() => Err(by_address(at)),
            Media::Stored(_) if place == Place::Bedrock => {
                let message = format!(
                    "{} has no file store; send the data of {at} as a `data:` URI",
                    place.name()
                );
                Err(Failure::new(Fault::Unsupported, message).parameter(at))
            }
            Media::Base64 { media_type, data } if media_type == media_type::PLAIN_TEXT => {
                let text = base64::decode(&data).and_then(|bytes| String::from_utf8(bytes).ok());
                text.map(Self::PlainText)
                    .ok_or_else(|| Failure::bad_request(at, format!("{at} is no text in UTF-8 and base64")))
            }
            media => Ok(Self::Media(media)),
        }
    }
}

/// Writes a block with a source. `kind` is the type of the block if the source does not tell it.
fn write_media<'o>(source: &Source, kind: &str, cache_control: Option<&RawValue>, begin: impl FnOnce() -> Object<'o>) {
    let kind = match source {
        Source::Media(Media::Base64 { media_type, .. }) if media_type.starts_with("image/") => "image",
        Source::Media(Media::Base64 { .. }) | Source::PlainText(_) => "document",
        Source::Media(Media::Url(_) | Media::Stored(_)) => kind,
    };
    let mut block = begin();
    block.string("type", kind);
    write_source(&mut block.object("source"), source);
    block.maybe_raw("cache_control", cache_control);
}

fn write_source(to: &mut Object, source: &Source) {
    match source {
        Source::Media(Media::Url(url)) => to.string("type", "url").string("url", url),
        Source::Media(Media::Base64 { media_type, data }) => to
            .string("type", "base64")
            .string("media_type", media_type)
            .string("data", data),
        Source::PlainText(text) => to
            .string("type", "text")
            .string("media_type", media_type::PLAIN_TEXT)
            .string("data", text),
        Source::Media(Media::Stored(id)) => to.string("type", "file").string("file_id", id),
    };
}

fn write_file<'o>(
    file: &File,
    cache_control: Option<&RawValue>,
    at: &str,
    place: Place,
    betas: &mut Betas,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<(), Failure> {
    let media = Media::of_file(file, at)?;
    if matches!(media, Media::Stored(_)) {
        betas.add(FILES_BETA);
    }
    let format = file.format.as_ref();
    let is_image = format.is_some_and(|format| format.escaped().starts_with("image"));
    let kind = if is_image { "image" } else { "document" };
    write_media(&Source::of(media, place, at)?, kind, cache_control, begin);
    Ok(())
}
