//! Translates the request for embeddings.

use sluice_sdk::Failure;
use sluice_sdk::adapter::cohere::Inputs;
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway, lay_extra_bodies_over};
use sluice_sdk::canonical::{Object, RawValue, Request, Text};

/// Why tokens are refused as `input`.
const NO_TOKENS: &str = "Cohere takes texts only as `input`, no tokens: its models have a tokenizer of their own";

/// Translates the canonical request for a model.
///
/// # Errors
/// The request cannot be parsed, or asks for something that Cohere does not support.
pub fn translate(body: &[u8], model: &str) -> Result<Vec<u8>, Failure> {
    let mut request = Request::parse(body).map_err(|error| Failure::bad_request("input", error))?;
    let parameters = Parameters::read("Cohere", &request);
    let own = Own::take(&mut request, &parameters)?;
    let inputs = own.input.map(|input| Inputs::read(input, NO_TOKENS));
    let inputs = inputs.transpose()?.unwrap_or_default();
    if inputs.texts().is_empty() && !own.has_native_input {
        return Err(Failure::bad_request("input", "`input` is missing or empty"));
    }
    let mut out = Vec::with_capacity(body.len() + body.len() / 8 + 256);
    let mut to = Object::begin(&mut out);
    to.string("model", model);
    inputs.write(&mut to);
    match own.input_type {
        Some(asked) => to.raw("input_type", asked),
        None => to.string("input_type", inputs.default_type()),
    };
    own.write_types(&mut to);
    to.maybe_raw("output_dimension", own.dimensions);
    to.maybe_raw("max_tokens", request.max_tokens);
    for (name, value) in &own.passed_on {
        to.raw(name.escaped(), value);
    }
    drop(to);
    Ok(lay_extra_bodies_over(out, own.extra_body))
}

/// The fields of the request other than the model.
#[derive(Default)]
struct Own<'a> {
    input: Option<&'a RawValue>,
    /// Whether `texts`, `images` or `inputs` are among the fields passed on.
    has_native_input: bool,
    input_type: Option<&'a RawValue>,
    encoding_format: Option<&'a RawValue>,
    embedding_types: Option<&'a RawValue>,
    dimensions: Option<&'a RawValue>,
    extra_body: Option<&'a RawValue>,
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
                "input_type" => own.input_type = Some(value),
                "encoding_format" => own.encoding_format = Some(value),
                "embedding_types" => own.embedding_types = Some(value),
                "dimensions" | "output_dimension" => own.dimensions = Some(value),
                "extra_body" => own.extra_body = Some(value),
                "service_tier" | "safety_identifier" if !parameters.allows(&name) => {
                    if !changes_nothing(&name, value.get()) {
                        parameters.drop_or_refuse(&name, "its API has no such parameter")?;
                    }
                }
                native => {
                    own.has_native_input |= matches!(native, "texts" | "images" | "inputs");
                    own.passed_on.push((Text::from_decoded(native), value));
                }
            }
        }
        Ok(own)
    }

    /// Writes `embedding_types`: the client's own, or a list with its `encoding_format`.
    fn write_types(&self, to: &mut Object) {
        match (self.embedding_types, self.encoding_format) {
            (Some(types), _) => to.raw("embedding_types", types),
            (None, Some(format)) if format.get().starts_with('[') => to.raw("embedding_types", format),
            (None, Some(format)) => {
                to.list("embedding_types").json(format.get());
                to
            }
            (None, None) => to.json("embedding_types", r#"["float"]"#),
        };
    }
}
