//! `probe-hook`: as a request hook it decides what its settings say. As a guardrail it replaces a word in requests, notes what
//! it replaced, and puts it back into answers. It misbehaves if its settings say so.

use std::collections::BTreeMap;

use guest_misdeeds::Misdeed;
use serde::Deserialize;
use serde_json::Value;
use sluice_sdk::{
    Changes, Decision, Edit, Guardrail, GuardrailError, HookError, Manifest, Passage, Plugin, Refusal, RequestEdit,
    RequestHook, Stage, Verdict, exchange, notes,
};

pub struct Hook {
    settings: Settings,
    /// Of this instance.
    calls: u32,
}

#[derive(Deserialize, Default)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// Place and value; a value that is a text beginning with `raw:` is sent as it is.
    set: Vec<(String, Value)>,
    insert: Vec<(String, Value)>,
    remove: Vec<String>,
    ask: Option<String>,
    answer: Option<String>,
    /// Status, code, sentence, milliseconds.
    refuse: Option<(u16, String, String, u32)>,
    fail: Option<String>,
    publish: BTreeMap<String, Value>,
    /// Writes the number of calls of the instance, and what these attributes are, into `metadata`-like parameters.
    tell: Vec<String>,
    /// Reads the request whole.
    reads: bool,
    /// The word that the guardrail takes out.
    word: Option<String>,
    #[serde(rename = "do")]
    misdeed: Option<Misdeed>,
}

impl Plugin for Hook {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new("probe-hook", env!("CARGO_PKG_VERSION"), "Decides as its settings say.")
            .settings_schema(r#"{"type":"object"}"#)
    }

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self { settings, calls: 0 })
    }
}

fn json(value: &Value) -> String {
    match value.as_str().and_then(|text| text.strip_prefix("raw:")) {
        Some(raw) => raw.to_owned(),
        None => value.to_string(),
    }
}

impl RequestHook for Hook {
    fn prepare(&mut self) -> Result<Decision, HookError> {
        self.calls += 1;
        let settings = &self.settings;
        if let Some(misdeed) = settings.misdeed {
            misdeed.commit();
        }
        if settings.reads {
            exchange::body();
        }
        for (name, value) in &settings.publish {
            notes::publish(name, &json(value)).map_err(|error| HookError::Other(format!("{error:?}")))?;
        }
        if let Some(reason) = &settings.fail {
            return Err(HookError::Unavailable(reason.clone()));
        }
        if let Some((status, code, message, wait)) = &settings.refuse {
            let refusal = Refusal::new(*status, code, message);
            return Ok(Decision::Refuse(
                refusal.retry_after(std::time::Duration::from_millis(u64::from(*wait))),
            ));
        }
        if let Some(answer) = &settings.answer {
            return Ok(Decision::Answer(answer.clone()));
        }
        let mut changes = Changes::new();
        for (place, value) in &settings.set {
            changes.edits.push(RequestEdit::Set((place.clone(), json(value))));
        }
        for (place, value) in &settings.insert {
            changes.edits.push(RequestEdit::Insert((place.clone(), json(value))));
        }
        for place in &settings.remove {
            changes = changes.remove(place);
        }
        for name in &settings.tell {
            let told = match name.as_str() {
                "calls" => self.calls.into(),
                name => exchange::attribute(name).into(),
            };
            changes = changes.set(&format!("/told_{}", name.replace('.', "_")), &told);
        }
        changes.model_group = settings.ask.clone();
        Ok(changes.into())
    }
}

/// Under which the guardrail notes that it took the word out.
const TAKEN: &str = "taken";

/// What stands in the word's place.
const PLACEHOLDER: &str = "<1>";

impl Guardrail for Hook {
    fn inspect(&mut self, stage: Stage, passages: Vec<Passage>) -> Result<Verdict, GuardrailError> {
        let Some(word) = &self.settings.word else {
            return Ok(Verdict::Pass);
        };
        let (from, to) = match stage {
            Stage::Request => (word.clone(), PLACEHOLDER.to_owned()),
            _ => match notes::get(TAKEN) {
                Some(taken) => (PLACEHOLDER.to_owned(), String::from_utf8_lossy(&taken).into_owned()),
                None => return Ok(Verdict::Pass),
            },
        };
        if stage == Stage::Request && passages.iter().any(|passage| passage.text.contains(&from)) {
            notes::put(TAKEN, word.as_bytes()).map_err(|error| GuardrailError::Other(format!("{error:?}")))?;
        }
        let edits = passages.iter().map(|passage| {
            let text = passage.text.replace(&from, &to);
            // The placeholder may be cut by the end of a window.
            let begun = (1..PLACEHOLDER.len())
                .rev()
                .find(|n| text.ends_with(&PLACEHOLDER[..*n]));
            let hold = begun.filter(|_| stage == Stage::StreamWindow).unwrap_or(0);
            Edit {
                text: text[..text.len() - hold].to_owned(),
                hold: u32::try_from(hold).unwrap_or(0),
            }
        });
        Ok(Verdict::Rewrite(edits.collect()))
    }
}

sluice_sdk::export!(Hook: RequestHook, Guardrail);
