//! Parts of a message as Converse's blocks: text, media, and parts of other makers that clients send as they are.

use sluice_sdk::canonical::{ImageUrl, List, Object, Part, PartKind, RawValue, Text};
use sluice_sdk::{Failure, Fault, wire};

use super::format::Block;
use super::media::{write_address, write_audio, write_document, write_file};
use super::part::{Surroundings, Written, rest};
use crate::model::{Family, Model};

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

/// Makes room in a list.
pub fn in_list<'o>(list: &'o mut List) -> impl FnOnce() -> Object<'o> {
    || list.object()
}
