//! The content of a message: its texts are joined, and its images become a list of Base64 data.

use std::borrow::Cow;

use sluice_sdk::adapter::Media;
use sluice_sdk::canonical::{Content, ImageUrl, Message, Object, Part, PartKind};
use sluice_sdk::{Failure, Fault};

use super::messages::is_thought;

/// Writes `content`: the texts joined, as in LiteLLM. Ollama requires the field even if it is empty.
///
/// # Errors
/// A part is neither text nor an image.
pub fn write_texts(to: &mut Object, message: &Message, index: usize) -> Result<(), Failure> {
    let parts = match &message.content {
        Some(Content::Text(text)) => {
            to.text("content", text);
            return Ok(());
        }
        Some(Content::Parts(parts)) => parts.as_slice(),
        None => &[],
    };
    let out = to.field("content");
    out.push(b'"');
    if let (None, Some(refusal)) = (&message.content, &message.refusal) {
        out.extend_from_slice(refusal.escaped().as_bytes());
    }
    for (number, part) in parts.iter().enumerate() {
        let at = || format!("messages[{index}].content[{number}]");
        let text = match &part.kind {
            Some(PartKind::Text) => part.text.as_ref(),
            Some(PartKind::Refusal) => part.refusal.as_ref(),
            Some(PartKind::ImageUrl | PartKind::File) => continue,
            _ if is_thought(part) => continue,
            Some(PartKind::InputAudio) => return Err(unsupported(&at(), "audio; send the text that was spoken")),
            Some(PartKind::Other(kind)) => return Err(unsupported(&at(), &format!("parts of the type `{kind}`"))),
            None => return Err(missing(&at(), "type")),
        };
        let text = text.ok_or_else(|| missing(&at(), "text"))?;
        out.extend_from_slice(text.escaped().as_bytes());
    }
    out.push(b'"');
    Ok(())
}

/// Writes `images`, if there are any.
///
/// # Errors
/// An image is not given as data, or a file is not an image.
pub fn write_images(to: &mut Object, message: &Message, index: usize) -> Result<(), Failure> {
    let Some(Content::Parts(parts)) = &message.content else {
        return Ok(());
    };
    let holds_media = |part: &&Part| matches!(part.kind, Some(PartKind::ImageUrl | PartKind::File));
    if !parts.iter().any(|part| holds_media(&part)) {
        return Ok(());
    }
    let mut list = to.list("images");
    for (number, part) in parts.iter().enumerate().filter(|(_, part)| holds_media(part)) {
        let at = format!("messages[{index}].content[{number}]");
        let data = match part.kind {
            Some(PartKind::ImageUrl) => image(part.image_url.as_ref().ok_or_else(|| missing(&at, "image_url"))?, &at)?,
            _ => file(part, &at)?,
        };
        sluice_sdk::canonical::write_string(list.item(), &data);
    }
    Ok(())
}

/// The Base64 data of an image. Ollama recognizes the format by the data, so the declared type does not matter.
fn image<'a>(image: &'a ImageUrl<'a>, at: &str) -> Result<Cow<'a, str>, Failure> {
    match Media::of_image(image, at)? {
        Media::Base64 { data, .. } => Ok(data),
        // Base64 without a `data:` prefix, as Ollama's own clients send it.
        Media::Url(data) if !data.is_empty() && !data.contains(':') => Ok(data),
        Media::Url(_) | Media::Stored(_) => Err(Failure::by_address(
            format!("{at}.image_url"),
            "Ollama does not take images by address; send the data as a `data:` URI",
        )),
    }
}

fn file<'a>(part: &'a Part<'a>, at: &str) -> Result<Cow<'a, str>, Failure> {
    let file = part.file.as_ref().ok_or_else(|| missing(at, "file"))?;
    let at = format!("{at}.file");
    match Media::of_file(file, &at)? {
        Media::Base64 { media_type, data } if media_type.starts_with("image/") => Ok(data),
        Media::Base64 { media_type, .. } => Err(unsupported(
            &at,
            &format!("files of the type `{media_type}`, only images; send the text"),
        )),
        Media::Url(_) => Err(Failure::by_address(
            &at,
            "Ollama does not take files by address; send the data of an image",
        )),
        Media::Stored(_) => Err(unsupported(&at, "files by id; send the data of an image")),
    }
}

fn missing(at: &str, field: &str) -> Failure {
    Failure::bad_request(at, format!("{at} is a part without its `{field}`"))
}

fn unsupported(at: &str, what: &str) -> Failure {
    Failure::new(Fault::Unsupported, format!("Ollama does not take {what}")).parameter(at)
}
