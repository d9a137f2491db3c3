//! What a deployment proves itself with, found when it is made: which identity its provider's scheme needs, and what follows
//! from the credential for the address (Google's project, AWS's region).

use super::{DeploymentError, Provider, quoted};
use crate::config::{Secret, settings};
use crate::identity::{
    Configured, Form, Identities, Identity, SignedToken, TokenExchange, aws, azure_is_asked_for, google_project,
};
use crate::plugin::kinds::adapter::Auth;

/// The parameter by which adapters for Azure name a token of Entra ID.
pub const ENTRA_TOKEN: &str = "azure_ad_token";

const AWS_REGION: &str = "aws_region_name";

/// LiteLLM has two names for each.
const GOOGLE_NAMES: [(&str, &str); 2] = [
    ("vertex_project", "vertex_ai_project"),
    ("vertex_location", "vertex_ai_location"),
];

/// What a token is for that an attempt asks for by itself.
const GOOGLE_SCOPE: &str = "https://www.googleapis.com/auth/cloud-platform";

/// Where models are asked for if nobody says, as LiteLLM has it.
const GOOGLE_LOCATION: &str = "us-central1";

/// A deployment's parameters and the gateway's environment.
struct Own<'a> {
    settings: &'a settings::Deployment,
    variable: &'a dyn Fn(&str) -> Option<String>,
}

impl Configured for Own<'_> {
    fn text(&self, name: &str) -> Option<String> {
        let json = self.settings.parameters.get(name)?;
        serde_json::from_str(json).ok().filter(|text: &String| !text.is_empty())
    }

    fn secret(&self, name: &str) -> Option<Secret> {
        self.settings
            .credentials
            .get(name)
            .filter(|secret| !secret.is_empty())
            .cloned()
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }
}

/// What the model's name says of its address. It takes precedence over the environment.
pub fn complete_by_model(settings: &mut settings::Deployment, served: &Provider) {
    let parameters = &mut settings.parameters;
    if matches!(served.info.auth, Auth::AwsSigv4(_))
        && !parameters.contains_key(AWS_REGION)
        && let Some(region) = aws::region_of_model(&settings.model)
    {
        parameters.insert(AWS_REGION.into(), quoted(&region));
    }
}

/// Finds the identity and completes the parameters that addresses are made of.
pub fn find(
    settings: &mut settings::Deployment,
    served: &Provider,
    variable: &dyn Fn(&str) -> Option<String>,
    identities: &Identities,
) -> Result<Identity, DeploymentError> {
    for (name, other) in GOOGLE_NAMES {
        if let Some(value) = settings.parameters.get(other).cloned() {
            settings.parameters.entry(name.into()).or_insert(value);
        }
    }
    let own = Own { settings, variable };
    let has = |name: &str| own.secret(name).is_some();
    let (identity, facts) = match &served.info.auth {
        Auth::GoogleOauth(scope) => {
            let is_left_out = |name: &str| own.text(name).is_none();
            let bears = has("api_key") && !has("vertex_credentials");
            let project = || google_project(&own);
            let project = (!bears && is_left_out("vertex_project")).then(project).flatten();
            let location = is_left_out("vertex_location").then(|| GOOGLE_LOCATION.to_owned());
            let facts = [("vertex_project", project), ("vertex_location", location)];
            let identity = if bears {
                Identity::Keys
            } else {
                identities.google(&own, scope)?
            };
            (identity, facts.to_vec())
        }
        Auth::AwsSigv4(_) => {
            let region = || aws::default_region(&own);
            let region = own.text(AWS_REGION).is_none().then(region);
            let bears = has("api_key") || has("aws_bearer_token_bedrock");
            let identity = if bears { Identity::Keys } else { identities.aws(&own)? };
            (identity, vec![(AWS_REGION, region)])
        }
        _ if served.takes(ENTRA_TOKEN) && !has("api_key") && !has(ENTRA_TOKEN) && azure_is_asked_for(&own) => {
            (identities.azure(&own)?, Vec::new())
        }
        Auth::Bearer(parameter) if !has(parameter) && served.token_exchange().is_some() => {
            let exchanged = exchanged(&own, served)?;
            let identity = exchanged.map_or(Identity::Keys, |form| identities.exchanged(form));
            (identity, Vec::new())
        }
        Auth::Bearer(parameter) if !has(parameter) && served.signed_token().is_some() => {
            let said = served.signed_token().map(SignedToken::read).transpose()?;
            let claim = said.map(|said| said.fill(&own)).transpose()?.flatten();
            let identity = claim.map_or(Identity::Keys, |claim| identities.signed(claim));
            (identity, Vec::new())
        }
        // The adapter may ask for another proof in an attempt than its provider's.
        _ if has("aws_access_key_id") => (identities.aws(&own)?, Vec::new()),
        _ if has("vertex_credentials") => (identities.google(&own, GOOGLE_SCOPE)?, Vec::new()),
        _ => (Identity::Keys, Vec::new()),
    };
    for (name, value) in facts {
        if let Some(value) = value {
            settings.parameters.insert(name.into(), quoted(&value));
        }
    }
    Ok(identity)
}

/// What gives a token in place of the provider's key, if its adapter says that and all it takes is configured.
fn exchanged(own: &Own, served: &Provider) -> Result<Option<Form>, DeploymentError> {
    let Some(said) = served.token_exchange() else {
        return Ok(None);
    };
    let form = TokenExchange::read(said)?.fill(own, own.settings.api_base.as_deref())?;
    let address = form.as_ref().and_then(Form::adapters_address);
    if let Some(address) = address.filter(|address| !served.may_exchange_at(address)) {
        return Err(DeploymentError::Untrusted {
            plugin: served.adapter.name().to_owned(),
            address: address.to_owned(),
        });
    }
    Ok(form)
}
