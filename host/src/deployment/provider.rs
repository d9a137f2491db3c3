//! A provider as its adapter describes it, and how far that description is trusted.
//!
//! The description decides where keys and prompts are sent, and which environment variables are read. That of a bundled
//! adapter is trusted. A component from a file may have been written by anyone. Its description counts if the bundled
//! adapter of the same provider has the same, for addresses that the operator grants it, and for three variables with
//! the provider's own name.

use std::sync::Arc;

use crate::config::keys::is_credential;
use crate::config::{Secret, settings};
use crate::plugin::adapter::{Adapter, ProviderInfo};

use super::{DeploymentError, quoted};

/// A provider and the adapter that serves it.
#[derive(Clone)]
pub struct Provider {
    pub adapter: Arc<Adapter>,
    /// The adapter's description, without the variables that may not be read.
    pub info: Arc<ProviderInfo>,
    /// The description of the bundled adapter for this provider. If the adapter itself is bundled, it is its own.
    shipped: Option<Arc<ProviderInfo>>,
}

/// How the value of a variable is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kept {
    /// Adapters may read it.
    Parameter,
    /// Only the host uses it, and plugins never get it.
    Credential,
}

impl Provider {
    /// `shipped` is the description of the bundled adapter for this provider, if there is one.
    pub fn new(adapter: Arc<Adapter>, mut info: ProviderInfo, shipped: Option<Arc<ProviderInfo>>) -> Self {
        let name = info.name.clone();
        info.environment
            .retain(|pair| kept(&name, pair, shipped.as_deref()).is_some());
        Self {
            adapter,
            info: Arc::new(info),
            shipped,
        }
    }

    /// Sets parameters that are not in the configuration from the provider's own variables.
    pub(super) fn read_environment(
        &self,
        settings: &mut settings::Deployment,
        variable: &dyn Fn(&str) -> Option<String>,
    ) {
        for pair in &self.info.environment {
            let (parameter, name) = pair;
            let is_given = settings.parameters.contains_key(parameter)
                || settings.credentials.contains_key(parameter)
                || (parameter == "api_base" && settings.api_base.is_some());
            let Some(value) = variable(name).filter(|value| !is_given && !value.is_empty()) else {
                continue;
            };
            match kept(&self.info.name, pair, self.shipped.as_deref()) {
                Some(Kept::Parameter) if parameter == "api_base" => {
                    settings.api_base = Some(value.trim_end_matches('/').to_owned());
                }
                Some(Kept::Parameter) => {
                    settings.parameters.insert(parameter.clone(), quoted(&value));
                }
                Some(Kept::Credential) => {
                    settings.credentials.insert(parameter.clone(), Secret::new(value));
                }
                None => {}
            }
        }
    }

    /// Whether a variable with a credential of this provider is set.
    pub fn has_credential(&self, is_set: &dyn Fn(&str) -> bool) -> bool {
        let shipped = self.shipped.as_deref();
        let is_credential = |pair| kept(&self.info.name, pair, shipped) == Some(Kept::Credential);
        let mut pairs = self.info.environment.iter();
        pairs.any(|pair| is_credential(pair) && is_set(&pair.1))
    }

    /// The provider's base URL, if the configuration does not set one: the first address whose parameters are all set.
    pub(super) fn base(&self, settings: &settings::Deployment) -> Result<String, DeploymentError> {
        let mut addresses = self.info.api_base.split_whitespace();
        let base = addresses.find_map(|template| fill(template, settings));
        base.filter(|base| self.may_live_at(base)).ok_or_else(|| self.no_base())
    }

    fn is_base_shipped(&self) -> bool {
        self.shipped
            .as_ref()
            .is_some_and(|shipped| shipped.api_base == self.info.api_base)
    }

    fn may_live_at(&self, base: &str) -> bool {
        let is_granted = |url| self.adapter.grants().find(&url).is_some();
        self.is_base_shipped() || reqwest::Url::parse(base).is_ok_and(is_granted)
    }

    fn no_base(&self) -> DeploymentError {
        let ProviderInfo {
            name,
            api_base,
            environment,
            ..
        } = self.info.as_ref();
        let mut hint = String::new();
        let missing: Vec<&str> = api_base
            .split('{')
            .skip(1)
            .filter_map(|part| part.split_once('}'))
            .map(|(name, _)| name)
            .collect();
        if !missing.is_empty() {
            hint = format!(", or `{}`", missing.join("`, `"));
        }
        if let Some((_, variable)) = environment.iter().find(|(parameter, _)| parameter == "api_base") {
            hint += &format!(", or the environment variable {variable}");
        }
        if !api_base.is_empty() && !self.is_base_shipped() {
            let plugin = self.adapter.name();
            hint += &format!(
                ", or allow `{}`, where its plugin says it lives, under `sluice.plugins.{plugin}.outbound`",
                api_base.escape_debug()
            );
        }
        DeploymentError::NoBase {
            provider: name.clone(),
            hint,
        }
    }
}

/// Variables that an adapter from a file may name: the provider's name in capitals, `_`, and one of these. More would
/// let a provider `database` have `DATABASE_URL`, or one called `aws` have `AWS_SECRET_ACCESS_KEY`.
const KEY: &str = "API_KEY";
const NO_KEYS: [&str; 2] = ["API_BASE", "API_VERSION"];

/// Names of variables that configure the gateway begin with these, so no provider from a file has variables of that
/// name.
const OWN: [&str; 2] = ["LITELLM_", "SLUICE_"];

/// Whether a (parameter, variable) pair may be read, and how its value is used. The pairs of the bundled adapter may.
/// Of an adapter from a file, plugins do not get the value, unless it belongs to one of the two parameters from which
/// adapters build paths.
fn kept(provider: &str, pair: &(String, String), shipped: Option<&ProviderInfo>) -> Option<Kept> {
    let (parameter, variable) = pair;
    if shipped.is_some_and(|shipped| shipped.environment.contains(pair)) {
        return Some(if is_credential(parameter) {
            Kept::Credential
        } else {
            Kept::Parameter
        });
    }
    let prefix = prefix(provider);
    let own_part = variable
        .strip_prefix(&prefix)
        .filter(|_| !OWN.contains(&prefix.as_str()))?;
    match parameter.as_str() {
        "api_base" | "api_version" if NO_KEYS.contains(&own_part) => Some(Kept::Parameter),
        _ if own_part == KEY || NO_KEYS.contains(&own_part) => Some(Kept::Credential),
        _ => None,
    }
}

/// `my-llm` → `MY_LLM_`.
fn prefix(provider: &str) -> String {
    let capital = |byte: char| {
        if byte.is_ascii_alphanumeric() {
            byte.to_ascii_uppercase()
        } else {
            '_'
        }
    };
    provider.chars().map(capital).chain(['_']).collect()
}

/// Fills `{parameter}` in a provider's base URL; `None` if a parameter is missing.
fn fill(template: &str, settings: &settings::Deployment) -> Option<String> {
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (name, after) = after.split_once('}')?;
        filled.push_str(before);
        filled.push_str(&serde_json::from_str::<String>(settings.parameters.get(name)?).ok()?);
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::adapter::{Auth, Continuation};

    #[track_caller]
    fn check(provider: &str, parameter: &str, variable: &str, expected: Option<Kept>) {
        let shipped = ProviderInfo {
            name: "openai".into(),
            api_base: String::new(),
            auth: Auth::None,
            environment: vec![
                ("api_key".into(), "OPENAI_API_KEY".into()),
                ("organization".into(), "OPENAI_ORGANIZATION".into()),
            ],
            operations: Vec::new(),
            continuation: Continuation::None,
            credential_is_optional: false,
            extras: Vec::new(),
        };
        let shipped = Some(&shipped).filter(|shipped| shipped.name == provider);
        let pair = (parameter.to_owned(), variable.to_owned());
        assert_eq!(kept(provider, &pair, shipped), expected, "{provider}: {pair:?}");
    }

    #[test]
    fn what_the_bundled_adapter_reads_may_be_read() {
        check("openai", "api_key", "OPENAI_API_KEY", Some(Kept::Credential));
        check("openai", "organization", "OPENAI_ORGANIZATION", Some(Kept::Parameter));
        check("openai", "note", "OPENAI_API_KEY", Some(Kept::Credential));
    }

    #[test]
    fn other_variables_must_carry_the_providers_name_and_do_not_cross() {
        check("my-llm", "note", "AWS_SECRET_ACCESS_KEY", None);
        check("my-llm", "api_key", "MY_LLM_API_KEY", Some(Kept::Credential));
        check("my-llm", "note", "MY_LLM_API_KEY", Some(Kept::Credential));
        check("my-llm", "note", "MY_LLM_API_BASE", Some(Kept::Credential));
        check("my-llm", "api_base", "MY_LLM_API_KEY", Some(Kept::Credential));
        check("my-llm", "api_key", "MY_LLMS_API_KEY", None);
        check("my-llm", "api_base", "MY_LLM_API_BASE", Some(Kept::Parameter));
        check("aws", "api_version", "AWS_SECRET_ACCESS_KEY", None);
        check("", "note", "HOME", None);
    }

    #[test]
    fn what_the_gateway_and_its_services_are_set_up_with_is_no_providers() {
        for (provider, variable) in [
            ("litellm", "LITELLM_MASTER_KEY"),
            ("litellm", "LITELLM_API_KEY"),
            ("sluice", "SLUICE_API_KEY"),
            ("database", "DATABASE_URL"),
            ("redis", "REDIS_URL"),
            ("redis", "REDIS_PASSWORD"),
            ("aws", "AWS_SECRET_ACCESS_KEY"),
            ("aws", "AWS_SESSION_TOKEN"),
            ("google", "GOOGLE_APPLICATION_CREDENTIALS"),
        ] {
            for parameter in ["api_key", "api_base", "api_version", "note"] {
                check(provider, parameter, variable, None);
            }
        }
    }
}
