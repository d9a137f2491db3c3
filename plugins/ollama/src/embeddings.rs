//! Embeddings by `/api/embed` (<https://github.com/ollama/ollama/blob/main/docs/api.md#generate-embeddings>).

use sluice_sdk::adapter::{Origin, Parameters, base64, is_for_gateway, lay_extra_bodies_over};
use sluice_sdk::canonical::{Fields, Object, RawValue, Request, Text};
use sluice_sdk::{Failure, Fault, exchange, wire};

use crate::error::of_error;

/// Ollama's fields outside of `options`.
const OWN: [&str; 3] = ["dimensions", "truncate", "keep_alive"];

/// How vectors are encoded for the client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As numbers, like Ollama's own answers.
    Floats,
    /// As Base64 of 32-bit little-endian floats, which OpenAI's clients ask for.
    Base64,
}

/// The translated request.
pub struct Translated {
    pub body: Vec<u8>,
    pub encoding: Encoding,
}

/// # Errors
/// The request cannot be parsed, or asks for something that Ollama does not support.
pub fn translate(body: &[u8], model: &str) -> Result<Translated, Failure> {
    let text = std::str::from_utf8(body).map_err(|error| Failure::bad_request("input", error.to_string()))?;
    let Fields(fields) = serde_json::from_str(text)
        .map_err(|error| Failure::bad_request("input", format!("the request cannot be read: {error}")))?;
    let parameters = Parameters::read(
        "Ollama",
        &Request {
            rest: fields.clone(),
            ..Request::default()
        },
    );
    let (mut encoding, mut input, mut extra_body) = (Encoding::Floats, None, None);
    let mut options = Vec::new();
    let mut out = Vec::with_capacity(body.len() + 64);
    {
        let mut to = Object::begin(&mut out);
        to.string("model", model);
        for (name, value) in fields {
            match &*name {
                _ if value.get() == "null" || is_for_gateway(&name) => {}
                // The client's own identifiers. Vectors cannot be streamed.
                "model" | "user" | "metadata" | "stream" | "stream_options" => {}
                "input" => input = Some(value),
                "encoding_format" => encoding = encoding_of(value)?,
                "extra_body" => extra_body = Some(value),
                "options" => options.extend(given_options(value)?),
                "input_type" | "extra_headers" if !parameters.allows(&name) => {
                    parameters.drop_or_refuse(&name, "its API has no such parameter")?;
                }
                own if OWN.contains(&own) => {
                    to.raw(own, value);
                }
                _ => options.push((name, value)),
            }
        }
        write_input(&mut to, input)?;
        if !options.is_empty() {
            to.object("options").rest(&options);
        }
    }
    Ok(Translated {
        body: lay_extra_bodies_over(out, extra_body),
        encoding,
    })
}

fn encoding_of(value: &RawValue) -> Result<Encoding, Failure> {
    match value.get() {
        r#""float""# => Ok(Encoding::Floats),
        r#""base64""# => Ok(Encoding::Base64),
        _ => Err(Failure::bad_request(
            "encoding_format",
            "`encoding_format` is `float` or `base64`",
        )),
    }
}

fn given_options(value: &RawValue) -> Result<sluice_sdk::canonical::Rest<'_>, Failure> {
    let fields: Result<Fields, _> = serde_json::from_str(value.get());
    fields
        .map(|Fields(options)| options)
        .map_err(|_| Failure::bad_request("options", "`options` is no object"))
}

/// Writes one text or a list of texts.
fn write_input(to: &mut Object, input: Option<&RawValue>) -> Result<(), Failure> {
    let missing = || Failure::bad_request("input", "there is no input");
    let input = input.ok_or_else(missing)?;
    let texts: Option<Vec<&RawValue>> = match Text::of(input) {
        Some(_) => Some(vec![input]),
        None => serde_json::from_str(input.get()).ok(),
    };
    let texts = texts.ok_or_else(|| Failure::bad_request("input", "`input` is a text or a list of them"))?;
    if texts.iter().any(|text| Text::of(text).is_none()) {
        let message = "Ollama does not take tokens as input; send their text";
        return Err(Failure::new(Fault::Unsupported, message).parameter("input"));
    }
    to.raw("input", input);
    Ok(())
}

sluice_sdk::wire! {
    /// A whole answer.
    Answer {
        "model" model: Text<'a>,
        "embeddings" embeddings: Vec<&'a RawValue>,
        "prompt_eval_count" prompt_eval_count: u64,
        /// Present instead of all other fields if the request failed.
        "error" error: &'a RawValue,
    }
}

/// Translates the answer to the canonical form.
///
/// # Errors
/// The document is an error, or has no list of vectors.
pub fn answer(body: &[u8], encoding: Encoding, origin: &Origin) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(body).map_err(Failure::malformed)?;
    let answer: Answer = wire::read(text).map_err(Failure::malformed)?;
    if let Some(error) = answer.error {
        return Err(of_error(error));
    }
    let vectors = answer
        .embeddings
        .ok_or_else(|| Failure::malformed("it has no `embeddings`"))?;
    let mut out = Vec::with_capacity(body.len() + 64 * vectors.len() + 256);
    {
        let mut to = Object::begin(&mut out);
        to.string("object", "list");
        let mut data = to.list("data");
        for (index, vector) in (0..).zip(vectors) {
            let mut item = data.object();
            item.string("object", "embedding").number("index", index);
            match encoding {
                Encoding::Floats => {
                    item.raw("embedding", vector);
                }
                Encoding::Base64 => write_base64(item.field("embedding"), vector)?,
            }
        }
        drop(data);
        to.text("model", &origin.model(answer.model.as_ref()));
        let tokens = answer
            .prompt_eval_count
            .unwrap_or_else(|| exchange::prompt_tokens().into());
        to.object("usage")
            .number("prompt_tokens", tokens)
            .number("total_tokens", tokens);
    }
    Ok(out)
}

fn write_base64(out: &mut Vec<u8>, vector: &RawValue) -> Result<(), Failure> {
    let floats: Vec<f32> = serde_json::from_str(vector.get()).map_err(Failure::malformed)?;
    let bytes: Vec<u8> = floats.iter().flat_map(|float| float.to_le_bytes()).collect();
    out.push(b'"');
    base64::encode(&bytes, out);
    out.push(b'"');
    Ok(())
}
