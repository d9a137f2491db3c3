//! What a model's name tells about the model.

use sluice_sdk::{Failure, Fault};

/// Prefixes of the names of models that do not think. All later models do (<https://docs.cohere.com/docs/reasoning>),
/// so an unknown model counts as one that thinks.
const THOUGHTLESS: [&str; 8] = [
    "command-r",
    "command-light",
    "command-nightly",
    "command-a-03-2025",
    "command-a-vision",
    "command-a-translate",
    "c4ai-",
    "aya-",
];

/// The model's name without LiteLLM's route `v2/`, which names the API that this adapter speaks.
///
/// # Errors
/// The route is `v1/`.
pub fn name(name: &str) -> Result<&str, Failure> {
    if name.starts_with("v1/") {
        let message = "the model's route is `v1/`: of Cohere's APIs only v2 is spoken; leave the route out";
        return Err(Failure::new(Fault::Unsupported, message).parameter("model"));
    }
    Ok(name.strip_prefix("v2/").unwrap_or(name))
}

/// Whether the model can think before it answers.
pub fn thinks(name: &str) -> bool {
    name != "command" && !THOUGHTLESS.iter().any(|start| name.starts_with(start))
}
