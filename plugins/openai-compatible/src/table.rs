//! The built-in providers, how an entry is found, and what the host gets about each provider.

use std::borrow::Cow;

use sluice_sdk::adapter::vertex;
use sluice_sdk::{Auth, Continuation, ProviderInfo};

use crate::entry::{AnswerPatch, Bounds, Entry, Json, ModelRule, Pairs, Proof, Replay, SchemaBy, Thinking};
use crate::{azure, text_completion, watsonx};

/// `config/providers.json`, sorted by name; `build.rs` writes it.
static TABLE: &[Entry] = &include!(concat!(env!("OUT_DIR"), "/providers.rs"));

/// The parameter with the key, for every provider.
const API_KEY: &str = "api_key";

/// The entry with this name: the operator's own, or else the table's.
pub fn find<'a>(own: &'a [Entry], name: &str) -> Option<&'a Entry> {
    own.iter().find(|entry| entry.name == name).or_else(|| in_table(name))
}

/// All entries, the operator's first. Entries of the table that the operator replaces are left out.
pub fn all(own: &[Entry]) -> impl Iterator<Item = &Entry> {
    let kept = TABLE
        .iter()
        .filter(|entry| own.iter().all(|other| other.name != entry.name));
    own.iter().chain(kept)
}

pub fn in_table(name: &str) -> Option<&'static Entry> {
    let index = TABLE.binary_search_by(|entry| entry.name.as_ref().cmp(name)).ok()?;
    Some(&TABLE[index])
}

impl Proof {
    /// The authentication that the host uses. For [`Proof::None`] each attempt decides ([`auth_of_attempt`]).
    fn auth(&self) -> Auth {
        match self {
            Self::Bearer => Auth::Bearer(API_KEY.into()),
            Self::None => Auth::None,
            Self::Header(name) => Auth::Header((name.to_string(), API_KEY.into())),
            Self::Google => Auth::GoogleOauth(vertex::SCOPE.into()),
        }
    }
}

/// Replaces the provider's authentication for this attempt: a bearer token if the deployment has a key.
pub fn auth_of_attempt(entry: &Entry, key_given: impl FnOnce(&str) -> bool) -> Option<Auth> {
    (matches!(entry.auth, Proof::None) && key_given(API_KEY)).then(|| Auth::Bearer(API_KEY.into()))
}

/// The address. Vertex AI's is the same for all adapters.
fn api_base(entry: &Entry) -> &str {
    match entry.auth {
        Proof::Google if entry.base_url.is_empty() => vertex::ADDRESSES,
        _ => &entry.base_url,
    }
}

/// What the host gets about a provider when it loads the plugin.
pub fn info(entry: &Entry) -> ProviderInfo {
    ProviderInfo {
        name: entry.name.to_string(),
        api_base: api_base(entry).to_owned(),
        auth: auth(entry),
        environment: environment(entry),
        operations: operations(entry),
        continuation: Continuation::Instructed,
        credential_is_optional: false,
        extras: models(entry).into_iter().chain(tokens(entry)).collect(),
    }
}

/// If `api_key` is exchanged for a token, the token is in a parameter of its own.
fn auth(entry: &Entry) -> Auth {
    match &entry.token_parameter {
        Some(parameter) => Auth::Bearer(parameter.to_string()),
        None => entry.auth.auth(),
    }
}

/// How the host gets a token where none is given.
fn tokens(entry: &Entry) -> impl Iterator<Item = (String, String)> {
    let said = [
        ("token-exchange", &entry.token_exchange),
        ("signed-token", &entry.signed_token),
    ];
    said.into_iter()
        .filter_map(|(name, said)| Some((name.into(), said.as_ref()?.0.to_string())))
}

/// The models that this adapter serves, if other adapters serve the rest.
fn models(entry: &Entry) -> Option<(String, String)> {
    (!entry.serves.is_empty()).then(|| ("models".into(), entry.serves.join(" ")))
}

/// The entry's operations, and chat if text completions replace it.
fn operations(entry: &Entry) -> Vec<String> {
    let chat = "chat-completions";
    let stands_in = text_completion::stands_in(entry, chat).then_some(chat);
    let own = entry.operations.iter().map(AsRef::as_ref);
    own.chain(stands_in).map(str::to_owned).collect()
}

/// (parameter, variable) pairs, in the order in which the host tries them.
fn environment(entry: &Entry) -> Vec<(String, String)> {
    let keys = entry.key_env.iter().map(|variable| (API_KEY, variable.as_ref()));
    let base = entry.base_env.iter().map(|variable| ("api_base", variable.as_ref()));
    let parameters = entry.parameter_env.iter().flat_map(|(parameter, variables)| {
        variables
            .iter()
            .map(move |variable| (parameter.as_ref(), variable.as_ref()))
    });
    let own: &[(&str, &str)] = match entry.name.as_ref() {
        "azure" | "azure_text" => &azure::ENVIRONMENT,
        "azure_ai" => &[("azure_ad_token", "AZURE_AD_TOKEN")],
        vertex::NAME => &vertex::ENVIRONMENT,
        "watsonx" => &watsonx::ENVIRONMENT,
        "openai" | "text-completion-openai" => &[("organization", "OPENAI_ORGANIZATION")],
        _ => &[],
    };
    keys.chain(base)
        .chain(parameters)
        .chain(own.iter().copied())
        .map(|(parameter, variable)| (parameter.to_owned(), variable.to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_of_the_table_is_found_by_its_name() {
        assert!(TABLE.len() >= 100, "{} providers", TABLE.len());
        for entry in TABLE {
            assert_eq!(in_table(&entry.name).map(|found| &found.name), Some(&entry.name));
        }
        assert!(in_table("no such provider").is_none());
    }

    #[test]
    fn an_entry_says_where_its_key_base_and_parameters_come_from() {
        let info = info(in_table("cloudflare").unwrap());
        assert_eq!(
            info.api_base,
            "https://api.cloudflare.com/client/v4/accounts/{cloudflare_account_id}/ai/v1"
        );
        assert!(
            info.environment
                .contains(&("cloudflare_account_id".into(), "CLOUDFLARE_ACCOUNT_ID".into()))
        );
        assert!(info.environment.iter().any(|(parameter, _)| parameter == "api_key"));
    }

    #[test]
    fn azure_is_read_from_its_own_variables_and_sends_the_bare_key() {
        let info = info(in_table("azure").unwrap());
        assert!(matches!(&info.auth, Auth::Header((header, key)) if header == "api-key" && key == "api_key"));
        for pair in [
            ("api_key", "AZURE_API_KEY"),
            ("api_base", "AZURE_API_BASE"),
            ("api_version", "AZURE_API_VERSION"),
            ("azure_ad_token", "AZURE_AD_TOKEN"),
        ] {
            assert!(info.environment.contains(&(pair.0.into(), pair.1.into())), "{pair:?}");
        }
    }

    #[test]
    fn a_server_of_ones_own_is_sent_a_key_only_when_there_is_one() {
        let entry = in_table("hosted_vllm").unwrap();
        assert!(matches!(info(entry).auth, Auth::None));
        assert!(auth_of_attempt(entry, |_| false).is_none());
        assert!(matches!(auth_of_attempt(entry, |_| true), Some(Auth::Bearer(key)) if key == "api_key"));
        assert!(auth_of_attempt(in_table("openai").unwrap(), |_| true).is_none());
    }
}
