//! The request of embeddings. OpenAI's `input` is text; data of images counts as images, as LiteLLM has it.

use sluice_sdk::adapter::cohere::{Inputs, is_image};
use sluice_sdk::adapter::{Media, Parameters, changes_nothing, is_for_gateway};
use sluice_sdk::canonical::{Object, RawValue, Request, Text};
use sluice_sdk::{Failure, Fault};

use super::Maker;
use crate::extra_body::lay_over_request;

/// Why `input` takes no tokens.
const NO_TOKENS: &str = "Bedrock takes texts only as `input`, no tokens: its models have tokenizers of their own";

/// What Nova's embeddings are for, where nobody says.
const PURPOSE: &str = "GENERIC_INDEX";

/// A request to send.
pub struct Translated {
    pub body: Vec<u8>,
    /// Whether the client wants its vectors as base64, which no model writes.
    pub base64: bool,
}

/// Translates the canonical request for a model of this maker.
///
/// # Errors
/// The request cannot be read, or asks for what the model cannot do.
pub fn translate(body: &[u8], maker: Maker) -> Result<Translated, Failure> {
    let mut request = Request::parse(body).map_err(|error| Failure::bad_request("input", error))?;
    let parameters = Parameters::read("Bedrock", &request);
    let own = Own::take(&mut request, &parameters)?;
    let inputs = own.input.map(|input| Inputs::read(input, NO_TOKENS));
    let inputs = inputs.transpose()?.unwrap_or_default();
    let mut out = Vec::with_capacity(body.len() + body.len() / 8 + 256);
    let mut to = Object::begin(&mut out);
    match maker {
        Maker::Cohere => own.write_cohere(&mut to, &inputs)?,
        Maker::Nova => own.write_nova(&mut to, one(inputs.texts())?)?,
        _ => own.write_titan(&mut to, one(inputs.texts())?, maker, &parameters)?,
    }
    drop(to);
    Ok(Translated {
        body: lay_over_request(out, own.extra_body, |fields| fields),
        base64: own.base64,
    })
}

/// The request's fields beside its model.
#[derive(Default)]
struct Own<'a> {
    input: Option<&'a RawValue>,
    dimensions: Option<&'a RawValue>,
    base64: bool,
    extra_body: Option<&'a RawValue>,
    /// The model's own, as in LiteLLM.
    passed_on: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'a> Own<'a> {
    fn take(request: &mut Request<'a>, parameters: &Parameters) -> Result<Self, Failure> {
        let mut own = Self::default();
        for (name, value) in std::mem::take(&mut request.rest) {
            match &*name {
                _ if value.get() == "null" || is_for_gateway(&name) => {}
                "extra_headers" => {}
                "input" => own.input = Some(value),
                "dimensions" => own.dimensions = Some(value),
                "encoding_format" => own.base64 = is_base64(value, parameters)?,
                "extra_body" => own.extra_body = Some(value),
                "service_tier" | "safety_identifier" if !parameters.allows(&name) => {
                    if !changes_nothing(&name, value.get()) {
                        parameters.drop_or_refuse(&name, "its embeddings have no such parameter")?;
                    }
                }
                _ => own.passed_on.push((Text::from_decoded(&name), value)),
            }
        }
        Ok(own)
    }

    fn has(&self, name: &str) -> bool {
        self.passed_on.iter().any(|(known, _)| known.escaped() == name)
    }

    fn write_passed_on(&self, to: &mut Object) {
        for (name, value) in &self.passed_on {
            to.raw(name.escaped(), value);
        }
    }

    fn write_titan(&self, to: &mut Object, input: &Text, maker: Maker, parameters: &Parameters) -> Result<(), Failure> {
        match image(input).filter(|_| maker == Maker::TitanMultimodal) {
            Some(media) => write_image_data(to, "inputImage", &media?),
            None => {
                to.text("inputText", input);
            }
        }
        match (self.dimensions, maker) {
            (Some(dimensions), Maker::Titan) => {
                to.raw("dimensions", dimensions);
            }
            (Some(dimensions), Maker::TitanMultimodal) if !self.has("embeddingConfig") => {
                to.object("embeddingConfig").raw("outputEmbeddingLength", dimensions);
            }
            (Some(_), Maker::TitanFirst) => {
                parameters.drop_or_refuse("dimensions", "this model's vectors are of one length")?;
            }
            _ => {}
        }
        self.write_passed_on(to);
        Ok(())
    }

    fn write_nova(&self, to: &mut Object, input: &Text) -> Result<(), Failure> {
        to.string("schemaVersion", "nova-multimodal-embed-v1")
            .string("taskType", "SINGLE_EMBEDDING");
        let mut single = to.object("singleEmbeddingParams");
        if !self.has("embeddingPurpose") {
            single.string("embeddingPurpose", PURPOSE);
        }
        single.maybe_raw("embeddingDimension", self.dimensions);
        match image(input) {
            Some(media) => {
                let media = media?;
                let Media::Base64 { media_type, .. } = &media else {
                    return Ok(());
                };
                let mut image = single.object("image");
                image.string("format", media_type.strip_prefix("image/").unwrap_or("png"));
                write_image_data(&mut image.object("source"), "bytes", &media);
            }
            None => {
                single
                    .object("text")
                    .string("truncationMode", "END")
                    .text("value", input);
            }
        }
        self.write_passed_on(&mut single);
        Ok(())
    }

    fn write_cohere(&self, to: &mut Object, inputs: &Inputs) -> Result<(), Failure> {
        let has_native = ["texts", "images", "inputs"].iter().any(|name| self.has(name));
        if inputs.texts().is_empty() && !has_native {
            return Err(Failure::bad_request("input", "`input` is missing or empty"));
        }
        if !self.has("input_type") {
            to.string("input_type", inputs.default_type());
        }
        to.maybe_raw(
            "output_dimension",
            self.dimensions.filter(|_| !self.has("output_dimension")),
        );
        inputs.write(to);
        self.write_passed_on(to);
        Ok(())
    }
}

fn write_image_data(to: &mut Object, name: &str, media: &Media) {
    if let Media::Base64 { data, .. } = media {
        to.string(name, data);
    }
}

/// `float` is what models write.
fn is_base64(value: &RawValue, parameters: &Parameters) -> Result<bool, Failure> {
    match value.get() {
        r#""float""# => Ok(false),
        r#""base64""# => Ok(true),
        _ => parameters
            .drop_or_refuse("encoding_format", "it has `float` and `base64` only")
            .map(|()| false),
    }
}

/// Amazon's models take one at a time, and an attempt is one request.
fn one<'i, 'a>(inputs: &'i [Text<'a>]) -> Result<&'i Text<'a>, Failure> {
    match inputs {
        [input] => Ok(input),
        [] => Err(Failure::bad_request("input", "`input` is missing or empty")),
        _ => {
            let message = "this model of Bedrock's takes one `input` a request; send them one by one";
            Err(Failure::new(Fault::Unsupported, message).parameter("input"))
        }
    }
}

/// The image that the text is the data of, if it is.
fn image<'a>(input: &'a Text<'a>) -> Option<Result<Media<'a>, Failure>> {
    is_image(input).then(|| Media::of_url(input, None, None, "input"))
}
