//! Model names that LiteLLM writes differently from the provider.

use std::borrow::Cow;

use sluice_sdk::deployment;

use crate::entry::Entry;
use crate::route::push_encoded;

/// The parts of a model's name.
pub struct Named<'a> {
    /// The value of `model` in the body.
    pub model: Cow<'a, str>,
    /// Prefix of the operation's path.
    pub path: String,
}

pub fn of<'a>(entry: &Entry, model: &'a str) -> Named<'a> {
    match entry.name.as_ref() {
        "huggingface" if !deployment::has_parameter("api_base") => plain(hugging_face(model)),
        "clarifai" => plain(clarifai(model)),
        "ragflow" => ragflow(model),
        _ => plain(prefixed(entry, model)),
    }
}

fn plain(model: Cow<'_, str>) -> Named<'_> {
    Named {
        model,
        path: String::new(),
    }
}

fn prefixed<'a>(entry: &Entry, model: &'a str) -> Cow<'a, str> {
    match &entry.model_prefix {
        Some(prefix) if !model.contains('/') => Cow::Owned(format!("{prefix}{model}")),
        _ => Cow::Borrowed(model),
    }
}

/// Hugging Face's router writes `deepseek-ai/DeepSeek-R1:together` for `together/deepseek-ai/DeepSeek-R1`.
/// <https://huggingface.co/docs/inference-providers>
fn hugging_face(model: &str) -> Cow<'_, str> {
    match model.split_once('/') {
        Some((provider, rest)) if rest.contains('/') => Cow::Owned(format!("{rest}:{provider}")),
        _ => Cow::Borrowed(model),
    }
}

/// Clarifai writes a URL for user, app and model, such as `openai.chat-completion.gpt-4o`.
/// <https://docs.clarifai.com/compute/inference/open-ai/>
fn clarifai(model: &str) -> Cow<'_, str> {
    let mut parts = model.splitn(3, '.');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(user), Some(app), Some(name)) if !model.contains('/') => {
            Cow::Owned(format!("https://clarifai.com/{user}/{app}/models/{name}"))
        }
        _ => Cow::Borrowed(model),
    }
}

/// `chat/<id>/<model>` and `agent/<id>/<model>`.
/// <https://ragflow.io/docs/dev/http_api_reference#openai-compatible-api>
fn ragflow(model: &str) -> Named<'_> {
    let mut parts = model.splitn(3, '/');
    let (Some(kind @ ("chat" | "agent")), Some(id), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return plain(Cow::Borrowed(model));
    };
    let mut path = format!("/api/v1/{kind}s_openai/");
    push_encoded(&mut path, id);
    Named {
        model: Cow::Borrowed(name),
        path,
    }
}
