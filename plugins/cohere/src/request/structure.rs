//! `response_format` (<https://docs.cohere.com/docs/structured-outputs>). Cohere has one type of JSON answer, with an
//! optional schema.

use sluice_sdk::Failure;
use sluice_sdk::adapter::Parameters;
use sluice_sdk::canonical::{JsonSchema, Object, RawValue, Request, ResponseKind};

/// The form of the answer.
pub enum Structure<'a> {
    /// The answer has no given form.
    Free,
    /// Any JSON object.
    Json,
    /// A JSON object that fits this schema.
    Schema(&'a RawValue),
    /// The same in Cohere's own form, in which `json_schema` is the schema itself.
    Native(&'a JsonSchema<'a>),
}

impl<'a> Structure<'a> {
    pub fn plan(request: &'a Request<'a>, parameters: &Parameters) -> Result<Self, Failure> {
        let Some(format) = &request.response_format else {
            return Ok(Self::Free);
        };
        match &format.kind {
            None | Some(ResponseKind::Text) => return Ok(Self::Free),
            Some(ResponseKind::JsonSchema | ResponseKind::JsonObject) => {}
            Some(ResponseKind::Other(kind)) => {
                parameters.drop_or_refuse("response_format", &format!("it has no format `{kind}`"))?;
                return Ok(Self::Free);
            }
        }
        let own = format.json_schema.as_ref();
        let schema = own.and_then(|own| own.schema).or(format.response_schema);
        Ok(match (schema, own) {
            (Some(schema), _) => Self::Schema(schema),
            (None, Some(own)) if !own.rest.is_empty() => Self::Native(own),
            (None, _) => Self::Json,
        })
    }

    pub fn write(&self, to: &mut Object) {
        if matches!(self, Self::Free) {
            return;
        }
        let mut format = to.object("response_format");
        format.string("type", "json_object");
        match self {
            Self::Free | Self::Json => {}
            Self::Schema(schema) => {
                format.raw("json_schema", schema);
            }
            Self::Native(own) => {
                let mut schema = format.object("json_schema");
                if let Some(description) = &own.description {
                    schema.text("description", description);
                }
                schema.rest(&own.rest);
            }
        }
    }
}
