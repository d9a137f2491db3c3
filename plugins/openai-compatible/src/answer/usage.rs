//! Token counts in OpenAI's form.

use serde_json::value::RawValue;
use sluice_sdk::canonical::{Fields, Object, Text};

use super::citations::Citations;

/// Writes the patched usage.
pub fn write(usage: &RawValue, reasoning_outside: bool, citations: Option<&Citations>, out: &mut Vec<u8>) {
    let Ok(fields) = serde_json::from_str::<Fields>(usage.get()) else {
        out.extend_from_slice(usage.get().as_bytes());
        return;
    };
    let completion = reasoning_outside.then(|| with_reasoning(&fields)).flatten();
    let searches = citations.and_then(|citations| citations.searches(&fields));
    let mut to = Object::begin(out);
    for (name, value) in &fields.0 {
        match (name.as_ref(), completion, searches) {
            ("completion_tokens", Some(completion), _) => {
                to.number("completion_tokens", completion);
            }
            ("prompt_tokens_details", _, Some(_)) => {}
            (name, ..) => {
                to.raw(Text::from_decoded(name).escaped(), value);
            }
        }
    }
    if let Some(searches) = searches {
        let details: Fields = fields
            .get("prompt_tokens_details")
            .and_then(|details| serde_json::from_str(details.get()).ok())
            .unwrap_or_default();
        let mut inner = to.object("prompt_tokens_details");
        inner.rest(&details.0).number("web_search_requests", searches);
    }
}

/// The sum of answer and reasoning tokens, if the total shows that they are counted separately.
/// <https://docs.x.ai/docs/guides/reasoning>
fn with_reasoning(usage: &Fields) -> Option<u64> {
    let details: Fields = serde_json::from_str(usage.get("completion_tokens_details")?.get()).ok()?;
    let reasoning = count(&details, "reasoning_tokens").filter(|count| *count > 0)?;
    let (prompt, completion) = (count(usage, "prompt_tokens")?, count(usage, "completion_tokens")?);
    let both = completion.checked_add(reasoning)?;
    (count(usage, "total_tokens")? == prompt.checked_add(both)?).then_some(both)
}

/// The field as a whole number; `None` if it is absent or of another type.
pub fn count(fields: &Fields, name: &str) -> Option<u64> {
    fields.get(name)?.get().parse().ok()
}
