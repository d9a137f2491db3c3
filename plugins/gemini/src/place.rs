//! The services that serve a model, and its path there: Google AI Studio (<https://ai.google.dev/api/generate-content>)
//! and Vertex AI (<https://cloud.google.com/vertex-ai/generative-ai/docs/model-reference/inference>).

use sluice_sdk::adapter::push_encoded;
use sluice_sdk::{Failure, Fault, deployment};

/// The service that serves the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    Studio,
    Vertex,
}

/// The version of AI Studio's API.
const STUDIO_VERSION: &str = "/v1beta";

/// Prefixes of the names of other vendors' models on Vertex AI, which have APIs of their own.
const FOREIGN: [&str; 11] = [
    "claude",
    "mistral",
    "ministral",
    "codestral",
    "jamba",
    "llama",
    "meta",
    "deepseek",
    "qwen",
    "grok",
    "gpt-oss",
];

impl Place {
    /// Derived from the prefix of the deployment's model.
    pub fn of_provider(provider: &str) -> Self {
        if provider.starts_with("vertex_ai") {
            Self::Vertex
        } else {
            Self::Studio
        }
    }

    pub fn is_vertex(self) -> bool {
        self == Self::Vertex
    }

    /// The path below the deployment's base, which may be the provider's own or any other.
    ///
    /// # Errors
    /// The model is not one of Google's.
    pub fn path(self, model: &str, method: &str) -> Result<String, Failure> {
        let base = deployment::text("api_base");
        let base = base.as_deref().map(path_of);
        match self {
            Self::Studio => Ok(studio_path(base, model, method)),
            Self::Vertex => {
                refuse_foreign(model)?;
                Ok(vertex_path(base, model, method))
            }
        }
    }
}

/// Splits `https://host/path?query` into `host` and `/path`, without a slash at the end.
fn path_of(base: &str) -> (&str, &str) {
    let base = base.split(['?', '#']).next().unwrap_or_default();
    let after_scheme = base.split_once("://").map_or(base, |(_, rest)| rest);
    let slash = after_scheme.find('/').unwrap_or(after_scheme.len());
    let (host, path) = after_scheme.split_at(slash);
    (host, path.trim_end_matches('/'))
}

/// A base of the operator's includes the version, as in LiteLLM; for Google's own host the version is added.
fn studio_path(base: Option<(&str, &str)>, model: &str, method: &str) -> String {
    let mut path = String::new();
    match base {
        None => path.push_str(STUDIO_VERSION),
        Some((host, "")) if host.ends_with("generativelanguage.googleapis.com") => path.push_str(STUDIO_VERSION),
        Some(_) => {}
    }
    let model = model.strip_prefix("models/").unwrap_or(model);
    path.push_str(if model.starts_with("tunedModels/") {
        "/"
    } else {
        "/models/"
    });
    push_model(&mut path, model);
    push_method(&mut path, method);
    path
}

/// The provider's own base ends with the location. A base of the operator's may also end with the version, or have
/// neither.
fn vertex_path(base: Option<(&str, &str)>, model: &str, method: &str) -> String {
    let mut path = String::new();
    if let Some((_, base)) = base
        && !base.contains("/projects/")
        && let (Some(project), Some(location)) =
            (deployment::text("vertex_project"), deployment::text("vertex_location"))
    {
        let has_version = base.ends_with("/v1") || base.ends_with("/v1beta1");
        path.push_str(if has_version { "" } else { "/v1" });
        path.push_str("/projects/");
        push_encoded(&mut path, &project, b"@");
        path.push_str("/locations/");
        push_encoded(&mut path, &location, b"@");
    }
    let name = model
        .strip_prefix("gemini/")
        .or(model.strip_prefix("google/"))
        .unwrap_or(model);
    let is_endpoint = !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit());
    path.push_str(if is_endpoint {
        "/endpoints/"
    } else {
        "/publishers/google/models/"
    });
    push_model(&mut path, name);
    push_method(&mut path, method);
    path
}

fn push_method(path: &mut String, method: &str) {
    path.push(':');
    path.push_str(method);
}

fn refuse_foreign(model: &str) -> Result<(), Failure> {
    let name = model
        .strip_prefix("gemini/")
        .or(model.strip_prefix("google/"))
        .unwrap_or(model);
    let lower = name.to_ascii_lowercase();
    if !name.contains('/') && !FOREIGN.iter().any(|maker| lower.starts_with(maker)) {
        return Ok(());
    }
    let message = format!(
        "`{model}` is not one of Google's models. By way of Vertex AI, Claude is served as `vertex_ai/claude-…` and open models \
         as `vertex_ai/<maker>/<model>`; for others use the maker's own provider"
    );
    Err(Failure::new(Fault::Unsupported, message).parameter("model"))
}

/// A model's name may contain slashes (`tunedModels/x`), which are kept.
fn push_model(path: &mut String, model: &str) {
    push_encoded(path, model, b"@/");
}
