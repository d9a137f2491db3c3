//! Capabilities that a request may need and that not every model has.

use crate::canonical::Canonical;
use crate::config::settings;
use crate::json::{self, Kind, Value};
use crate::prices::Model;

/// A capability of models.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Capability {
    /// Reading images.
    Vision,
    /// Calling tools.
    Tools,
    /// Answering in the form of a JSON schema.
    JsonSchema,
}

impl Capability {
    const ALL: [Self; 3] = [Self::Vision, Self::Tools, Self::JsonSchema];

    /// The capabilities that a deployment's model lacks: `model_info.supports_…` is false, or it is not set and the
    /// catalogue lists the model's capabilities without this one. If nothing is known, no capability is lacking.
    pub fn lacking(settings: &settings::Deployment, known: Option<&Model<'_>>) -> Vec<Self> {
        let is_lacking = |capability: &Self| match settings.info.get(capability.info_key()).map(|json| &**json) {
            Some("true") => false,
            Some("false") => true,
            _ => known.is_some_and(|known| !known.capabilities().is_empty() && !known.can(capability.name())),
        };
        Self::ALL.into_iter().filter(is_lacking).collect()
    }

    /// The capabilities that a request needs.
    pub fn needed_by(canonical: &Canonical) -> impl Iterator<Item = Self> {
        let needs = |capability: &Self| match capability {
            Self::Vision => has_image(canonical),
            Self::Tools => ["tools", "functions"].iter().any(|name| {
                let listed = canonical.fields.get(&canonical.body, name);
                listed.is_some_and(|list| json::elements(&canonical.body, list.value.span).next().is_some())
            }),
            Self::JsonSchema => canonical
                .fields
                .get(&canonical.body, "response_format")
                .is_some_and(|format| is_of_type(&canonical.body, format.value, &["json_schema"])),
        };
        Self::ALL.into_iter().filter(needs)
    }

    /// Its name in the catalogue.
    fn name(self) -> &'static str {
        match self {
            Self::Vision => "vision",
            Self::Tools => "tools",
            Self::JsonSchema => "json_schema",
        }
    }

    /// LiteLLM's name for it in `model_info`.
    #[must_use]
    pub fn info_key(self) -> &'static str {
        match self {
            Self::Vision => "supports_vision",
            Self::Tools => "supports_function_calling",
            Self::JsonSchema => "supports_response_schema",
        }
    }

    /// For messages: "the request needs …".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Vision => "vision (it holds an image)",
            Self::Tools => "tool calling",
            Self::JsonSchema => "answers by a JSON schema",
        }
    }

    /// The field of the request that makes it necessary.
    #[must_use]
    pub fn field(self) -> &'static str {
        match self {
            Self::Vision => "messages",
            Self::Tools => "tools",
            Self::JsonSchema => "response_format",
        }
    }
}

/// Whether a message has an image as a content part.
fn has_image(canonical: &Canonical) -> bool {
    let body = &canonical.body;
    let Some(messages) = canonical.fields.get(body, "messages") else {
        return false;
    };
    json::elements(body, messages.value.span).any(|message| {
        let content = json::member(body, message.span, "content").filter(|content| content.kind == Kind::Array);
        content.is_some_and(|parts| {
            json::elements(body, parts.span).any(|part| is_of_type(body, part, &["image_url", "input_image"]))
        })
    })
}

fn is_of_type(body: &[u8], object: Value, types: &[&str]) -> bool {
    let own = json::member(body, object.span, "type").and_then(|own| own.text(body));
    own.is_some_and(|own| types.contains(&own.as_ref()))
}
