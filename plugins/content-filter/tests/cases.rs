//! Each file in `cases/` is a list of cases. Whole texts: settings, a stage and passages as input, a verdict as output.
//! Streams: settings and chunks as input; what the client was sent, or the code that blocked it, as output. Settings:
//! the error that they cause.

mod gateway;

use content_filter::ContentFilter;
use gateway::{filter, stream};
use serde::Deserialize;
use serde_json::{Value, json};
use sluice_sdk::{Guardrail, Passage, Stage, Verdict};

fn read<Case: for<'de> Deserialize<'de>>(text: &str) -> Vec<Case> {
    let cases: Vec<Case> = serde_json::from_str(text).unwrap();
    assert!(!cases.is_empty());
    cases
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Whole {
    about: String,
    settings: Value,
    stage: String,
    passages: Vec<Text>,
    verdict: Value,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Text {
    role: String,
    #[serde(default)]
    before: String,
    text: String,
}

#[test]
fn whole_texts_are_judged_as_written() {
    for case in read::<Whole>(include_str!("../cases/texts.json")) {
        let passage = |it: Text| Passage {
            role: it.role,
            before: it.before,
            text: it.text,
        };
        let stage = match case.stage.as_str() {
            "request" => Stage::Request,
            "response" => Stage::Response,
            "stream-window" => Stage::StreamWindow,
            _ => Stage::StreamEnd,
        };
        let passages = case.passages.into_iter().map(passage).collect();
        let verdict = filter(&case.settings).unwrap().inspect(stage, passages).unwrap();
        assert_eq!(written(verdict), case.verdict, "{}", case.about);
    }
}

fn written(verdict: Verdict) -> Value {
    match verdict {
        Verdict::Pass => json!("pass"),
        Verdict::Rewrite(edits) => {
            let edit = |it: sluice_sdk::Edit| {
                if it.hold == 0 {
                    json!(it.text)
                } else {
                    json!([it.text, it.hold])
                }
            };
            json!({"rewrite": edits.into_iter().map(edit).collect::<Vec<_>>()})
        }
        Verdict::Hold(counts) => json!({"hold": counts}),
        Verdict::Block(it) => {
            let detail: Value = serde_json::from_str(&it.detail).unwrap();
            json!({"block": it.code, "message": it.message, "detail": detail})
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Stream {
    about: String,
    settings: Value,
    chunks: Vec<String>,
    #[serde(default)]
    sent: Vec<String>,
    #[serde(default)]
    blocked: Option<String>,
}

#[test]
fn streams_are_sent_as_written() {
    for case in read::<Stream>(include_str!("../cases/streams.json")) {
        let chunks: Vec<&str> = case.chunks.iter().map(String::as_str).collect();
        let (sent, blocked) = stream(&mut filter(&case.settings).unwrap(), &chunks);
        assert_eq!((sent, blocked), (case.sent, case.blocked), "{}", case.about);
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Refusal {
    about: String,
    settings: Value,
    error: String,
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    for case in read::<Refusal>(include_str!("../cases/settings.json")) {
        let error = filter(&case.settings).err().unwrap_or_default();
        assert!(error.starts_with(&case.error), "{}: {error}", case.about);
    }
}

#[test]
fn more_rules_than_there_is_time_for_are_refused() {
    assert!(filter(&json!({"patterns": vec!["email"; 200]})).is_ok());
    let error = filter(&json!({"patterns": vec!["email"; 201]}))
        .err()
        .unwrap_or_default();
    assert_eq!(
        error,
        "settings: 201 patterns are too many for the time a guardrail has: at most 200"
    );
    let error = filter(&json!({"words": vec!["a"; 20_001]})).err().unwrap_or_default();
    assert_eq!(
        error,
        "settings: 20001 words are too many for the time a guardrail has: at most 20000"
    );
}

#[test]
fn an_expression_too_large_to_compile_is_a_mistake_in_the_settings() {
    let mut filter: ContentFilter = filter(&json!({"patterns": [{"pattern": r"(?u)(\w{50}\W{50}){50}"}]})).unwrap();
    let passage = Passage {
        role: "user".into(),
        before: String::new(),
        text: "hello".into(),
    };
    match filter.inspect(Stage::Request, vec![passage]) {
        Err(sluice_sdk::GuardrailError::BadSettings(error)) => assert!(error.contains("repetitions"), "{error}"),
        other => panic!("{other:?}"),
    }
}
