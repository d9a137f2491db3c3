//! The fields other than the conversation: those that only Cohere has, those that it does not support, and those meant
//! for a gateway.

use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway, is_openais_own};
use sluice_sdk::canonical::{Object, RawValue, Request, Text};

/// Parameters that both Cohere and OpenAI have, and whose defaults many clients send. Some models accept only one of
/// the penalties, so a penalty without effect must not be sent.
const SHARED: [&str; 3] = ["frequency_penalty", "presence_penalty", "logprobs"];

/// The fields of the request that the canonical form does not know.
#[derive(Default)]
pub struct Own<'a> {
    pub thinking: Option<&'a RawValue>,
    pub p: Option<&'a RawValue>,
    pub k: Option<&'a RawValue>,
    pub top_k: Option<&'a RawValue>,
    pub strict_tools: Option<&'a RawValue>,
    /// The client's `extra_body`, which is applied to the finished request.
    pub extra_body: Option<&'a RawValue>,
    /// Fields that only Cohere has, and unknown fields. They are passed on, as in LiteLLM, so that new fields of Cohere
    /// work at once.
    passed_on: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'a> Own<'a> {
    /// Sorts the fields that the canonical form does not know.
    pub fn take(request: &mut Request<'a>, parameters: &Parameters) -> Result<Self, Failure> {
        let mut own = Self::default();
        for (name, value) in std::mem::take(&mut request.rest) {
            match &*name {
                _ if value.get() == "null" || is_for_gateway(&name) => {}
                // The host adds the operator's headers; a client's are not sent to a provider.
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
