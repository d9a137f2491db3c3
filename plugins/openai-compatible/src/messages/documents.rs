//! Files and audio in Mistral's form (<https://docs.mistral.ai/capabilities/document_ai/document_qna/>,
//! <https://docs.mistral.ai/capabilities/audio/>).

use serde_json::value::RawValue;
use sluice_sdk::adapter::Media;
use sluice_sdk::canonical::{Fields, Object, Part, PartKind, Text};

/// Texts of which one is in every message with such a part.
pub const SIGNS: [&str; 2] = ["\"file\"", "\"input_audio\""];

/// The part to send instead. A part that cannot be parsed is left unchanged; the provider then reports the mistake.
pub fn part(raw: &RawValue) -> Option<String> {
    let part: Part = serde_json::from_str(raw.get()).ok()?;
    let mut out = Vec::with_capacity(raw.get().len() + 64);
    let mut to = Object::begin(&mut out);
    match part.kind? {
        PartKind::File => {
            let file = part.file?;
            match Media::of_file(&file, "file").ok()? {
                Media::Stored(id) => to.string("type", "file").string("file_id", &id),
                Media::Url(url) => to.string("type", "document_url").string("document_url", &url),
                Media::Base64 { media_type, data } => {
                    let url = format!("data:{media_type};base64,{data}");
                    to.string("type", "document_url").string("document_url", &url)
                }
            };
            if let Some(name) = &file.filename {
                to.text("document_name", name);
            }
        }
        PartKind::InputAudio => {
            let (_, audio) = part.rest.iter().find(|(name, _)| name == "input_audio")?;
            let Fields(fields) = serde_json::from_str(audio.get()).ok()?;
            let (_, data) = fields.iter().find(|(name, _)| name == "data")?;
            to.string("type", "input_audio").text("input_audio", &Text::of(data)?);
        }
        _ => return None,
    }
    drop(to);
    String::from_utf8(out).ok()
}
