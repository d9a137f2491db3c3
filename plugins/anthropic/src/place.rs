//! The services that serve Claude: Anthropic itself, Vertex AI
//! (<https://docs.anthropic.com/en/api/claude-on-vertex-ai>) and Microsoft Foundry
//! (<https://learn.microsoft.com/azure/ai-foundry/foundry-models/how-to/use-foundry-models-claude>).

use sluice_sdk::adapter::vertex;
use sluice_sdk::{Auth, Continuation, ProviderInfo, Target, deployment};

/// The service that serves the model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Place {
    #[default]
    Anthropic,
    Vertex,
    Foundry,
}

/// The version of Vertex AI's wire format, which is a field of the body.
pub const VERTEX_VERSION: &str = "vertex-2023-10-16";

/// The models of Vertex AI and Foundry that this adapter serves; other adapters serve the rest.
const CLAUDE: &str = "claude-* anthropic/claude-*";

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
    vec![
        provider("anthropic", "https://api.anthropic.com", key.clone(), &anthropic),
        of_claude(provider(vertex::NAME, vertex::ADDRESSES, oauth, &vertex::ENVIRONMENT)),
        of_claude(provider("azure_ai", "", key, &foundry)),
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

fn of_claude(mut info: ProviderInfo) -> ProviderInfo {
    info.extras.push(("models".into(), CLAUDE.into()));
    info
}

impl Place {
    pub fn of(target: &Target) -> Self {
        match target.provider.as_str() {
            vertex::NAME => Self::Vertex,
            "azure_ai" => Self::Foundry,
            _ => Self::Anthropic,
        }
    }

    /// The path below the deployment's base. The host does not repeat a part of the path that the base already ends
    /// with.
    pub fn path(self, model: &str, streaming: bool) -> String {
        let base = deployment::text("api_base").unwrap_or_default();
        let base = base.split('?').next().unwrap_or_default().trim_end_matches('/');
        match self {
            Self::Anthropic => messages_path(base).into(),
            Self::Foundry if base.contains("/anthropic") => messages_path(base).into(),
            Self::Foundry => format!("/anthropic{}", messages_path(base)),
            Self::Vertex => {
                let method = if streaming { "streamRawPredict" } else { "rawPredict" };
                let model = model.strip_prefix("anthropic/").unwrap_or(model);
                format!("/publishers/anthropic/models/{model}:{method}")
            }
        }
    }

    /// Replaces the provider's authentication: on Foundry, a token of Entra ID is used if there is no key.
    pub fn auth(self) -> Option<Auth> {
        let has = deployment::has_parameter;
        let by_token = self == Self::Foundry && !has("api_key") && has("azure_ad_token");
        by_token.then(|| Auth::Bearer("azure_ad_token".into()))
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
