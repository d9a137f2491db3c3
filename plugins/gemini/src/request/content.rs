//! Translates parts of a message to Gemini's parts: text and media.

use sluice_sdk::adapter::Media;
use sluice_sdk::canonical::{File, ImageUrl, Object, Part, PartKind, RawValue, Text};
use sluice_sdk::{Failure, wire};

use super::Dialect;
use super::media::Source;

sluice_sdk::wire! {
    /// `input_audio`.
    Audio {
        "data" data: Text<'a>,
        "format" format: Text<'a>,
    }

    /// `video_url`, `audio_url` or `document_url`.
    Address {
        "url" url: Text<'a>,
        "format" format: Text<'a>,
        "detail" detail: Text<'a>,
    }

    /// Which part of a video to use, and at which frame rate.
    VideoMetadata {
        "fps" fps: &'a RawValue,
        "start_offset" start_offset: Text<'a>,
        "end_offset" end_offset: Text<'a>,
    }
}

/// A part after parsing.
pub enum Said<'a> {
    Text(Text<'a>),
    /// A thinking block within the content, as Anthropic's clients send it.
    Thought(Text<'a>),
    /// A part that is left out, such as data encrypted for another provider.
    Nothing,
    Media(Seen<'a>),
}

/// A medium, and its resolution.
pub struct Seen<'a> {
    source: Source<'a>,
    pub detail: Option<Resolution>,
    video: Option<VideoMetadata<'a>>,
}

/// The resolution at which the model looks at a medium, in rising order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resolution {
    Low,
    Medium,
    High,
    UltraHigh,
}

impl Resolution {
    fn of(detail: &Text) -> Option<Self> {
        match detail.escaped() {
            "low" => Some(Self::Low),
            "medium" => Some(Self::Medium),
            "high" => Some(Self::High),
            "ultra_high" => Some(Self::UltraHigh),
            _ => None,
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "MEDIA_RESOLUTION_LOW",
            Self::Medium => "MEDIA_RESOLUTION_MEDIUM",
            Self::High => "MEDIA_RESOLUTION_HIGH",
            Self::UltraHigh => "MEDIA_RESOLUTION_ULTRA_HIGH",
        }
    }
}

/// Parses one part. `at` is its path for error messages.
///
/// # Errors
/// The part lacks the field that its type requires, or Gemini has no counterpart of its type.
pub fn read<'a>(part: &'a Part<'a>, dialect: Dialect, at: &str) -> Result<Said<'a>, Failure> {
    let missing = |field: &str| Failure::bad_request(at, format!("{at} is a part without its `{field}`"));
    Ok(match part.kind.as_ref().ok_or_else(|| missing("type"))? {
        PartKind::Text => Said::Text(part.text.clone().ok_or_else(|| missing("text"))?),
        PartKind::Refusal => Said::Text(part.refusal.clone().ok_or_else(|| missing("refusal"))?),
        PartKind::ImageUrl => {
            let image = part.image_url.as_ref().ok_or_else(|| missing("image_url"))?;
            Said::Media(Seen::image(image, dialect, at)?)
        }
        PartKind::File => {
            let file = part.file.as_ref().ok_or_else(|| missing("file"))?;
            Said::Media(Seen::file(file, dialect, at)?)
        }
        PartKind::InputAudio => {
            let raw = field(part, "input_audio").ok_or_else(|| missing("input_audio"))?;
            Said::Media(Seen::audio(raw, at)?)
        }
        PartKind::Other(kind) => match &**kind {
            "thinking" => Said::Thought(
                field(part, "thinking")
                    .and_then(Text::of)
                    .ok_or_else(|| missing("thinking"))?,
            ),
            "redacted_thinking" => Said::Nothing,
            "video_url" | "audio_url" | "document_url" => {
                let raw = field(part, kind).ok_or_else(|| missing(kind))?;
                Said::Media(Seen::address(raw, dialect, at)?)
            }
            kind => {
                let message = format!("{at} is of the type `{kind}`, which Gemini has nothing for");
                return Err(Failure::bad_request(at, message));
            }
        },
    })
}

fn field<'a>(part: &'a Part<'a>, name: &str) -> Option<&'a RawValue> {
    part.rest.iter().find(|(key, _)| key == name).map(|(_, raw)| *raw)
}

impl<'a> Seen<'a> {
    pub fn image(image: &'a ImageUrl<'a>, dialect: Dialect, at: &str) -> Result<Self, Failure> {
        let media = Media::of_image(image, at)?;
        Ok(Self {
            source: Source::of(media, image.format.as_ref(), true, dialect.place, at)?,
            detail: image.detail.as_ref().and_then(Resolution::of),
            video: None,
        })
    }

    fn file(file: &'a File<'a>, dialect: Dialect, at: &str) -> Result<Self, Failure> {
        let beside = |name: &str| file.rest.iter().find(|(key, _)| key == name).map(|(_, raw)| *raw);
        let media = Media::of_file(file, at)?;
        // `files/…` is a name in Google's store; `Media` takes only texts with `:/` for addresses.
        Ok(Self {
            source: Source::of(media, file.format.as_ref(), false, dialect.place, at)?,
            detail: beside("detail").and_then(Text::of).as_ref().and_then(Resolution::of),
            video: beside("video_metadata").and_then(|raw| wire::read(raw.get()).ok()),
        })
    }

    fn audio(raw: &'a RawValue, at: &str) -> Result<Self, Failure> {
        let audio: Audio = wire::read(raw.get()).unwrap_or_default();
        let (Some(data), Some(format)) = (audio.data, audio.format) else {
            let message = format!("{at} is a part without its `input_audio.data` or `input_audio.format`");
            return Err(Failure::bad_request(at, message));
        };
        let format = format.decoded();
        let media_type = if format.contains('/') {
            format.into_owned()
        } else {
            format!("audio/{format}")
        };
        Ok(Self {
            source: Source::Inline {
                media_type: media_type.into(),
                data: data.decoded().into_owned().into(),
            },
            detail: None,
            video: None,
        })
    }

    fn address(raw: &'a RawValue, dialect: Dialect, at: &str) -> Result<Self, Failure> {
        let address: Address = wire::read(raw.get()).unwrap_or_default();
        let Some(url) = Text::of(raw).or(address.url) else {
            return Err(Failure::bad_request(at, format!("{at} is a part without its `url`")));
        };
        let source = Source::of(
            Media::of_url(&url, address.format.as_ref(), None, at)?,
            address.format.as_ref(),
            false,
            dialect.place,
            at,
        )?;
        Ok(Self {
            source: source.into_owned(),
            detail: address.detail.as_ref().and_then(Resolution::of),
            video: None,
        })
    }

    /// Writes the medium without its resolution.
    pub fn write_source(&self, part: &mut Object) {
        self.source.write(part);
    }

    /// Writes the fields of the part. Older models have one resolution for the whole request.
    pub fn write(&self, part: &mut Object, dialect: Dialect) {
        self.source.write(part);
        if let Some(detail) = self.detail.filter(|_| dialect.model.is_third_generation) {
            part.object("mediaResolution").string("level", detail.as_str());
        }
        if let Some(video) = &self.video {
            let mut to = part.object("videoMetadata");
            to.maybe_raw("fps", video.fps);
            for (name, text) in [("startOffset", &video.start_offset), ("endOffset", &video.end_offset)] {
                if let Some(text) = text {
                    to.text(name, text);
                }
            }
        }
    }
}
