//! Provider adapter for every upstream with OpenAI's wire format: the providers of `config/providers.json`, those that
//! the operator adds in the settings, and Azure OpenAI.
//!
//! `open` returns a merge patch of the top-level fields that differ. For a provider that is like OpenAI, the host
//! relays the answer, so neither the prompt nor the answer is copied into the component: such an exchange costs about
//! ten calls to the host and a few small allocations (for the operation, whether it streams, the requested model, and
//! what the deployment adds). Quirks of other providers read the messages, the tools or the answer, and the host drops
//! the instance afterwards.
//!
//! In the order of an attempt: `route`, `model_name`, `azure`, `watsonx` and `publisher` choose the path. `quirks`
//! (with `messages`, `tools` and `thinking`), `schema` and `reasoning` change the request. `extras` adds what the
//! deployment gives. `answer` patches the answer, and `refusal` translates errors. `text_completion` replaces chat for
//! providers without it, and `responses` serves models that have only the Responses API. `entry` is the type of a
//! provider, and `table` has the built-in ones.

mod answer;
mod azure;
mod copilot;
mod entry;
mod extras;
mod messages;
mod model_name;
mod patch;
mod publisher;
mod quirks;
mod reasoning;
mod refusal;
mod responses;
mod route;
mod schema;
mod table;
mod text_completion;
mod thinking;
mod tools;
mod watsonx;

use sluice_sdk::adapter::Batches;
use sluice_sdk::{
    Event, Failure, Fault, Manifest, Plugin, ProviderAdapter, ProviderInfo, Reading, RequestBody, Target,
    UpstreamRequest, exchange,
};

use entry::Entry;
use patch::Patch;
use route::Route;

const CHAT: &str = "chat-completions";

/// The settings of the operator.
#[derive(Debug, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Providers in addition to those of the table, in the same form. An entry with the name of a built-in one replaces
    /// it. Default: none.
    #[serde(default)]
    providers: Vec<Entry>,
    /// Azure OpenAI's `api-version` for deployments that give no `api_version`. Default: `2025-02-01-preview`.
    #[serde(default)]
    azure_api_version: Option<String>,
}

/// The adapter. It has no state of an attempt unless the attempt replaces chat completions by another API, or reads the
/// answer.
pub struct OpenAiCompatible {
    providers: Vec<Entry>,
    azure_api_version: Option<String>,
    attempt: Attempt,
}

/// The current attempt.
enum Attempt {
    /// The host relays the answer.
    Relayed,
    /// A text completion replaces the chat.
    TextCompletion(Batches<text_completion::Stream>),
    /// The chat's answer is patched.
    Chat(answer::Patches, Batches<answer::Stream>),
    Responses(Box<responses::Attempt>),
}

impl Plugin for OpenAiCompatible {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "openai-compatible",
            env!("CARGO_PKG_VERSION"),
            env!("CARGO_PKG_DESCRIPTION"),
        )
        .settings_schema(include_str!("settings.schema.json"))
    }

    fn new(settings: Settings) -> Result<Self, String> {
        let Settings {
            providers,
            azure_api_version,
        } = settings;
        providers.iter().try_for_each(Entry::check)?;
        Ok(Self {
            providers,
            azure_api_version,
            attempt: Attempt::Relayed,
        })
    }
}

impl ProviderAdapter for OpenAiCompatible {
    fn providers(&mut self) -> Vec<ProviderInfo> {
        table::all(&self.providers).map(table::info).collect()
    }

    fn open(&mut self, target: &Target) -> Result<UpstreamRequest, Failure> {
        let (entry, route) = match publisher::of(&self.providers, target) {
            Some((entry, route)) => (entry, Some(route)),
            None => {
                let entry = table::find(&self.providers, &target.provider);
                (entry.ok_or_else(|| unknown_provider(target))?, None)
            }
        };
        let mut operation = exchange::operation();
        self.attempt = Attempt::Relayed;
        if operation == CHAT
            && let Some(model) = responses::model_of(entry, &target.model)
        {
            let (attempt, request) = self.ask_by_responses(entry, target, model)?;
            self.attempt = Attempt::Responses(Box::new(attempt));
            return Ok(request);
        }
        let completes_text = text_completion::stands_in(entry, &operation);
        let mut reading = Reading::Relay;
        if completes_text {
            operation = text_completion::OPERATION.into();
            self.attempt = Attempt::TextCompletion(Batches::default());
            reading = text_completion::reading();
        } else if operation == CHAT {
            let patches = answer::Patches::of(entry, &target.model, exchange::is_streaming());
            reading = patches.reading();
            if !matches!(reading, Reading::Relay) {
                self.attempt = Attempt::Chat(patches, Batches::default());
            }
        }
        let operation_path = path_of(entry, &operation)?;
        let mut route = route.unwrap_or_else(|| self.route(entry, target, &operation_path));
        let mut patch = Patch::default();
        name_model(&route.model, &mut patch);
        if operation.ends_with("completions") && exchange::is_streaming() {
            ask_for_usage(entry, &route, &mut patch);
        }
        if completes_text {
            text_completion::write_prompt(&mut patch)?;
        }
        if !operation.starts_with("audio-") {
            quirks::apply(entry, &target.model, &mut patch);
        }
        if operation == CHAT {
            if let Some(by) = schema::wanted(entry, &target.model) {
                schema::put(by, &mut patch)?;
            }
            reasoning::apply(entry, &target.model, &mut patch);
        }
        if entry.name == "watsonx" {
            watsonx::apply(&target.model, &mut patch)?;
        }
        extras::lay_body_over(&mut patch);
        extras::push_queries(&mut route.path);
        Ok(UpstreamRequest {
            method: "POST".into(),
            headers: extras::headers(entry),
            body: patch.into_body(),
            path_and_query: route.path,
            reading,
            auth: route.auth,
            extras: Vec::new(),
        })
    }

    fn whole(&mut self, body: Vec<u8>) -> Result<Vec<u8>, Failure> {
        match &self.attempt {
            Attempt::Responses(attempt) => attempt.whole(&body),
            Attempt::Chat(patches, _) => answer::whole(&body, *patches),
            Attempt::Relayed | Attempt::TextCompletion(_) => text_completion::translate(&body),
        }
    }

    fn events(&mut self, batch: Vec<Event>) -> Result<Vec<u8>, Failure> {
        match &mut self.attempt {
            Attempt::Relayed => Err(relayed()),
            Attempt::TextCompletion(stream) => {
                stream.translate(&batch, |stream, event, out| stream.event(&event.data, out))
            }
            Attempt::Chat(patches, stream) => {
                stream.translate(&batch, |stream, event, out| stream.event(&event.data, *patches, out))
            }
            Attempt::Responses(attempt) => attempt.events(&batch),
        }
    }

    fn finish(&mut self) -> Result<Vec<u8>, Failure> {
        match &mut self.attempt {
            Attempt::Relayed => Err(relayed()),
            Attempt::TextCompletion(stream) => stream.finish(|stream| stream.finish()),
            Attempt::Chat(_, stream) => stream.finish(|stream| stream.finish()),
            Attempt::Responses(attempt) => attempt.finish(),
        }
    }

    fn refuse(&mut self, target: &Target, status: u16, body: Vec<u8>) -> Failure {
        refusal::read(&target.provider, status, &body)
    }
}

impl OpenAiCompatible {
    fn ask_by_responses(
        &self,
        entry: &Entry,
        target: &Target,
        model: &str,
    ) -> Result<(responses::Attempt, UpstreamRequest), Failure> {
        let target = Target {
            provider: target.provider.clone(),
            model: model.to_owned(),
        };
        let mut route = match entry.name.as_ref() {
            "azure" => azure::responses_route(&target, self.azure_api_version.as_deref())?,
            "azure_ai" => azure::foundry_responses_route(&target, self.azure_api_version.as_deref())?,
            _ => route::plain(entry, &target, responses::PATH),
        };
        let (attempt, body, reading) = responses::Attempt::open(entry, &route.model)?;
        extras::push_queries(&mut route.path);
        let request = UpstreamRequest {
            method: "POST".into(),
            headers: extras::headers(entry),
            body: RequestBody::Bytes(body),
            path_and_query: route.path,
            reading,
            auth: route.auth,
            extras: Vec::new(),
        };
        Ok((attempt, request))
    }

    fn route<'a>(&self, entry: &Entry, target: &'a Target, operation_path: &str) -> Route<'a> {
        let azure_version = self.azure_api_version.as_deref().unwrap_or(azure::DEFAULT_API_VERSION);
        match entry.name.as_ref() {
            "azure" | "azure_text" => azure::openai_route(target, operation_path, azure_version),
            "azure_ai" => azure::foundry_route(target, operation_path, azure_version),
            "watsonx" => watsonx::route(target),
            _ => route::plain(entry, target, operation_path),
        }
    }
}

/// The failure for answers that the host should have relayed.
fn relayed() -> Failure {
    Failure::new(Fault::Unsupported, "the answer is relayed, and not read")
}

fn unknown_provider(target: &Target) -> Failure {
    Failure::new(
        Fault::Unsupported,
        format!("openai-compatible knows no provider `{}`", target.provider),
    )
}

fn path_of(entry: &Entry, operation: &str) -> Result<String, Failure> {
    let served = entry.operations.iter().any(|name| name == operation);
    served.then(|| entry::operation_path(operation)).ok_or_else(|| {
        Failure::new(
            Fault::Unsupported,
            format!("provider `{}` does not serve {operation}", entry.name),
        )
    })
}

/// Sends the deployment's model in place of the model group, unless they are equal.
fn name_model(model: &str, patch: &mut Patch<'_>) {
    let json = patch::text(model);
    if exchange::field("model").as_deref() != Some(&json) {
        patch.put("model", json);
    }
}

/// Asks for the usage at the end of a stream, since the gateway counts it. The host removes the chunk if the client did
/// not ask for it.
fn ask_for_usage(entry: &Entry, route: &Route<'_>, patch: &mut Patch<'_>) {
    const ASKED: &str = r#"{"include_usage":true}"#;
    let given = exchange::field("stream_options");
    if entry.no_stream_options {
        if given.is_some() {
            patch.remove("stream_options");
        }
        return;
    }
    let asked = given.is_some_and(|json| includes_usage(&json));
    if route.takes_stream_options && !asked {
        // The patch is merged into the client's own options, if there are any.
        patch.put("stream_options", ASKED);
    }
}

fn includes_usage(stream_options: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct StreamOptions {
        #[serde(default)]
        include_usage: Option<bool>,
    }
    serde_json::from_str::<StreamOptions>(stream_options).is_ok_and(|options| options.include_usage == Some(true))
}

sluice_sdk::export!(OpenAiCompatible: ProviderAdapter);
