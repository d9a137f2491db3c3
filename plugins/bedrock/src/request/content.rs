//! Parts of a message as Converse's blocks: text, media, and parts of other makers that clients send as they are.

use sluice_sdk::adapter::Media;
use sluice_sdk::canonical::{File, ImageUrl, List, Object, Part, PartKind, RawValue, Text};
use sluice_sdk::{Failure, Fault, wire};

use super::documents::Documents;
use super::format::{Block, Format};
use crate::model::{Family, Model};

/// What a message's parts need to know beside themselves.
pub struct Surroundings<'c> {
    pub documents: &'c mut Documents,
    /// The path of the part, for refusals.
    pub at: &'c str,
    /// Text is checked by the guardrail.
    pub is_guarded: bool,
}

sluice_sdk::wire! {
    /// `input_audio`.
    InputAudio {
        "data" data: Text<'a>,
        "format" format: Text<'a>,
    }

    /// Claude's `document`.
    Document {
        "source" source: Source<'a>,
        "title" title: Text<'a>,
        "context" context: Text<'a>,
        "citations" citations: &'a RawValue,
    }

    Source {
        "type" kind: Text<'a>,
        "media_type" media_type: Text<'a>,
        "data" data: Text<'a>,
        "url" url: Text<'a>,
    }
}

/// What a block turned out to be, as far as the turn it stands in must know.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Written {
    Nothing,
    Text,
    Document,
    Other,
}

/// Writes one part. Blank text, which Bedrock refuses, is left out.
pub fn write_part<'o>(
    part: &Part,
    around: &mut Surroundings,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<Written, Failure> {
    let at = around.at;
    let missing = |field: &str| Failure::bad_request(at, format!("{at} is a part without its `{field}`"));
    match part.kind.as_ref().ok_or_else(|| missing("type"))? {
        PartKind::Text => Ok(write_text(
            part.text.as_ref().ok_or_else(|| missing("text"))?,
            around.is_guarded,
            begin,
        )),
        PartKind::Refusal => {
            let refusal = part.refusal.as_ref().ok_or_else(|| missing("refusal"))?;
            Ok(write_text(refusal, false, begin))
        }
        PartKind::ImageUrl => {
            let image = part.image_url.as_ref().ok_or_else(|| missing("image_url"))?;
            write_address(image, Block::Image, around, begin)
        }
        PartKind::File => write_file(part.file.as_ref().ok_or_else(|| missing("file"))?, around, begin),
        PartKind::InputAudio => write_audio(rest(part, "input_audio"), around, begin),
        PartKind::Other(kind) => write_other(kind, part, around, begin),
    }
}

/// Writes text that is not blank.
pub fn write_text<'o>(text: &Text, is_guarded: bool, begin: impl FnOnce() -> Object<'o>) -> Written {
    if text.is_blank() {
        return Written::Nothing;
    }
    let mut block = begin();
    if is_guarded {
        block.object("guardContent").object("text").text("text", text);
        // Counts as text for a document beside it.
        return Written::Text;
    }
    block.text("text", text);
    Written::Text
}

/// Writes what a client's `cache_control` asks for, where the model has a cache. A prefix ends after the block before.
pub fn write_cache_point<'o>(cache_control: &RawValue, model: Model, begin: impl FnOnce() -> Object<'o>) {
    sluice_sdk::wire! {
        CacheControl {
            "ttl" ttl: Text<'a>,
        }
    }
    if model.family == Family::Other || !cache_control.get().starts_with('{') {
        return;
    }
    let asked: CacheControl = wire::read(cache_control.get()).unwrap_or_default();
    let is_long = asked.ttl.is_some_and(|ttl| ttl.escaped() == "1h");
    let mut block = begin();
    let mut point = block.object("cachePoint");
    point.string("type", "default");
    // Five minutes is the default, and what older models know alone.
    if is_long && model.native_structure {
        point.string("ttl", "1h");
    }
}

fn rest<'a>(part: &Part<'a>, name: &str) -> Option<&'a RawValue> {
    let found = part.rest.iter().rev().find(|(known, _)| known == name);
    found.map(|(_, value)| *value)
}

/// Parts that OpenAI does not have.
fn write_other<'o>(
    kind: &str,
    part: &Part,
    around: &mut Surroundings,
    begin: impl FnOnce() -> Object<'o>,
) -> Result<Written, Failure> {
    let at = around.at;
    match kind {
        // LiteLLM's words for what a guardrail is to check.
        "guarded_text" => {
            let Some(text) = part.text.as_ref().filter(|text| !text.is_blank()) else {
                return Ok(Written::Nothing);
            };
            let mut block = begin();
            let mut guarded = block.object("guardContent");
            guarded
                .object("text")
                .text("text", text)
                .maybe_raw("qualifiers", rest(part, "qualifiers"));
            Ok(Written::Text)
        }
        "video_url" | "audio_url" => {
            let raw = rest(part, kind).map(RawValue::get).unwrap_or_default();
            let media: ImageUrl = serde_json::from_str(raw)
                .map_err(|_| Failure::bad_request(at, format!("{at} is a part without its `{kind}`")))?;
            let block = if kind == "video_url" {
                Block::Video
            } else {
                Block::Audio
            };
            write_address(&media, block, around, begin)
        }
        "document" => write_document(part, around, begin),
        _ => {
            let message = format!("Bedrock has no parts of type `{kind}`");
            Err(Failure::new(Fault::Unsupported, message).parameter(at))
        }
    }
}

/// Claude's own part for documents. Its sources of data and of text have a place in Converse.
fn write_document<'o>(
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

fn write_audio<'o>(
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

/// `image_url` and its like: a `data:` URI, or an object of Amazon's own store.
fn write_address<'o>(
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

fn write_file<'o>(
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
    Failure::new(Fault::Unsupported, message).parameter(at)
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

/// Makes room in a list.
pub fn in_list<'o>(list: &'o mut List) -> impl FnOnce() -> Object<'o> {
    || list.object()
}
