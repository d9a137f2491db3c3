//! Fields beside the conversation: those Cohere has of its own, those it cannot do, and those meant for a gateway.

use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway, is_openais_own};
use sluice_sdk::canonical::{Object, RawValue, Request, Text};

/// Parameters that Cohere shares with OpenAI, whose default is sent by many clients. Some models take only one of the
/// penalties, so that one which changes nothing must not be sent.
const SHARED: [&str; 3] = ["frequency_penalty", "presence_penalty", "logprobs"];

/// The request's fields that the canonical form does not know.
#[derive(Default)]
pub struct Own<'a> {
    pub thinking: Option<&'a RawValue>,
    pub p: Option<&'a RawValue>,
    pub k: Option<&'a RawValue>,
    pub top_k: Option<&'a RawValue>,
    pub strict_tools: Option<&'a RawValue>,
    /// The client's, which is laid over what is sent.
    pub extra_body: Option<&'a RawValue>,
    /// Cohere's own, and what nobody here knows: handed on, as LiteLLM does, so that a field Cohere adds works at once.
    passed_on: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'a> Own<'a> {
    /// Sorts what the canonical form does not know.
    pub fn take(request: &mut Request<'a>, parameters: &Parameters) -> Result<Self, Failure> {
        let mut own = Self::default();
        for (name, value) in std::mem::take(&mut request.rest) {
            match &*name {
                _ if value.get() == "null" || is_for_gateway(&name) => {}
                // The operator's are the host's to add; a client's are not for a provider.
                "extra_headers" => {}
                "thinking" => own.thinking = Some(value),
                "p" => own.p = Some(value),
                "k" => own.k = Some(value),
                "top_k" => own.top_k = Some(value),
                "strict_tools" => own.strict_tools = Some(value),
                "extra_body" => own.extra_body = Some(value),
                shared if SHARED.contains(&shared) && changes_nothing(shared, value.get()) => {}
                "service_tier" if matches!(value.get(), r#""auto""# | r#""default""#) => {}
                unsupported if is_openais_own(unsupported) && !parameters.allows(unsupported) => {
                    if !changes_nothing(unsupported, value.get()) {
                        parameters.drop_or_refuse(unsupported, "its API has no such parameter")?;
                    }
                }
                _ => own.passed_on.push((Text::from_decoded(&name), value)),
            }
        }
        Ok(own)
    }

    pub fn write_passed_on(&self, to: &mut Object) {
        for (name, value) in &self.passed_on {
            to.raw(name.escaped(), value);
        }
    }
}
