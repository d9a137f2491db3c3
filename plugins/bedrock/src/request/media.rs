//! Media as Converse's blocks: images, documents, videos and sounds, as data or as objects of Amazon's own store.

use sluice_sdk::adapter::Media;
use sluice_sdk::canonical::{File, ImageUrl, Object, Part, RawValue, Text};
use sluice_sdk::{Failure, Fault, wire};

use super::format::{Block, Format};
use super::part::{Surroundings, Written, rest};

sluice_sdk::wire! {
    /// `input_audio`.
    InputAudio {
        "data" data: Text<'a>,
        "format" format: Text<'a>,
    }

    /// Of Claude's `document`.
    Source {
        "type" kind: Text<'a>,
        "media_type" media_type: Text<'a>,
        "data" data: Text<'a>,
    }
}

/// `image_url` and its like: a `data:` URI, or an object of Amazon's own store.
pub fn write_address<'o>(
    address: &ImageUrl,
    block: Block,
    around: &mut Surroundings,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<Written, Failure> {
    let media = Media::of_image(address, around.at)?;
    let declared = address.format.as_ref().map(Text::decoded);
    // What the URI declares: the SDK's own reading makes one type of all text.
    let in_uri = address.url.as_ref().map(declared_in).unwrap_or_default();
    let declared = declared.as_deref().unwrap_or(&in_uri);
    write_media(&media, declared, None, Some(block), around, begin)
}

pub fn write_file<'o>(
    file: &File,
    around: &mut Surroundings,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<Written, Failure> {
    let media = Media::of_file(file, around.at)?;
    let in_uri = file.file_data.as_ref().map(declared_in).unwrap_or_default();
    let declared = file.format.as_ref().map(Text::decoded);
    let declared = declared.as_deref().unwrap_or(&in_uri);
    let name = file.filename.as_ref().map(Text::decoded);
    write_media(&media, declared, name.as_deref(), None, around, begin)
}

pub fn write_audio<'o>(
    raw: Option<&RawValue>,
    around: &mut Surroundings,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<Written, Failure> {
    let at = around.at;
    let audio: InputAudio = wire::read(raw.map_or("{}", RawValue::get)).unwrap_or_default();
    let data = audio.data.as_ref();
    let data =
        data.ok_or_else(|| Failure::bad_request(at, format!("{at} is a part without its `input_audio.data`")))?;
    let declared = audio.format.as_ref().map(Text::decoded).unwrap_or_default();
    let format = Format::of_type(&format!("audio/{declared}"));
    let format = format.ok_or_else(|| unknown_format(at, &declared))?;
    let mut block = begin();
    let mut block = block.object("audio");
    block.string("format", format.name).object("source").text("bytes", data);
    Ok(Written::Other)
}

/// Claude's own part for documents. Its sources of data and of text have a place in Converse.
pub fn write_document<'o>(
    part: &Part,
    around: &mut Surroundings,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<Written, Failure> {
    let at = around.at;
    let field = |name: &str| rest(part, name).map(RawValue::get);
    let source: Source = wire::read(field("source").unwrap_or("{}")).unwrap_or_default();
    let title = rest(part, "title").and_then(Text::of);
    let name = around.documents.name(title.as_ref().map(Text::decoded).as_deref());
    let kind = source.kind.as_ref().map_or("", Text::escaped);
    let (format, text, data) = match (kind, &source.data) {
        ("text", Some(text)) => ("txt", Some(text), None),
        ("base64", Some(data)) => {
            let declared = source.media_type.as_ref().map(Text::decoded).unwrap_or_default();
            let format = Format::of_data(&declared, None, data.escaped());
            let format = format.filter(|format| format.block == Block::Document);
            (format.map_or("pdf", |format| format.name), None, Some(data))
        }
        ("url", _) => return Err(unfetched(at)),
        _ => {
            let message = "Bedrock takes documents as `base64` and `text` only; send the document's data";
            return Err(Failure::new(Fault::Unsupported, message).parameter(at));
        }
    };
    let mut block = begin();
    let mut document = block.object("document");
    document.string("format", format).string("name", &name);
    let mut source = document.object("source");
    if let Some(text) = text {
        source.text("text", text);
    }
    if let Some(data) = data {
        source.text("bytes", data);
    }
    drop(source);
    document
        .maybe_raw("context", rest(part, "context"))
        .maybe_raw("citations", rest(part, "citations"));
    Ok(Written::Document)
}

/// `data:text/csv;base64,…` → `text/csv`; nothing of other addresses.
fn declared_in(url: &Text) -> String {
    let uri = url.escaped().replace("\\/", "/");
    let is_data = uri.get(..5).is_some_and(|scheme| scheme.eq_ignore_ascii_case("data:"));
    let head = uri.split_once(',').map_or("", |(head, _)| head);
    let declared = head.get(5..).filter(|_| is_data).unwrap_or_default();
    declared.split(';').next().unwrap_or_default().to_owned()
}

fn write_media<'o>(
    media: &Media,
    declared: &str,
    name: Option<&str>,
    expected: Option<Block>,
    around: &mut Surroundings,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<Written, Failure> {
    let at = around.at;
    let (format, address) = match media {
        Media::Base64 { data, .. } => (Format::of_data(declared, name, data), None),
        Media::Url(url) if url.starts_with("s3://") => {
            let by_name = || Format::of_name(name.unwrap_or_default()).or_else(|| Format::of_name(url));
            (Format::of_type(declared).or_else(by_name), Some(url))
        }
        Media::Url(_) => return Err(unfetched(at)),
        Media::Stored(_) => {
            let message = "Bedrock has no file store; send the file's data, or its `s3://` address";
            return Err(Failure::new(Fault::Unsupported, message).parameter(at));
        }
    };
    let format = format.ok_or_else(|| unknown_format(at, declared))?;
    // A recording's container may be a film's: `audio/mp4` and `video/mp4` are told by the part.
    let kind = match (format.block, expected) {
        (Block::Video, Some(Block::Audio)) => Block::Audio,
        (kind, _) => kind,
    };
    let mut block = begin();
    let mut block = block.object(kind.name());
    block.string("format", format.name);
    if kind == Block::Document {
        let name = name.or_else(|| address.map(|url| last_segment(url)));
        block.string("name", &around.documents.name(name));
    }
    let mut source = block.object("source");
    match (media, address) {
        (_, Some(url)) => {
            source.object("s3Location").string("uri", url);
        }
        (Media::Base64 { data, .. }, None) => {
            source.string("bytes", data);
        }
        _ => {}
    }
    Ok(if kind == Block::Document {
        Written::Document
    } else {
        Written::Other
    })
}

fn last_segment(url: &str) -> &str {
    url.rsplit_once('/').map_or(url, |(_, name)| name)
}

fn unfetched(at: &str) -> Failure {
    let message = "Bedrock fetches nothing from an address but `s3://`; send the data as a `data:` URI";
    Failure::by_address(at, message)
}

fn unknown_format(at: &str, declared: &str) -> Failure {
    let said = if declared.is_empty() {
        "no type that is known"
    } else {
        declared
    };
    let message = format!("Bedrock takes no media of this type ({said}); say its media type in `format`");
    Failure::new(Fault::Unsupported, message).parameter(at)
}
