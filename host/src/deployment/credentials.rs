//! Authentication at upstreams. An adapter names a scheme and a parameter; the host adds the secret, which the adapter
//! never sees.

use hyper::HeaderMap;
use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};

use super::Deployment;
use crate::config::Secret;
use crate::plugin::adapter::{Auth, ProviderInfo};

/// The features that a request asks Anthropic to enable, separated by commas.
pub const ANTHROPIC_BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// Lets Anthropic accept OAuth tokens.
const ANTHROPIC_TOKENS_BETA: &str = "oauth-2025-04-20";

/// Why a request cannot be authenticated. The message is for the operator and contains no secret.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthError {
    #[error("deployment `{deployment}` has no `{parameter}`: set it in `litellm_params`{hint}")]
    Missing {
        deployment: String,
        parameter: String,
        hint: String,
    },
    #[error("`{parameter}` of deployment `{deployment}` holds a character that no header can carry (a line break?)")]
    Unsendable { deployment: String, parameter: String },
    #[error("deployment `{deployment}` needs {scheme}, which is not yet in effect")]
    NotYet { deployment: String, scheme: &'static str },
    #[error("the adapter named `{name}` as a header for a credential, which no header can be called")]
    BadHeader { name: String },
}

/// Adds the credential to a request's headers, or returns the parameter to add to its query.
///
/// # Errors
/// The credential is missing, or cannot be sent.
pub fn authorize(deployment: &Deployment, auth: &Auth, headers: &mut HeaderMap) -> Result<Option<String>, AuthError> {
    match auth {
        Auth::None => Ok(None),
        Auth::Bearer(parameter) => {
            if let Some(secret) = find(deployment, parameter)? {
                bear(deployment, parameter, secret, headers)?;
            }
            Ok(None)
        }
        Auth::Header((name, parameter)) => {
            let name: HeaderName = name.parse().map_err(|_| AuthError::BadHeader { name: name.clone() })?;
            match find(deployment, parameter)? {
                Some(token) if is_anthropic_token(&name, token) => {
                    bear(deployment, parameter, token, headers)?;
                    join(
                        headers,
                        &ANTHROPIC_BETA,
                        &HeaderValue::from_static(ANTHROPIC_TOKENS_BETA),
                    );
                }
                Some(key) => {
                    headers.insert(name, header(deployment, parameter, key.expose())?);
                }
                None => {}
            }
            Ok(None)
        }
        Auth::Query((name, parameter)) => {
            let secret = find(deployment, parameter)?;
            Ok(secret.map(|secret| format!("{}={}", encode(name), encode(secret.expose()))))
        }
        Auth::AwsSigv4(_) => Err(not_yet(deployment, "AWS Signature Version 4")),
        Auth::GoogleOauth(_) => Err(not_yet(deployment, "Google OAuth")),
    }
}

/// Whether the secret is an OAuth access token of Anthropic, which users set in place of an API key. Adapters cannot
/// see this, and Anthropic accepts such a token as a bearer token only.
fn is_anthropic_token(header: &HeaderName, secret: &Secret) -> bool {
    header.as_str() == "x-api-key" && secret.expose().starts_with("sk-ant-oat")
}

fn bear(deployment: &Deployment, parameter: &str, secret: &Secret, headers: &mut HeaderMap) -> Result<(), AuthError> {
    let value = header(deployment, parameter, &format!("Bearer {}", secret.expose()))?;
    headers.insert(AUTHORIZATION, value);
    Ok(())
}

/// Appends a value to a header that is a list.
pub fn join(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue) {
    let joined = headers
        .get(name)
        .and_then(|list| HeaderValue::from_bytes(&[list.as_bytes(), b",", value.as_bytes()].concat()).ok());
    headers.insert(name, joined.unwrap_or_else(|| value.clone()));
}

/// The secret; `None` if it is missing and the provider works without one.
fn find<'d>(deployment: &'d Deployment, parameter: &str) -> Result<Option<&'d Secret>, AuthError> {
    let found = deployment.credential(parameter);
    let provider = deployment.upstream.as_ref().map(|upstream| upstream.provider.as_ref());
    if found.is_none() && !provider.is_some_and(key_is_optional) {
        let variable = provider.and_then(|provider| provider.environment.iter().find(|(name, _)| name == parameter));
        let hint = variable.map_or_else(String::new, |(_, name)| format!(", or the environment variable {name}"));
        let deployment = deployment.settings.id.clone();
        return Err(AuthError::Missing {
            deployment,
            parameter: parameter.to_owned(),
            hint,
        });
    }
    Ok(found)
}

/// Whether the provider's description says `key: optional`: self-hosted servers often need no key.
fn key_is_optional(provider: &ProviderInfo) -> bool {
    provider
        .extras
        .iter()
        .any(|(name, value)| name == "key" && value == "optional")
}

fn header(deployment: &Deployment, parameter: &str, text: &str) -> Result<HeaderValue, AuthError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| AuthError::Unsendable {
        deployment: deployment.settings.id.clone(),
        parameter: parameter.to_owned(),
    })?;
    value.set_sensitive(true);
    Ok(value)
}

fn not_yet(deployment: &Deployment, scheme: &'static str) -> AuthError {
    AuthError::NotYet {
        deployment: deployment.settings.id.clone(),
        scheme,
    }
}

/// Percent-encoding of everything but unreserved characters (RFC 3986 §2.3).
pub(super) fn encode(text: &str) -> String {
    use std::fmt::Write;
    text.bytes().fold(String::new(), |mut encoded, byte| {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            let _ = write!(encoded, "%{byte:02X}");
        }
        encoded
    })
}
