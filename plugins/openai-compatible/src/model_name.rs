//! Model names that LiteLLM writes otherwise than the provider does.

use std::borrow::Cow;

use sluice_sdk::deployment;

use crate::entry::Entry;
use crate::route::push_encoded;

/// What a model's name comes to.
pub struct Named<'a> {
    /// The `model` that the body names.
    pub model: Cow<'a, str>,
    /// Put before the path of the operation.
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

/// `together/deepseek-ai/DeepSeek-R1` is `deepseek-ai/DeepSeek-R1:together` at the router.
/// <https://huggingface.co/docs/inference-providers>
fn hugging_face(model: &str) -> Cow<'_, str> {
    match model.split_once('/') {
        Some((provider, rest)) if rest.contains('/') => Cow::Owned(format!("{rest}:{provider}")),
        _ => Cow::Borrowed(model),
    }
}

/// `openai.chat-completion.gpt-4o`, user, app and model, are an address at Clarifai.
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
