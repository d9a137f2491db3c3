//! The prompt of a text completion.

use sluice_sdk::canonical::{Object, RawValue, Text};
use sluice_sdk::{Failure, Fault};

/// Writes `prompt`. OpenAI's API also allows several prompts, and prompts of tokens.
///
/// # Errors
/// There is no prompt, or it is not a single text.
pub fn write(to: &mut Object, prompt: Option<&RawValue>) -> Result<(), Failure> {
    let missing = || Failure::bad_request("prompt", "there is no prompt");
    let prompt = prompt.ok_or_else(missing)?;
    let unsupported = |what: &str| Err(Failure::new(Fault::Unsupported, what.to_owned()).parameter("prompt"));
    if Text::of(prompt).is_some() {
        to.raw("prompt", prompt);
        return Ok(());
    }
    let prompts: Vec<&RawValue> = serde_json::from_str(prompt.get()).unwrap_or_default();
    match prompts.as_slice() {
        [] => Err(Failure::bad_request("prompt", "`prompt` is no text")),
        [prompt] if Text::of(prompt).is_some() => {
            to.raw("prompt", prompt);
            Ok(())
        }
        [prompt, ..] if Text::of(prompt).is_some() => {
            unsupported("Ollama completes one prompt at a time; send them one by one")
        }
        _ => unsupported("Ollama does not take prompts of tokens; send their text"),
    }
}
