//! What a deployment proves itself with, found when it is made: which identity its provider's scheme needs, and what follows
//! from the credential for the address (Google's project, AWS's region).

use super::{DeploymentError, Provider, quoted};
use crate::config::{Secret, settings};
use crate::identity::{Configured, Identities, Identity, aws, azure_is_asked_for, google_project};
use crate::plugin::adapter::Auth;

/// The parameter by which adapters for Azure name a token of Entra ID.
pub const ENTRA_TOKEN: &str = "azure_ad_token";

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
            .filter(|secret| !secret.expose().is_empty())
            .cloned()
    }

    fn variable(&self, name: &str) -> Option<String> {
        (self.variable)(name).filter(|value| !value.is_empty())
    }
}

/// Finds the identity and completes the parameters that addresses are made of.
pub fn find(
    settings: &mut settings::Deployment,
    served: &Provider,
    variable: &dyn Fn(&str) -> Option<String>,
    identities: &Identities,
) -> Result<Identity, DeploymentError> {
    let own = Own { settings, variable };
    let has = |name: &str| own.secret(name).is_some();
    let (identity, fact) = match &served.info.auth {
        Auth::GoogleOauth(_) if has("api_key") => (Identity::Keys, None),
        Auth::GoogleOauth(scope) => {
            let project = || google_project(&own).map(|project| ("vertex_project", project));
            let fact = own.text("vertex_project").is_none().then(project).flatten();
            (identities.google(&own, scope)?, fact)
        }
        Auth::AwsSigv4(_) => {
            let region = || ("aws_region_name", aws::region(&own, &settings.model));
            let fact = own.text("aws_region_name").is_none().then(region);
            let bears = has("api_key") || has("aws_bearer_token_bedrock");
            let identity = if bears { Identity::Keys } else { identities.aws(&own)? };
            (identity, fact)
        }
        _ if served.takes(ENTRA_TOKEN) && !has("api_key") && !has(ENTRA_TOKEN) && azure_is_asked_for(&own) => {
            (identities.azure(&own)?, None)
        }
        _ => (Identity::Keys, None),
    };
    if let Some((name, value)) = fact {
        settings.parameters.insert(name.into(), quoted(&value));
    }
    Ok(identity)
}
