//! Translates a chat completion's request to a `generateContent` request. It decides first what to send ([`Plan`]), and
//! then writes it in one pass.

mod choice;
mod content;
mod conversation;
mod fields;
mod generation;
mod media;
mod native;
mod results;
mod schema;
mod system;
mod thinking;
mod tools;
mod turns;

use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, lay_extra_bodies_over};
use sluice_sdk::canonical::{Fields, List, Object, RawValue, Request, ResponseKind, Text, write_string};

use crate::model::{Model, Structure};
use crate::place::Place;
use conversation::Conversation;
use fields::Own;
use generation::{Generation, Value};
use system::write_system;
use tools::Tools;

pub use generation::camel_case;

/// Estimated bytes of a request in addition to what is copied from the client's request.
const ENVELOPE_BYTES: usize = 512;

/// The audio format that Gemini produces, under OpenAI's name; other formats are refused.
const AUDIO_FORMAT: &str = r#""pcm16""#;

/// The translated request.
pub struct Translated {
    pub body: Vec<u8>,
    pub streaming: bool,
}

/// What the translation depends on: the service and the model.
#[derive(Clone, Copy)]
pub struct Dialect {
    pub place: Place,
    pub model: Model,
}

/// Translates the canonical request for a model.
///
/// # Errors
/// The request cannot be parsed, is invalid for Gemini, or asks for something that Gemini does not support.
pub fn translate(body: &[u8], model_name: &str, place: Place) -> Result<Translated, Failure> {
    let mut request = Request::parse(body).map_err(|error| Failure::bad_request("messages", error))?;
    let dialect = Dialect {
        place,
        model: Model::named(model_name),
    };
    let parameters = Parameters::read("Gemini", &request);
    let mut own = Own::take(&mut request, place, &parameters)?;
    let generation = std::mem::take(&mut own.generation);
    let mut plan = Plan::make(&request, &own, generation, dialect.model, &parameters)?;
    let mut out = Vec::with_capacity(body.len() + body.len() / 8 + ENVELOPE_BYTES);
    write(&mut out, &request, &own, &mut plan, dialect)?;
    Ok(Translated {
        body: lay_extra_bodies_over(out, own.extra_body),
        streaming: request.stream == Some(true),
    })
}

/// The fields of the request that depend on each other or on the model.
struct Plan<'a> {
    generation: Generation<'a>,
    tools: Tools<'a>,
}

impl<'a> Plan<'a> {
    /// Google's own fields take precedence over OpenAI's for the same thing.
    fn make(
        request: &'a Request<'a>,
        own: &Own<'a>,
        mut generation: Generation<'a>,
        model: Model,
        parameters: &Parameters,
    ) -> Result<Self, Failure> {
        generation.set_raw("maxOutputTokens", request.max_completion_tokens.or(request.max_tokens));
        generation.set_raw("temperature", request.temperature);
        generation.set_raw("topP", request.top_p);
        generation.set_raw("candidateCount", own.n);
        if let Some(stop) = request.stop.as_ref().filter(|stop| !stop.0.is_empty()) {
            generation.set("stopSequences", Value::Texts(stop.0.iter().collect()));
        }
        if own.logprobs.is_some_and(|raw| raw.get() == "true") {
            generation.set_json("responseLogprobs", "true");
        }
        generation.set_raw("logprobs", own.top_logprobs);
        set_modalities(&mut generation, own, parameters)?;
        if !generation.has("thinkingConfig")
            && let Some(config) = thinking::config(own.thinking, request, model, parameters)?
        {
            generation.set_json("thinkingConfig", config);
        }
        set_structure(&mut generation, request, model)?;
        Ok(Self {
            generation,
            tools: Tools::plan(request, own, parameters)?,
        })
    }
}

/// `modalities` and `audio`: the modalities of the answer, and its voice.
fn set_modalities<'a>(generation: &mut Generation<'a>, own: &Own<'a>, parameters: &Parameters) -> Result<(), Failure> {
    if let Some(modalities) = own.modalities {
        match serde_json::from_str::<Vec<Text>>(modalities.get()) {
            Ok(words) => generation.set_json("responseModalities", in_capitals(&words)),
            Err(_) => generation.set_raw("responseModalities", Some(modalities)),
        }
    }
    let Some(audio) = own.audio else { return Ok(()) };
    let fields: Fields = serde_json::from_str(audio.get()).unwrap_or_default();
    if fields.get("format").is_some_and(|format| format.get() != AUDIO_FORMAT) {
        parameters.drop_or_refuse("audio", "it speaks `pcm16` only, which is to stand as `audio.format`")?;
    }
    if let Some(voice) = fields.get("voice") {
        let voice = voice.get();
        generation.set_json(
            "speechConfig",
            format!(r#"{{"voiceConfig":{{"prebuiltVoiceConfig":{{"voiceName":{voice}}}}}}}"#),
        );
    }
    Ok(())
}

/// Writes a list of words in capitals, as Google does.
fn in_capitals(words: &[Text]) -> String {
    let mut out = Vec::new();
    let mut list = List::begin(&mut out);
    for word in words {
        write_string(list.item(), &word.decoded().to_ascii_uppercase());
    }
    drop(list);
    String::from_utf8(out).unwrap_or_default()
}

/// `response_format` (<https://ai.google.dev/gemini-api/docs/structured-output>).
fn set_structure<'a>(generation: &mut Generation<'a>, request: &Request<'a>, model: Model) -> Result<(), Failure> {
    let Some(format) = &request.response_format else {
        return Ok(());
    };
    if !matches!(format.kind, Some(ResponseKind::JsonSchema | ResponseKind::JsonObject)) {
        return Ok(());
    }
    generation.set_json("responseMimeType", r#""application/json""#);
    let of_json_schema = format.json_schema.as_ref().and_then(|json_schema| json_schema.schema);
    let Some(schema) = of_json_schema.or(format.response_schema) else {
        return Ok(());
    };
    if generation.has("responseSchema") || generation.has("responseJsonSchema") {
        return Ok(());
    }
    match model.structure {
        Structure::JsonSchema => set_json_schema(generation, schema),
        Structure::Dialect => {
            let mut out = Vec::with_capacity(schema.get().len());
            schema::translate(&mut out, schema, true, "response_format")?;
            generation.set_json("responseSchema", String::from_utf8(out).unwrap_or_default());
        }
    }
    Ok(())
}

/// Copies the schema, but without `strict`: some clients put OpenAI's `strict` into the schema, and Google refuses it.
fn set_json_schema<'a>(generation: &mut Generation<'a>, schema: &'a RawValue) {
    let fields = serde_json::from_str::<Fields>(schema.get()).unwrap_or_default();
    if fields.get("strict").is_none() {
        generation.set_raw("responseJsonSchema", Some(schema));
        return;
    }
    let mut out = Vec::with_capacity(schema.get().len());
    let mut object = Object::begin(&mut out);
    for (name, value) in fields.0.iter().filter(|(name, _)| name != "strict") {
        object.raw(Text::from_decoded(name).escaped(), value);
    }
    drop(object);
    generation.set_json("responseJsonSchema", String::from_utf8(out).unwrap_or_default());
}

fn write(out: &mut Vec<u8>, request: &Request, own: &Own, plan: &mut Plan, dialect: Dialect) -> Result<(), Failure> {
    let messages = request.messages.as_deref().unwrap_or_default();
    let mut to = Object::begin(out);
    let resolution = Conversation::write(to.field("contents"), messages, dialect)?;
    if dialect.model.takes_system {
        write_system(&mut to, messages)?;
    }
    plan.tools.write(&mut to, own)?;
    if let Some(resolution) = resolution.filter(|_| !dialect.model.is_third_generation) {
        plan.generation
            .set_json("mediaResolution", format!("\"{}\"", resolution.as_str()));
    }
    plan.generation.write(&mut to);
    own.write(&mut to, request, dialect.place);
    Ok(())
}
