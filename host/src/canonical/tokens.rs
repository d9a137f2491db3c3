//! Estimates the tokens of a prompt: text by its length; images, audio and files by what providers count for them.
//!
//! The estimate is compared with context windows and limits per minute, and replaces the usage of a stream that ended
//! early. For text it is within a factor of two. The bytes of an encoded image do not count as text.
//!
//! Sources: <https://platform.openai.com/docs/guides/images-vision#calculating-costs>,
//! <https://docs.anthropic.com/en/docs/build-with-claude/vision>, <https://platform.openai.com/docs/guides/audio>.

use memchr::memmem;

use super::Canonical;
use crate::json::{Kind, Span, Value, elements, member, members};

/// Bytes of JSON per token.
const BYTES_A_TOKEN: usize = 4;

/// Tokens of an image that the provider may inspect in high detail: a square of 1024 pixels at OpenAI, and within a
/// factor of two of the largest image at Anthropic.
const IMAGE_TOKENS: usize = 800;

/// Tokens of an image with `detail: low`.
const LOW_DETAIL_TOKENS: usize = 85;

/// Encoded bytes of audio per token: ten tokens a second, for compressed speech at 64 kbit/s.
const AUDIO_BYTES_A_TOKEN: usize = 1024;

/// Encoded bytes of a document per token: a page of about 50 kB has 1500 to 3000 tokens.
const FILE_BYTES_A_TOKEN: usize = 32;

/// The estimate for a request.
#[must_use]
pub fn of(canonical: &Canonical) -> u32 {
    let body = canonical.body.as_ref();
    let mut media = Media::default();
    // Encoded bytes are long. A short request cannot contain enough of them to matter.
    if body.len() > BYTES_A_TOKEN * IMAGE_TOKENS {
        for field in &canonical.fields {
            if matches!(field.value.kind, Kind::Array | Kind::Object) {
                media.add(body, field.value, 0);
            }
        }
    }
    let text = body.len().saturating_sub(media.bytes) / BYTES_A_TOKEN;
    let files = canonical.uploads.iter().map(|upload| upload.content.len());
    let files = usize::try_from(files.sum::<u64>()).unwrap_or(usize::MAX) / AUDIO_BYTES_A_TOKEN;
    u32::try_from(text + media.tokens + files).unwrap_or(u32::MAX)
}

/// The parts of a request that are not text: their bytes, and their tokens.
#[derive(Default)]
struct Media {
    bytes: usize,
    tokens: usize,
}

/// Nesting depth of content parts at most: message, content, tool result, its content, the part and its source.
const DEPTH_MAX: usize = 12;

impl Media {
    fn add(&mut self, body: &[u8], value: Value, depth: usize) {
        // A value that is too short for an encoded image does not contain one.
        if depth > DEPTH_MAX || value.span.len() <= BYTES_A_TOKEN * LOW_DETAIL_TOKENS {
            return;
        }
        match value.kind {
            Kind::Array => elements(body, value.span).for_each(|element| self.add(body, element, depth + 1)),
            Kind::Object => {
                for field in members(body, value.span) {
                    match field.name(body).as_deref() {
                        Some("image_url" | "video_url") => {
                            self.replace(field.value.span, image_tokens(body, field.value))
                        }
                        Some("input_audio" | "audio_url") => {
                            self.replace(field.value.span, field.value.span.len() / AUDIO_BYTES_A_TOKEN);
                        }
                        Some("file_data" | "data") if field.value.kind == Kind::String => {
                            self.replace(field.value.span, encoded_tokens(body, value, field.value));
                        }
                        _ => self.add(body, field.value, depth + 1),
                    }
                }
            }
            _ => {}
        }
    }

    fn replace(&mut self, span: Span, tokens: usize) {
        self.bytes += span.len();
        self.tokens += tokens;
    }
}

fn image_tokens(body: &[u8], image: Value) -> usize {
    let detail = member(body, image.span, "detail").and_then(|detail| detail.text(body));
    match detail.as_deref() {
        Some("low") => LOW_DETAIL_TOKENS,
        _ => IMAGE_TOKENS,
    }
}

/// Tokens of encoded bytes, by the media type beside them or in their data URL.
fn encoded_tokens(body: &[u8], source: Value, data: Value) -> usize {
    let kind = ["media_type", "mime_type", "type"]
        .into_iter()
        .find_map(|name| member(body, source.span, name)?.text(body));
    let head = &data.raw(body)[..data.span.len().min(64)];
    let names = |word: &str| {
        kind.as_deref().is_some_and(|kind| kind.starts_with(word)) || memmem::find(head, word.as_bytes()).is_some()
    };
    match () {
        () if names("image/") => IMAGE_TOKENS,
        () if names("audio/") => data.span.len() / AUDIO_BYTES_A_TOKEN,
        () if names("text") => data.span.len() / BYTES_A_TOKEN,
        () => data.span.len() / FILE_BYTES_A_TOKEN,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::{Value as Json, json};

    fn tokens(content: &Json) -> u32 {
        let body = json!({ "model": "m", "messages": [{ "role": "user", "content": content }] }).to_string();
        of(&Canonical::empty().with_body(body.into()).unwrap())
    }

    #[test]
    fn text_counts_by_its_length() {
        assert!((1000..1050).contains(&tokens(&json!("x".repeat(4000)))));
        let escaped = tokens(&json!([{ "type": "text", "text": "x".repeat(40_000) }]));
        assert!((10_000..10_050).contains(&escaped), "{escaped}");
    }

    #[test]
    fn what_is_encoded_counts_as_what_it_is() {
        let bytes = "A".repeat(800_000);
        let url = format!("data:image/png;base64,{bytes}");
        for (part, most) in [
            (json!({ "type": "image_url", "image_url": { "url": url } }), 900),
            (
                json!({ "type": "image_url", "image_url": { "url": url, "detail": "low" } }),
                120,
            ),
            (json!({ "type": "image_url", "image_url": url }), 900),
            (
                json!({ "type": "image", "source": { "type": "base64", "media_type": "image/jpeg", "data": bytes } }),
                900,
            ),
            (
                json!({ "type": "input_audio", "input_audio": { "format": "wav", "data": bytes } }),
                1_000,
            ),
            (
                json!({ "type": "file", "file": { "filename": "a.pdf", "file_data": bytes } }),
                30_000,
            ),
            (
                json!({ "type": "tool_result", "content": [{ "type": "image_url", "image_url": { "url": url } }] }),
                900,
            ),
        ] {
            let counted = tokens(&json!([part]));
            assert!(counted <= most, "{counted} > {most}: {}", part["type"]);
        }
        let text =
            json!({ "type": "document", "source": { "type": "text", "media_type": "text/plain", "data": bytes } });
        assert!(tokens(&json!([text])) > 190_000);
    }
}
