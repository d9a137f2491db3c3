//! Embeddings: by `batchEmbedContents` at AI Studio (<https://ai.google.dev/api/embeddings>). On Vertex AI by `predict`
//! (<https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/text-embeddings-api>), or by `embedContent`
//! for models since `gemini-embedding-2`, which embeds one content at a time.

use sluice_sdk::adapter::{Media, Origin, base64, is_for_gateway, lay_extra_bodies_over};
use sluice_sdk::canonical::{Fields, Object, RawValue, Text};
use sluice_sdk::{Failure, Reading, Target, UpstreamRequest, exchange, wire};

use crate::error::of_error;
use crate::place::Place;
use crate::request::camel_case;

sluice_sdk::wire! {
    /// The answer of any of the three methods.
    Answer {
        "embeddings" embeddings: Vec<Vector<'a>>,
        "embedding" embedding: Vector<'a>,
        "predictions" predictions: Vec<Prediction<'a>>,
        "usageMetadata" usage: Counts<'a>,
        "error" error: &'a RawValue,
    }

    Counts {
        "promptTokenCount" prompt: u64,
    }

    Prediction {
        "embeddings" vector: Vector<'a>,
    }

    Vector {
        "values" values: &'a RawValue,
        "statistics" statistics: Statistics<'a>,
    }

    Statistics {
        "token_count" tokens: u64,
    }
}

/// What the translation of the answer needs to know about the request.
pub struct Embeddings {
    /// Whether the client wants vectors as Base64, as OpenAI's Python library does by default.
    base64: bool,
}

#[derive(Clone, Copy)]
enum Method {
    BatchEmbedContents,
    Predict,
    EmbedContent,
}

impl Method {
    fn of(model: &str, place: Place) -> Self {
        match place {
            Place::Studio => Self::BatchEmbedContents,
            Place::Vertex if model.contains("gemini-embedding-2") => Self::EmbedContent,
            Place::Vertex => Self::Predict,
        }
    }

    fn as_str(self) -> &'static str {
        match self {
            Self::BatchEmbedContents => "batchEmbedContents",
            Self::Predict => "predict",
            Self::EmbedContent => "embedContent",
        }
    }
}

/// The fields of the request, sorted by where they go.
#[derive(Default)]
struct Asked<'a> {
    inputs: Vec<Text<'a>>,
    base64: bool,
    task: Option<&'a RawValue>,
    title: Option<&'a RawValue>,
    extra_body: Option<&'a RawValue>,
    /// `outputDimensionality`, `autoTruncate`, and unknown fields.
    settings: Vec<(Text<'a>, &'a RawValue)>,
}

impl Embeddings {
    /// The request to send.
    ///
    /// # Errors
    /// The request cannot be parsed, or has inputs that the model cannot embed.
    pub fn open(target: &Target, place: Place) -> Result<(Self, UpstreamRequest), Failure> {
        let body = exchange::body();
        let text = std::str::from_utf8(&body)
            .map_err(|error| Failure::bad_request("input", format!("the request is not UTF-8: {error}")))?;
        let fields: Fields = serde_json::from_str(text)
            .map_err(|error| Failure::bad_request("input", format!("the request cannot be read: {error}")))?;
        let method = Method::of(&target.model, place);
        let path = place.path(&target.model, method.as_str())?;
        let asked = Asked::read(&fields)?;
        if matches!(method, Method::EmbedContent) && asked.inputs.len() > 1 {
            let message = "this model embeds one input at a time on Vertex AI; send one request for each";
            return Err(Failure::new(sluice_sdk::Fault::Unsupported, message).parameter("input"));
        }
        let mut out = Vec::with_capacity(body.len() + asked.inputs.len() * 96 + 64);
        match method {
            Method::BatchEmbedContents => write_batch(&mut out, &asked, &target.model)?,
            Method::Predict => write_prediction(&mut out, &asked),
            Method::EmbedContent => {
                let mut to = Object::begin(&mut out);
                for input in &asked.inputs {
                    asked.write_content(&mut to, input)?;
                }
            }
        }
        let body = lay_extra_bodies_over(out, asked.extra_body);
        let embeddings = Self { base64: asked.base64 };
        Ok((embeddings, crate::post(path, body, Reading::Whole)))
    }

    /// Translates the answer to the canonical form.
    ///
    /// # Errors
    /// The document is an error, or has no vectors.
    pub fn translate(&self, body: &[u8], origin: &Origin) -> Result<Vec<u8>, Failure> {
        let text = std::str::from_utf8(body).map_err(Failure::malformed)?;
        let answer: Answer = wire::read(text).map_err(Failure::malformed)?;
        if let Some(error) = answer.error {
            return Err(of_error(error));
        }
        let mut vectors = answer.embeddings.unwrap_or_default();
        vectors.extend(answer.embedding);
        let predictions = answer.predictions.into_iter().flatten();
        vectors.extend(predictions.filter_map(|prediction| prediction.vector));
        if vectors.is_empty() {
            return Err(Failure::malformed("it has no embeddings"));
        }
        let counted = answer.usage.and_then(|usage| usage.prompt);
        let tokens = counted.or_else(|| {
            let of_vector = |vector: &Vector| vector.statistics.as_ref()?.tokens;
            vectors
                .iter()
                .map(of_vector)
                .try_fold(0_u64, |sum, tokens| Some(sum.saturating_add(tokens?)))
        });
        let mut out = Vec::with_capacity(body.len() + 256);
        self.write(&mut out, &vectors, tokens, origin)?;
        Ok(out)
    }

    fn write(
        &self,
        out: &mut Vec<u8>,
        vectors: &[Vector],
        tokens: Option<u64>,
        origin: &Origin,
    ) -> Result<(), Failure> {
        let mut to = Object::begin(out);
        to.string("object", "list").text("model", &origin.model(None));
        let mut data = to.list("data");
        for (index, vector) in vectors.iter().enumerate() {
            let values = vector
                .values
                .ok_or_else(|| Failure::malformed("an embedding without `values`"))?;
            let mut item = data.object();
            item.string("object", "embedding").number("index", index as u64);
            if self.base64 {
                write_bytes(item.field("embedding"), values)?;
            } else {
                item.raw("embedding", values);
            }
        }
        drop(data);
        // If Google sent no count, the gateway estimates the usage.
        if let Some(tokens) = tokens {
            to.object("usage")
                .number("prompt_tokens", tokens)
                .number("total_tokens", tokens);
        }
        Ok(())
    }
}

/// Writes 32-bit little-endian floats as Base64.
fn write_bytes(out: &mut Vec<u8>, values: &RawValue) -> Result<(), Failure> {
    let values: Vec<f32> = serde_json::from_str(values.get()).map_err(Failure::malformed)?;
    let bytes: Vec<u8> = values.into_iter().flat_map(f32::to_le_bytes).collect();
    out.push(b'"');
    base64::encode(&bytes, out);
    out.push(b'"');
    Ok(())
}

impl<'a> Asked<'a> {
    fn read(fields: &'a Fields<'a>) -> Result<Self, Failure> {
        let mut asked = Self::default();
        for (name, value) in &fields.0 {
            match &**name {
                _ if value.get() == "null" || is_for_gateway(name) => {}
                "input" => asked.inputs = inputs(value)?,
                "encoding_format" => asked.base64 = value.get() == r#""base64""#,
                "dimensions" => asked.set("outputDimensionality", value),
                "input_type" | "task_type" | "taskType" => asked.task = Some(value),
                "title" => asked.title = Some(value),
                "extra_body" => asked.extra_body = Some(value),
                // Fields for the gateway, the client's own data, and fields without meaning for embeddings.
                "model" | "user" | "metadata" | "stream" | "extra_headers" => {}
                name => asked.set(&camel_case(name), value),
            }
        }
        if asked.inputs.is_empty() {
            return Err(Failure::bad_request("input", "`input` holds nothing to embed"));
        }
        Ok(asked)
    }

    fn set(&mut self, name: &str, value: &'a RawValue) {
        self.settings.push((Text::from_decoded(name), value));
    }

    /// Writes one input: text, or an image or another medium as a `data:` URI.
    fn write_content(&self, to: &mut Object, input: &Text) -> Result<(), Failure> {
        {
            let mut content = to.object("content");
            let mut parts = content.list("parts");
            let mut part = parts.object();
            match media_of(input)? {
                Some(Media::Base64 { media_type, data }) => {
                    part.object("inlineData")
                        .string("mimeType", &media_type)
                        .string("data", &data);
                }
                _ => {
                    part.text("text", input);
                }
            }
        }
        to.maybe_raw("taskType", self.task).maybe_raw("title", self.title);
        for (name, value) in &self.settings {
            to.raw(name.escaped(), value);
        }
        Ok(())
    }
}

/// The medium in a `data:` URI. Other texts may begin with `data:` as well, so `;base64,` is required.
fn media_of<'t>(input: &'t Text<'t>) -> Result<Option<Media<'t>>, Failure> {
    let is_data = input.escaped().starts_with("data:") && input.escaped().contains(";base64,");
    is_data.then(|| Media::of_url(input, None, None, "input")).transpose()
}

/// Reads one text or a list of texts.
fn inputs(value: &RawValue) -> Result<Vec<Text<'_>>, Failure> {
    if let Some(text) = Text::of(value) {
        return Ok(vec![text]);
    }
    serde_json::from_str(value.get()).map_err(|_| {
        Failure::bad_request(
            "input",
            "`input` is text or a list of texts; Gemini takes no lists of tokens",
        )
    })
}

fn write_batch(out: &mut Vec<u8>, asked: &Asked, model: &str) -> Result<(), Failure> {
    let model = format!("models/{}", model.strip_prefix("models/").unwrap_or(model));
    let mut to = Object::begin(out);
    let mut requests = to.list("requests");
    for input in &asked.inputs {
        let mut request = requests.object();
        request.string("model", &model);
        asked.write_content(&mut request, input)?;
    }
    Ok(())
}

fn write_prediction(out: &mut Vec<u8>, asked: &Asked) {
    let mut to = Object::begin(out);
    let mut instances = to.list("instances");
    for input in &asked.inputs {
        let mut instance = instances.object();
        instance.text("content", input);
        instance
            .maybe_raw("task_type", asked.task)
            .maybe_raw("title", asked.title);
    }
    drop(instances);
    let mut parameters = to.object("parameters");
    for (name, value) in &asked.settings {
        parameters.raw(name.escaped(), value);
    }
}
