//! Text from speech: <https://platform.openai.com/docs/api-reference/audio/createTranscription>, and the same in English:
//! `…/audio/createTranslation`.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::speech::silence;
use super::{Answers, Mock, MockError, Mocked, Row, Streaming, Takes, TestRequest};
use crate::canonical::form::Upload;
use crate::canonical::parts::Medium;

pub const ROW: Row = Row {
    route: "/v1/audio/transcriptions",
    name: "audio-transcriptions",
    mode: "audio_transcription",
    call_type: "atranscription",
    takes: Takes::Form(Medium::Audio),
    answers: Answers::Text,
    stream: Streaming::Whole(cut),
    usage: None,
    health_check,
    mock,
};

/// No model has a mode for it: those that transcribe also translate.
pub const TRANSLATIONS: Row = Row {
    route: "/v1/audio/translations",
    name: "audio-translations",
    mode: "audio_translation",
    stream: Streaming::Never,
    ..ROW
};

/// One event with the text as far as it is there, which is all of it, and one that ends it.
fn cut(body: &[u8]) -> serde_json::Result<Vec<Value>> {
    #[derive(Deserialize)]
    struct Transcript<'a> {
        text: String,
        #[serde(default, borrow)]
        usage: Option<&'a RawValue>,
    }
    let answer: Transcript<'_> = serde_json::from_slice(body)?;
    let mut done = json!({ "type": "transcript.text.done", "text": answer.text });
    if let Some(usage) = answer.usage {
        done["usage"] = serde_json::from_str(usage.get())?;
    }
    Ok(vec![
        json!({ "type": "transcript.text.delta", "delta": answer.text }),
        done,
    ])
}

fn health_check(model: &str, _: u32) -> TestRequest {
    let audio = Upload {
        field: "file".into(),
        file_name: Some("silence.wav".into()),
        content_type: Some("audio/wav".into()),
        content: silence().into(),
    };
    TestRequest {
        fields: json!({ "model": model }),
        uploads: vec![audio],
    }
}

fn mock(mock: &Mock<'_>) -> Result<Mocked, MockError> {
    Ok(Mocked::Json(json!({ "text": mock.text })))
}
