//! Translates parts of a message: text and images. Parts of Cohere's own that clients send are copied. Cohere has no
//! files: text files become text, and image files become images.

use sluice_sdk::adapter::{Media, base64, media_type};
use sluice_sdk::canonical::{File, List, Part, PartKind, Text, write_escaped};
use sluice_sdk::{Failure, Fault};

/// Writes one part into a list of parts.
pub fn write_part(list: &mut List, part: &Part, at: &str) -> Result<(), Failure> {
    let missing = |field: &str| Failure::bad_request(at, format!("{at} is a part without its `{field}`"));
    match part.kind.as_ref().ok_or_else(|| missing("type"))? {
        PartKind::Text => write_text(list, part.text.as_ref().ok_or_else(|| missing("text"))?),
        PartKind::Refusal => write_text(list, part.refusal.as_ref().ok_or_else(|| missing("refusal"))?),
        PartKind::ImageUrl => {
            let image = part.image_url.as_ref().ok_or_else(|| missing("image_url"))?;
            write_image(list, &Media::of_image(image, at)?, image.detail.as_ref(), at)?;
        }
        PartKind::File => write_file(list, part.file.as_ref().ok_or_else(|| missing("file"))?, at)?,
        PartKind::InputAudio => return Err(unsupported(at, "audio; send the text that was spoken")),
        PartKind::Other(kind) => {
            let mut to = list.object();
            to.string("type", kind);
            if let Some(text) = &part.text {
                to.text("text", text);
            }
            to.rest(&part.rest);
        }
    }
    Ok(())
}

/// Whether the part is an image. Cohere accepts images only from the user.
pub fn is_image(part: &Part) -> bool {
    match part.kind {
        Some(PartKind::ImageUrl) => true,
        Some(PartKind::File) => part
            .file
            .as_ref()
            .and_then(|file| Media::of_file(file, "").ok())
            .is_some_and(|media| matches!(media, Media::Base64 { media_type, .. } if media_type.starts_with("image/"))),
        _ => false,
    }
}

pub fn write_text(list: &mut List, text: &Text) {
    list.object().string("type", "text").text("text", text);
}

fn write_image(list: &mut List, media: &Media, detail: Option<&Text>, at: &str) -> Result<(), Failure> {
    let mut to = list.object();
    to.string("type", "image_url");
    let mut image = to.object("image_url");
    match media {
        Media::Url(url) => {
            image.string("url", url);
        }
        Media::Base64 { media_type, data } => {
            let out = image.field("url");
            out.extend_from_slice(b"\"data:");
            write_escaped(out, media_type);
            out.extend_from_slice(b";base64,");
            write_escaped(out, data);
            out.push(b'"');
        }
        Media::Stored(_) => return Err(unsupported(at, "stored files; send the image itself")),
    }
    if let Some(detail) = detail {
        image.text("detail", detail);
    }
    Ok(())
}

fn write_file(list: &mut List, file: &File, at: &str) -> Result<(), Failure> {
    match Media::of_file(file, at)? {
        Media::Base64 { media_type, data } if media_type == media_type::PLAIN_TEXT => {
            let text = base64::decode(&data).and_then(|bytes| String::from_utf8(bytes).ok());
            let text = text.ok_or_else(|| Failure::bad_request(at, format!("{at} is no text in UTF-8 and base64")))?;
            list.object().string("type", "text").string("text", &text);
            Ok(())
        }
        media @ Media::Base64 { .. } if is_image_data(&media) => write_image(list, &media, None, at),
        Media::Base64 { media_type, .. } => Err(unsupported(
            at,
            &format!("files of type `{media_type}`; send their text"),
        )),
        Media::Url(_) | Media::Stored(_) => Err(unsupported(at, "files by address or id; send their text")),
    }
}

fn is_image_data(media: &Media) -> bool {
    matches!(media, Media::Base64 { media_type, .. } if media_type.starts_with("image/"))
}

pub fn unsupported(at: &str, what: &str) -> Failure {
    Failure::new(Fault::Unsupported, format!("Cohere does not take {what}")).parameter(at)
}
