//! Embeddings of servers with Hugging Face's form (text-embeddings-inference and others): texts as `inputs`, and a list
//! of vectors, with or without a field name. Voyage's models use OpenAI's form.

use sluice_sdk::adapter::{Origin, Parameters, base64, is_for_gateway, lay_over};
use sluice_sdk::canonical::{List, Object, RawValue, Request, Text};
use sluice_sdk::{Failure, Fault, exchange, wire};

use crate::{error, extra_body};

/// How vectors are encoded for the client.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Encoding {
    /// As numbers, like the server's own answers.
    Floats,
    /// As Base64 of 32-bit little-endian floats, which OpenAI's clients ask for.
    Base64,
}

/// The translated request.
pub struct Translated {
    pub body: Vec<u8>,
    pub encoding: Encoding,
}

/// Translates the canonical request for an endpoint.
///
/// # Errors
/// The request cannot be parsed, or asks for something that such servers do not support.
pub fn translate(body: &[u8], endpoint: &str) -> Result<Translated, Failure> {
    let mut request = Request::parse(body).map_err(|error| Failure::bad_request("input", error))?;
    let parameters = Parameters::read("`sagemaker/`", &request);
    let (mut encoding, mut input, mut of_client) = (Encoding::Floats, None, None);
    let mut out = Vec::with_capacity(body.len() + 64);
    {
        let mut to = Object::begin(&mut out);
        for (name, value) in std::mem::take(&mut request.rest) {
            match &*name {
                _ if value.get() == "null" || is_for_gateway(&name) || name == "extra_headers" => {}
                "input" => input = Some(value),
                "encoding_format" => encoding = encoding_of(value)?,
                "extra_body" => of_client = Some(value),
                "dimensions" if !parameters.allows("dimensions") => {
                    parameters.drop_or_refuse("dimensions", "its models have vectors of one length, as a rule")?;
                }
                _ => {
                    to.raw(Text::from_decoded(&name).escaped(), value);
                }
            }
        }
        let field = if endpoint.to_ascii_lowercase().contains("voyage") {
            "input"
        } else {
            "inputs"
        };
        write_input(&mut to, field, input)?;
    }
    let patch: serde_json::Map<_, _> = extra_body::fields(of_client.map(RawValue::get)).collect();
    let body = lay_over(out, &serde_json::Value::Object(patch).to_string());
    Ok(Translated { body, encoding })
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

/// Writes a list of texts, even for a single text: for a text outside of a list, some servers return one vector for
/// each token.
fn write_input(to: &mut Object, field: &str, input: Option<&RawValue>) -> Result<(), Failure> {
    let input = input.ok_or_else(|| Failure::bad_request("input", "there is no input"))?;
    if Text::of(input).is_some() {
        to.list(field).json(input.get());
        return Ok(());
    }
    let texts: Result<Vec<&RawValue>, _> = serde_json::from_str(input.get());
    let texts = texts.map_err(|_| Failure::bad_request("input", "`input` is a text or a list of them"))?;
    if texts.is_empty() {
        return Err(Failure::bad_request("input", "`input` is empty"));
    }
    if texts.iter().any(|text| Text::of(text).is_none()) {
        let message = "`sagemaker/` does not take tokens as input; send their text";
        return Err(Failure::new(Fault::Unsupported, message).parameter("input"));
    }
    to.raw(field, input);
    Ok(())
}

sluice_sdk::wire! {
    /// A whole answer that is an object.
    Answer {
        "embedding" embedding: &'a RawValue,
        "embeddings" embeddings: &'a RawValue,
        /// In OpenAI's form.
        "data" data: Vec<Item<'a>>,
        /// Present instead of the other fields if the request failed.
        "error" error: &'a RawValue,
        "usage" usage: Counted<'a>,
    }

    Item {
        "embedding" embedding: &'a RawValue,
    }

    Counted {
        "prompt_tokens" prompt: u64,
        "total_tokens" total: u64,
    }
}

/// Translates the answer to the canonical form. Vectors are copied, unless the client wants Base64.
///
/// # Errors
/// The document is an error, or has no vectors.
pub fn answer(body: &[u8], encoding: Encoding, origin: &Origin) -> Result<Vec<u8>, Failure> {
    let json = std::str::from_utf8(body).map_err(Failure::malformed)?.trim_ascii();
    let answer: Answer = wire::read(json).map_err(Failure::malformed)?;
    if answer.error.is_some() {
        return Err(error::of_document(json));
    }
    let vectors = match (answer.embedding.or(answer.embeddings), answer.data) {
        (Some(vectors), _) => vectors_of(vectors.get())?,
        (None, Some(items)) => items.into_iter().filter_map(|item| item.embedding).collect(),
        (None, None) => vectors_of(json)?,
    };
    let mut out = Vec::with_capacity(body.len() + 64 * vectors.len() + 256);
    {
        let mut to = Object::begin(&mut out);
        to.string("object", "list");
        write_vectors(&mut to.list("data"), &vectors, encoding)?;
        to.text("model", &origin.model(None));
        let counted = answer.usage.and_then(|usage| usage.prompt.or(usage.total));
        let tokens = counted.unwrap_or_else(|| exchange::prompt_tokens().into());
        to.object("usage")
            .number("prompt_tokens", tokens)
            .number("total_tokens", tokens);
    }
    Ok(out)
}

/// Reads a list of vectors, or a single vector.
fn vectors_of(json: &str) -> Result<Vec<&RawValue>, Failure> {
    let none = |_| Failure::malformed("it has no list of vectors");
    let items: Vec<&RawValue> = serde_json::from_str(json).map_err(none)?;
    match items.first() {
        Some(item) if !item.get().starts_with('[') => {
            let vector: &RawValue = serde_json::from_str(json).map_err(none)?;
            Ok(vec![vector])
        }
        _ => Ok(items),
    }
}

fn write_vectors(data: &mut List, vectors: &[&RawValue], encoding: Encoding) -> Result<(), Failure> {
    if vectors.is_empty() {
        return Err(Failure::malformed("it has no vectors"));
    }
    for (index, vector) in (0..).zip(vectors) {
        let what = "a vector is no list of numbers; the model may give one a token, which is no embedding of a text";
        let numbers: Vec<f32> = serde_json::from_str(vector.get()).map_err(|_| Failure::malformed(what))?;
        let mut item = data.object();
        item.string("object", "embedding").number("index", index);
        match encoding {
            Encoding::Floats => drop(item.raw("embedding", vector)),
            Encoding::Base64 => {
                let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
                let out = item.field("embedding");
                out.push(b'"');
                base64::encode(&bytes, out);
                out.push(b'"');
            }
        }
    }
    Ok(())
}
