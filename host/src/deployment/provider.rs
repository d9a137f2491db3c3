//! A provider as its adapter describes it, and how far that description is trusted.
//!
//! The description decides where keys and prompts are sent, and which environment variables are read. That of a bundled
//! adapter is trusted. A component from a file may have been written by anyone. Its description counts if the bundled
//! adapter of the same provider has the same, for addresses that the operator grants it, and for three variables with
//! the provider's own name.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::config::keys::is_credential;
use crate::config::{Secret, settings};
use crate::plugin::kinds::adapter::{Adapter, ProviderInfo};

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

/// How an adapter says that keys become a token.
fn token_exchange(info: &ProviderInfo) -> Option<&str> {
    extra(info, "token-exchange")
}

fn extra<'i>(info: &'i ProviderInfo, name: &str) -> Option<&'i str> {
    let found = info.extras.iter().find(|(other, _)| other == name);
    found.map(|(_, said)| said.as_str())
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
        // A session token of the environment belongs to the keys of the environment, and to no others.
        let has_own_aws_keys = settings.credentials.contains_key("aws_access_key_id");
        for pair in &self.info.environment {
            let (parameter, name) = pair;
            let is_given = settings.parameters.contains_key(parameter)
                || settings.credentials.contains_key(parameter)
                || (has_own_aws_keys && is_aws_key(parameter))
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

    /// Whether its adapter can name this parameter as a credential.
    pub(super) fn takes(&self, parameter: &str) -> bool {
        self.info.environment.iter().any(|(name, _)| name == parameter)
    }

    fn is_base_shipped(&self) -> bool {
        self.shipped
            .as_ref()
            .is_some_and(|shipped| shipped.api_base == self.info.api_base)
    }

    fn may_live_at(&self, base: &str) -> bool {
        self.is_base_shipped() || self.is_granted(base)
    }

    /// How the adapter says that keys become a token, in JSON.
    pub(super) fn token_exchange(&self) -> Option<&str> {
        token_exchange(&self.info)
    }

    /// How the adapter says that a token is signed, in JSON.
    pub(super) fn signed_token(&self) -> Option<&str> {
        extra(&self.info, "signed-token")
    }

    /// Whether keys may be sent to this address for a token: the bundled adapter says the same, or the operator allows it.
    pub(super) fn may_exchange_at(&self, address: &str) -> bool {
        let shipped = self.shipped.as_deref().and_then(token_exchange);
        (shipped.is_some() && shipped == self.token_exchange()) || self.is_granted(address)
    }

    fn is_granted(&self, address: &str) -> bool {
        let is_granted = |url| self.adapter.grants().find(&url).is_some();
        reqwest::Url::parse(address).is_ok_and(is_granted)
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
            .map(|(place, _)| place)
            .filter(|place| !place.contains('='))
            .collect::<BTreeSet<_>>()
            .into_iter()
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

/// The parts of one credential of AWS.
fn is_aws_key(parameter: &str) -> bool {
    ["aws_access_key_id", "aws_secret_access_key", "aws_session_token"].contains(&parameter)
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

/// Fills the places in a provider's address; `None` if one of them cannot be filled. `{parameter}` is the parameter's value,
/// which may not end the part of the address that it stands in. `{parameter=value}` is empty, and is there to choose an
/// address by what a parameter says. A template that is a place alone is an address that the operator gives whole.
fn fill(template: &str, settings: &settings::Deployment) -> Option<String> {
    let value = |name: &str| serde_json::from_str::<String>(settings.parameters.get(name)?).ok();
    let whole = template.strip_prefix('{').and_then(|rest| rest.strip_suffix('}'));
    if let Some(name) = whole.filter(|name| !name.contains(['{', '}'])) {
        return value(name).filter(|value| !value.is_empty());
    }
    let mut filled = String::new();
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        let (place, after) = after.split_once('}')?;
        filled.push_str(before);
        match place.split_once('=') {
            Some((name, expected)) if value(name)? == expected => {}
            Some(_) => return None,
            None => filled.push_str(&value(place).filter(|value| is_part(value))?),
        }
        rest = after;
    }
    filled.push_str(rest);
    Some(filled)
}

/// Whether a value is one label of a host or one segment of a path, so that it cannot lead elsewhere.
fn is_part(value: &str) -> bool {
    let is_fit = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b':');
    !value.is_empty() && !value.contains("..") && value.bytes().all(is_fit)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plugin::kinds::adapter::{Auth, Continuation};

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

    fn filled(template: &str, parameters: &[(&str, &str)]) -> Option<String> {
        let list = "model_list: [{model_name: g, litellm_params: {model: openai/m}}]";
        let origin = crate::config::Origin::built_in();
        let environment = std::collections::BTreeMap::new();
        let known = crate::config::Known::default();
        let loaded = crate::config::load(list, &origin, &environment, &known, Default::default());
        let mut deployment = loaded.settings.unwrap().deployments.remove(0);
        let parameters = parameters
            .iter()
            .map(|(name, value)| ((*name).to_owned(), quoted(value)));
        deployment.parameters.extend(parameters);
        fill(template, &deployment)
    }

    #[test]
    fn addresses_are_filled_and_chosen_by_parameters() {
        let regional = "https://{at}-x.example/p/{project}";
        let filled_with = |at, project| filled(regional, &[("at", at), ("project", project)]);
        assert_eq!(
            filled_with("eu-1", "p:1.a").as_deref(),
            Some("https://eu-1-x.example/p/p:1.a")
        );
        for evil in ["", "evil.example/", "a@b", "a?b", "a#b", "../..", "a b", "a%2f"] {
            assert_eq!(filled_with(evil, "p"), None, "{evil}");
        }
        let global = "https://{at=global}x.example";
        assert_eq!(
            filled(global, &[("at", "global")]).as_deref(),
            Some("https://x.example")
        );
        assert_eq!(filled(global, &[("at", "eu")]), None);
        assert_eq!(filled(global, &[]), None);
        assert_eq!(
            filled("{at}", &[("at", "http://own:8/x")]).as_deref(),
            Some("http://own:8/x")
        );
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
