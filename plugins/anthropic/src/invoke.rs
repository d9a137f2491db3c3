//! What Bedrock has around Claude's own format, in `InvokeModel` and `InvokeModelWithResponseStream`
//! (<https://docs.aws.amazon.com/bedrock/latest/APIReference/API_runtime_InvokeModel.html>): options that stand in headers
//! (`options`), names of its own for tools, and frames around a stream's events.

mod options;

use serde_json::{Map, Value};
use sluice_sdk::adapter::base64;
use sluice_sdk::adapter::bedrock::{self, error};
use sluice_sdk::canonical::Text;
use sluice_sdk::{Event, Failure, wire};

pub use options::Options;

/// The type under which Bedrock knows a tool; none where it does not serve it. It runs none but the search among tools
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-tool-use.html>), which has no
/// version in its type there.
pub fn tool_type(kind: &str) -> Option<&str> {
    const SEARCH: &str = "tool_search_tool";
    const SEARCH_SERVED: &str = "tool_search_tool_regex";
    match kind {
        "function" | "custom" => Some(kind),
        _ if kind.starts_with(SEARCH_SERVED) => Some(SEARCH_SERVED),
        _ => (bedrock::is_claudes_tool(kind) && !kind.starts_with(SEARCH)).then_some(kind),
    }
}

/// Of `extra_body`, what is laid over the body: all but the options, and what the host counts to it.
pub fn for_body(mut extra_body: Map<String, Value>) -> Map<String, Value> {
    let is_field = |name: &str| !options::is_option(name) && !bedrock::NO_FIELDS.contains(&name);
    extra_body.retain(|name, _| is_field(name));
    extra_body
}

sluice_sdk::wire! {
    /// A frame of the stream. Padding stands beside the bytes.
    Frame {
        "bytes" bytes: Text<'a>,
    }
}

/// Claude's event in a frame of AWS's; none of a frame that holds none, as the API may add some.
///
/// # Errors
/// The frame is an exception, or makes no sense.
pub fn event(frame: &Event) -> Result<Option<Event>, Failure> {
    if error::is_exception(&frame.name) {
        return Err(error::of_event(&frame.name, &frame.data));
    }
    let text = std::str::from_utf8(&frame.data).map_err(Failure::malformed)?;
    if text.trim_ascii().is_empty() {
        return Ok(None);
    }
    let read: Frame = wire::read(text).map_err(Failure::malformed)?;
    let Some(bytes) = read.bytes else { return Ok(None) };
    let data =
        base64::decode(&bytes.decoded()).ok_or_else(|| Failure::malformed("the `bytes` of a frame are no base64"))?;
    Ok(Some(Event {
        name: String::new(),
        data,
    }))
}
