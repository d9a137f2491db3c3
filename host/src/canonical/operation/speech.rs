//! Speech from text: <https://platform.openai.com/docs/api-reference/audio/createSpeech>. The answer is audio in the
//! format of `response_format`, or an event stream of it if `stream_format` is `sse`.

use bytes::{BufMut, Bytes, BytesMut};
use serde_json::json;

use super::{Answers, Mock, MockError, Mocked, Row, Streaming, Takes, TestRequest};
use crate::canonical::Canonical;
use crate::canonical::parts::Medium;
use crate::usage::Usage;

pub const ROW: Row = Row {
    route: "/v1/audio/speech",
    name: "audio-speech",
    mode: "audio_speech",
    call_type: "aspeech",
    takes: Takes::Json,
    answers: Answers::Bytes(Medium::Audio),
    stream: Streaming::Never,
    usage: Some(usage),
    health_check,
    mock,
};

/// The characters of the input, by which most providers charge, and its tokens by their estimate. The audio's tokens are
/// not known.
fn usage(canonical: &Canonical) -> Usage {
    let characters = canonical.text("input").map_or(0, |input| input.chars().count());
    Usage {
        characters: characters as u64,
        ..Usage::of_text(u64::from(canonical.prompt_tokens()), 0)
    }
}

fn health_check(model: &str, _: u32) -> TestRequest {
    json!({ "model": model, "input": "test", "voice": "alloy" }).into()
}

/// Silence, whatever the text is.
fn mock(_: &Mock<'_>) -> Result<Mocked, MockError> {
    Ok(Mocked::Bytes(Medium::Audio, silence(), "audio/wav"))
}

/// A tenth of a second of silence: WAV, one channel, 16 bits, 16 kHz.
pub fn silence() -> Bytes {
    const RATE: u32 = 16_000;
    const BYTES: u32 = RATE / 10 * 2;
    let mut wav = BytesMut::new();
    wav.put_slice(b"RIFF");
    wav.put_u32_le(36 + BYTES);
    wav.put_slice(b"WAVEfmt ");
    wav.put_u32_le(16);
    wav.put_u16_le(1); // PCM
    wav.put_u16_le(1); // channels
    wav.put_u32_le(RATE);
    wav.put_u32_le(RATE * 2);
    wav.put_u16_le(2); // bytes a sample
    wav.put_u16_le(16); // bits a sample
    wav.put_slice(b"data");
    wav.put_u32_le(BYTES);
    wav.put_bytes(0, BYTES as usize);
    wav.freeze()
}
