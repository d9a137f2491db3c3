//! Translates parts of a message: texts, images and files, under the names of the Responses API.

use sluice_sdk::Failure;
use sluice_sdk::adapter::Media;
use sluice_sdk::canonical::{Content, File, List, Object, Part, PartKind, Text};

/// The author of the content: the model's own text has another type.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Side {
    Input,
    Assistant,
}

impl Side {
    fn text(self) -> &'static str {
        match self {
            Self::Input => "input_text",
            Self::Assistant => "output_text",
        }
    }
}

/// Writes the content under this name: a plain text, or a list of parts.
pub fn write_content(to: &mut Object, name: &str, content: &Content, side: Side, index: usize) -> Result<(), Failure> {
    match content {
        Content::Text(text) => drop(to.text(name, text)),
        Content::Parts(parts) => {
            let mut list = to.list(name);
            for (number, part) in parts.iter().enumerate() {
                write_part(&mut list, part, side, &format!("messages[{index}].content[{number}]"))?;
            }
        }
    }
    Ok(())
}

fn write_part(list: &mut List, part: &Part, side: Side, at: &str) -> Result<(), Failure> {
    let missing = |field: &str| Failure::bad_request(at, format!("{at} is a part without its `{field}`"));
    match part.kind.as_ref().ok_or_else(|| missing("type"))? {
        PartKind::Text => {
            let text = part.text.as_ref().ok_or_else(|| missing("text"))?;
            list.object()
                .string("type", side.text())
                .text("text", text)
                .rest(&part.rest);
        }
        PartKind::Refusal => {
            let refusal = part.refusal.as_ref().ok_or_else(|| missing("refusal"))?;
            write_refusal(list, refusal);
        }
        PartKind::ImageUrl => {
            let image = part.image_url.as_ref().ok_or_else(|| missing("image_url"))?;
            let url = image.url.as_ref().ok_or_else(|| missing("image_url.url"))?;
            let mut to = list.object();
            to.string("type", "input_image").text("image_url", url);
            match &image.detail {
                Some(detail) => to.text("detail", detail),
                None => to.string("detail", "auto"),
            };
            to.rest(&image.rest).rest(&part.rest);
        }
        PartKind::File => {
            let file = part.file.as_ref().ok_or_else(|| missing("file"))?;
            let mut to = list.object();
            to.string("type", "input_file");
            write_file(&mut to, file, at)?;
            to.rest(&file.rest).rest(&part.rest);
        }
        PartKind::Other(_) if is_thought(part) => {}
        // Parts of the Responses API itself, and audio, which has the same form in both APIs.
        kind @ (PartKind::InputAudio | PartKind::Other(_)) => write_as_it_stands(list, kind, part),
    }
    Ok(())
}

/// Whether a part is another provider's thought, which no other provider can use.
pub fn is_thought(part: &Part) -> bool {
    matches!(&part.kind, Some(PartKind::Other(kind)) if kind.ends_with("thinking"))
}

pub fn write_refusal(list: &mut List, refusal: &Text) {
    list.object().string("type", "refusal").text("refusal", refusal);
}

pub fn write_text(list: &mut List, text: &Text, side: Side) {
    list.object().string("type", side.text()).text("text", text);
}

/// Writes a file as data, as an id, or as an address, which may be in the field of the id.
fn write_file(to: &mut Object, file: &File, at: &str) -> Result<(), Failure> {
    if let Some(name) = &file.filename {
        to.text("filename", name);
    }
    match (&file.file_data, &file.file_id) {
        (Some(data), _) if data.escaped().starts_with("data:") => drop(to.text("file_data", data)),
        (None, Some(id)) if !id.escaped().contains(':') => drop(to.text("file_id", id)),
        // `Media` recognizes addresses, and the media type of data, which the API requires.
        _ => match Media::of_file(file, at)? {
            Media::Url(url) => drop(to.string("file_url", &url)),
            Media::Stored(id) => drop(to.string("file_id", &id)),
            Media::Base64 { media_type, data } => {
                to.string("file_data", &format!("data:{media_type};base64,{data}"));
            }
        },
    }
    Ok(())
}

fn write_as_it_stands(list: &mut List, kind: &PartKind, part: &Part) {
    let mut to = list.object();
    to.string("type", kind.as_str());
    if let Some(text) = &part.text {
        to.text("text", text);
    }
    if let Some(url) = part.image_url.as_ref().and_then(|image| image.url.as_ref()) {
        to.text("image_url", url);
    }
    to.rest(&part.rest);
}
