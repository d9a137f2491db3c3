//! `generationConfig`: Google's own fields in either spelling, then OpenAI's for those that are not set.

use std::borrow::Cow;

use sluice_sdk::canonical::{Object, RawValue, Text};

/// Google's fields (<https://ai.google.dev/api/generate-content#v1beta.GenerationConfig>, and those that only Vertex AI
/// has).
const FIELDS: [&str; 27] = [
    "temperature",
    "topP",
    "topK",
    "candidateCount",
    "maxOutputTokens",
    "stopSequences",
    "responseMimeType",
    "responseSchema",
    "responseJsonSchema",
    "presencePenalty",
    "frequencyPenalty",
    "seed",
    "responseLogprobs",
    "logprobs",
    "mediaResolution",
    "speechConfig",
    "responseModalities",
    "thinkingConfig",
    "imageConfig",
    "routingConfig",
    "modelConfig",
    "modelSelectionConfig",
    "audioTimestamp",
    "enableAffectiveDialog",
    "enableEnhancedCivicAnswers",
    "translationConfig",
    "audioTranscriptionConfig",
];

/// A value to write.
pub enum Value<'a> {
    Raw(&'a RawValue),
    /// JSON that the adapter made.
    Json(Cow<'static, str>),
    Texts(Vec<&'a Text<'a>>),
}

/// The fields to write. The first value of a name takes precedence.
#[derive(Default)]
pub struct Generation<'a>(Vec<(Text<'a>, Value<'a>)>);

impl<'a> Generation<'a> {
    /// The name in `generationConfig` for a field of the request, if there is one.
    pub fn field_named(name: &str) -> Option<&'static str> {
        let camel = camel_case(name);
        FIELDS.into_iter().find(|field| *field == camel)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known.escaped() == name)
    }

    pub fn set(&mut self, name: &str, value: Value<'a>) {
        if !self.has(name) {
            self.0.push((Text::from_decoded(name), value));
        }
    }

    pub fn set_raw(&mut self, name: &str, value: Option<&'a RawValue>) {
        if let Some(value) = value {
            self.set(name, Value::Raw(value));
        }
    }

    pub fn set_json(&mut self, name: &str, json: impl Into<Cow<'static, str>>) {
        self.set(name, Value::Json(json.into()));
    }

    pub fn write(&self, to: &mut Object) {
        if self.0.is_empty() {
            return;
        }
        let mut config = to.object("generationConfig");
        for (name, value) in &self.0 {
            match value {
                Value::Raw(raw) => {
                    config.raw(name.escaped(), raw);
                }
                Value::Json(json) => {
                    config.json(name.escaped(), json);
                }
                Value::Texts(texts) => write_texts(config.field(name.escaped()), texts),
            }
        }
    }
}

fn write_texts(out: &mut Vec<u8>, texts: &[&Text]) {
    let mut list = sluice_sdk::canonical::List::begin(out);
    for text in texts {
        let out = list.item();
        out.push(b'"');
        out.extend_from_slice(text.escaped().as_bytes());
        out.push(b'"');
    }
}

/// Converts a name to camel case. Google reads JSON in either spelling, and LiteLLM's clients use both.
pub fn camel_case(name: &str) -> Cow<'_, str> {
    if !name.contains('_') {
        return Cow::Borrowed(name);
    }
    let mut camel = String::with_capacity(name.len());
    let mut after_underscore = false;
    for letter in name.chars() {
        match letter {
            '_' => after_underscore = true,
            _ if std::mem::take(&mut after_underscore) => camel.extend(letter.to_uppercase()),
            _ => camel.push(letter),
        }
    }
    Cow::Owned(camel)
}
