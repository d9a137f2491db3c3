//! Where Claude is served: by Anthropic itself, by Vertex AI
//! (<https://docs.anthropic.com/en/api/claude-on-vertex-ai>), by Microsoft Foundry
//! (<https://learn.microsoft.com/azure/ai-foundry/foundry-models/how-to/use-foundry-models-claude>), and by Amazon Bedrock
//! (<https://docs.anthropic.com/en/api/claude-on-amazon-bedrock>).

use sluice_sdk::adapter::claude::betas::{self, Catalogue};
use sluice_sdk::adapter::{bedrock, vertex};
use sluice_sdk::{Auth, Continuation, Failure, Framing, ProviderInfo, Target, deployment};

use crate::invoke;

/// The service that serves the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    #[default]
    Anthropic,
    Vertex,
    Foundry,
    Bedrock,
}

/// The models of Vertex AI and Foundry that are Claude's: others are not for this adapter.
const CLAUDE: &str = "claude-* anthropic/claude-*";

/// Of Bedrock, Claude by `InvokeModel`, however it is spelt: after a region or its maker, across regions, in an ARN. By any
/// other API it is not for this adapter.
const CLAUDE_BY_INVOKE: &str = "invoke/*anthropic*";

/// The providers that the adapter serves.
pub fn providers() -> Vec<ProviderInfo> {
    let key = Auth::Header(("x-api-key".into(), "api_key".into()));
    let oauth = Auth::GoogleOauth(vertex::SCOPE.into());
    let anthropic = [
        ("api_key", "ANTHROPIC_API_KEY"),
        ("api_base", "ANTHROPIC_API_BASE"),
        ("api_base", "ANTHROPIC_BASE_URL"),
    ];
    let foundry = [
        ("api_key", "AZURE_AI_API_KEY"),
        ("api_base", "AZURE_AI_API_BASE"),
        ("azure_ad_token", "AZURE_AD_TOKEN"),
    ];
    let vertex = provider(vertex::NAME, vertex::ADDRESSES, oauth, &vertex::ENVIRONMENT);
    vec![
        provider("anthropic", "https://api.anthropic.com", key.clone(), &anthropic),
        limited(vertex, CLAUDE),
        limited(provider("azure_ai", "", key, &foundry), CLAUDE),
        limited(
            bedrock::provider(bedrock::NAME, &["chat-completions"]),
            CLAUDE_BY_INVOKE,
        ),
    ]
}

fn provider(name: &str, api_base: &str, auth: Auth, environment: &[(&str, &str)]) -> ProviderInfo {
    ProviderInfo {
        environment: environment
            .iter()
            .map(|(parameter, variable)| ((*parameter).into(), (*variable).into()))
            .collect(),
        continuation: Continuation::Instructed,
        ..ProviderInfo::new(name, api_base, auth)
    }
}

fn limited(mut info: ProviderInfo, models: &str) -> ProviderInfo {
    info.extras.push(("models".into(), models.into()));
    info
}

impl Place {
    pub fn of(target: &Target) -> Self {
        match target.provider.as_str() {
            vertex::NAME => Self::Vertex,
            bedrock::NAME => Self::Bedrock,
            "azure_ai" => Self::Foundry,
            _ => Self::Anthropic,
        }
    }

    /// The name for error messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::Bedrock => "Bedrock's InvokeModel",
            Self::Anthropic | Self::Vertex | Self::Foundry => "Anthropic",
        }
    }

    /// The model's name, which says what it can do.
    ///
    /// # Errors
    /// It names an API that is not served.
    pub fn model_name(self, model: &str) -> Result<String, Failure> {
        match self {
            Self::Bedrock => bedrock::Place::parse(model).map(|place| place.family_name()),
            Self::Anthropic | Self::Vertex | Self::Foundry => Ok(model.to_owned()),
        }
    }

    /// The path below the deployment's base. The host does not repeat a part of the path that the base already ends
    /// with.
    ///
    /// # Errors
    /// The place does not serve the model.
    pub fn path(self, model: &str, streaming: bool) -> Result<String, Failure> {
        let base = deployment::text("api_base").unwrap_or_default();
        let base = base.split('?').next().unwrap_or_default().trim_end_matches('/');
        Ok(match self {
            Self::Anthropic => messages_path(base).into(),
            Self::Foundry if base.contains("/anthropic") => messages_path(base).into(),
            Self::Foundry => format!("/anthropic{}", messages_path(base)),
            Self::Vertex => {
                let method = if streaming { "streamRawPredict" } else { "rawPredict" };
                let model = model.strip_prefix("anthropic/").unwrap_or(model);
                format!("/publishers/anthropic/models/{model}:{method}")
            }
            Self::Bedrock => {
                let streams = "invoke-with-response-stream";
                bedrock::Place::parse(model)?.path(if streaming { streams } else { "invoke" })?
            }
        })
    }

    /// The version of the wire format, where it stands in the body. The path then names the model.
    pub fn version_in_body(self) -> Option<&'static str> {
        match self {
            Self::Vertex => Some("vertex-2023-10-16"),
            Self::Bedrock => Some("bedrock-2023-05-31"),
            Self::Anthropic | Self::Foundry => None,
        }
    }

    /// Whether media may be named by an address
    /// (<https://docs.anthropic.com/en/docs/build-with-claude/vision>).
    pub fn fetches_media(self) -> bool {
        matches!(self, Self::Anthropic | Self::Foundry)
    }

    /// Whether the path alone says that the answer is to be streamed.
    pub fn streams_by_path(self) -> bool {
        self == Self::Bedrock
    }

    /// Whether betas stand in the body, rather than in a header.
    pub fn has_betas_in_body(self) -> bool {
        self == Self::Bedrock
    }

    /// The type of a tool there; `None` if the place does not serve the tool.
    pub fn tool_type(self, kind: &str) -> Option<&str> {
        match self {
            Self::Bedrock => invoke::tool_type(kind),
            Self::Anthropic | Self::Vertex | Self::Foundry => Some(kind),
        }
    }

    /// Whether a function among the tools may have this field in addition to name, description and schema. For some fields
    /// Bedrock takes the beta only.
    pub fn takes_of_function(self, field: &str) -> bool {
        self != Self::Bedrock || field != "eager_input_streaming"
    }

    pub fn betas(self) -> &'static Catalogue {
        match self {
            Self::Bedrock => &betas::BEDROCK,
            Self::Anthropic | Self::Vertex | Self::Foundry => &betas::ANTHROPIC,
        }
    }

    pub fn framing(self) -> Framing {
        match self {
            Self::Bedrock => Framing::AwsEventStream,
            Self::Anthropic | Self::Vertex | Self::Foundry => Framing::ServerSentEvents,
        }
    }

    /// Replaces the provider's authentication: a key of Bedrock, or on Foundry a token of Entra ID if there is no key.
    pub fn auth(self) -> Option<Auth> {
        let has = deployment::has_parameter;
        match self {
            Self::Bedrock => bedrock::auth(),
            Self::Foundry if !has("api_key") && has("azure_ad_token") => Some(Auth::Bearer("azure_ad_token".into())),
            Self::Anthropic | Self::Vertex | Self::Foundry => None,
        }
    }
}

/// The path of the Messages API is `/v1/messages`; a base may end with all of it, with a part of it or with none of it.
fn messages_path(base: &str) -> &'static str {
    if base.ends_with("/v1") || (base.ends_with("/messages") && !base.ends_with("/v1/messages")) {
        "/messages"
    } else {
        "/v1/messages"
    }
}
