//! The path of a model, and the names of its inputs. Each model has a schema of its own, which only its name hints at.

use sluice_sdk::Failure;

/// The id of a version is a SHA-256 in hexadecimal digits.
const VERSION_DIGITS: usize = 64;

/// A model to run.
pub struct Model<'a> {
    /// The path below the API's version.
    pub path: String,
    /// The version of the model, if the name has one.
    pub version: Option<&'a str>,
    /// The model's name of the input for the maximum number of tokens.
    pub max_tokens: &'static str,
}

impl<'a> Model<'a> {
    /// Parses a name of the form `owner/model`, `owner/model:version`, `version` or `deployments/owner/deployment`.
    ///
    /// # Errors
    /// The name has none of these forms.
    pub fn named(name: &'a str) -> Result<Self, Failure> {
        let (path, version) = place(name).ok_or_else(|| {
            let message = "the deployment's `model` is none of `replicate/owner/model`, `replicate/owner/model:version`, \
                           `replicate/version` and `replicate/deployments/owner/deployment`";
            Failure::bad_request("model", message)
        })?;
        Ok(Self {
            path,
            version,
            max_tokens: max_tokens(name),
        })
    }
}

fn place(name: &str) -> Option<(String, Option<&str>)> {
    let is_version = |word: &str| word.len() == VERSION_DIGITS && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_version(name) {
        return Some(("/predictions".into(), Some(name)));
    }
    if let Some((model, version)) = name.split_once(':') {
        return (is_pair(model) && is_version(version)).then(|| ("/predictions".into(), Some(version)));
    }
    match name.strip_prefix("deployments/") {
        Some(deployment) => is_pair(deployment).then(|| (format!("/deployments/{deployment}/predictions"), None)),
        None => is_pair(name).then(|| (format!("/models/{name}/predictions"), None)),
    }
}

/// Whether the name is two plain words separated by `/`, so that it can be part of a path.
fn is_pair(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let is_word = |word: &str| word.bytes().all(is_plain) && word.bytes().any(|byte| byte != b'.');
    name.split_once('/')
        .is_some_and(|(owner, model)| is_word(owner) && is_word(model))
}

/// The input for the maximum number of tokens: LiteLLM's names for older models; current models use `max_tokens`.
fn max_tokens(name: &str) -> &'static str {
    let has = |sign: &str| name.contains(sign);
    if has("vicuna") || has("flan") {
        "max_length"
    } else if name.starts_with("openai/") {
        "max_completion_tokens"
    } else if has("llama-2") || (has("codellama") && !has("codellama-13b")) {
        "max_new_tokens"
    } else {
        "max_tokens"
    }
}
