//! Authentication at upstreams: the last step before a request is sent. An adapter names a scheme and a parameter; the
//! host adds the secret, which the adapter never sees.

use std::sync::Arc;
use std::time::SystemTime;

use hyper::header::{AUTHORIZATION, HeaderName, HeaderValue};
use hyper::http::uri::PathAndQuery;
use hyper::{HeaderMap, Request};

use super::Deployment;
use super::proof::ENTRA_TOKEN;
use crate::config::Secret;
use crate::identity::percent::encode;
use crate::identity::{Identity, IdentityError, aws};
use crate::plugin::kinds::adapter::Auth;
use crate::upstream::Outgoing;

/// The features that a request asks Anthropic to enable, separated by commas.
const ANTHROPIC_BETA: HeaderName = HeaderName::from_static("anthropic-beta");

/// Where Google takes an API key.
const GOOGLE_KEY: HeaderName = HeaderName::from_static("x-goog-api-key");

/// How Google's access tokens begin.
const GOOGLE_TOKEN: &str = "ya29.";

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
    #[error("deployment `{deployment}`: {error}")]
    Identity { deployment: String, error: IdentityError },
    #[error(
        "deployment `{deployment}` has no identity for {scheme}: its adapter asks for another scheme than its provider's"
    )]
    NoIdentity { deployment: String, scheme: &'static str },
    #[error("deployment `{deployment}` signs requests, and no signature covers an uploaded file")]
    FileUnsigned { deployment: String },
    #[error(
        "the adapter of deployment `{deployment}` asks for `{scheme}`, which this version of the gateway does not know"
    )]
    UnknownScheme { deployment: String, scheme: String },
    #[error("the adapter named `{name}` as a header for a credential, which no header can be called")]
    BadHeader { name: String },
}

impl AuthError {
    /// Whether it may pass by itself: nothing of the configuration is wrong.
    pub fn is_passing(&self) -> bool {
        use IdentityError::{Malformed, Unreachable};
        matches!(
            self,
            Self::Identity {
                error: Unreachable { .. } | Malformed { .. },
                ..
            }
        )
    }
}

/// Proves who we are, in a request that is complete otherwise: it has its final path and body. The operator's own
/// headers may hold credentials too. They take precedence, and a signature covers the request with them.
///
/// # Errors
/// The credential is missing, or cannot be sent.
pub async fn prove(deployment: &Deployment, auth: &Auth, request: &mut Request<Outgoing>) -> Result<(), AuthError> {
    match auth {
        Auth::None => {}
        Auth::Bearer(parameter) if is_fetched(deployment, parameter) => {
            let token = token(deployment, "tokens").await?;
            bear(deployment, parameter, &token, request.headers_mut())?;
        }
        Auth::Bearer(parameter) => {
            if let Some(secret) = find(deployment, parameter)? {
                bear(deployment, parameter, secret, request.headers_mut())?;
            }
        }
        Auth::Header((name, parameter)) => {
            let name: HeaderName = name.parse().map_err(|_| AuthError::BadHeader { name: name.clone() })?;
            if let Some(secret) = find(deployment, parameter)? {
                put(deployment, name, parameter, secret, request.headers_mut())?;
            }
        }
        Auth::Query((name, parameter)) => {
            if let Some(secret) = find(deployment, parameter)? {
                let pair = format!("{}={}", encode(name), encode(secret.expose()));
                ask(deployment, parameter, &pair, request)?;
            }
        }
        Auth::AwsSigv4(_) => {}
        Auth::GoogleOauth(_) if matches!(deployment.identity, Identity::Keys) => {
            if let Some(secret) = find(deployment, "api_key")? {
                put_google(deployment, secret, request.headers_mut())?;
            }
        }
        Auth::GoogleOauth(_) => {
            let token = token(deployment, "Google OAuth").await?;
            bear(deployment, "vertex_credentials", &token, request.headers_mut())?;
        }
        Auth::Other((scheme, _)) => {
            return Err(AuthError::UnknownScheme {
                deployment: deployment.settings.id.clone(),
                scheme: scheme.clone(),
            });
        }
    }
    for (name, value) in &deployment.extra_headers {
        add(request.headers_mut(), name, value);
    }
    match auth {
        Auth::AwsSigv4(service) => sign(deployment, service, request).await,
        _ => Ok(()),
    }
}

/// A key in a header of its own.
fn put(
    deployment: &Deployment,
    name: HeaderName,
    parameter: &str,
    secret: &Secret,
    headers: &mut HeaderMap,
) -> Result<(), AuthError> {
    if !is_anthropic_token(&name, secret) {
        headers.insert(name, header(deployment, parameter, secret.expose())?);
        return Ok(());
    }
    bear(deployment, parameter, secret, headers)?;
    join(
        headers,
        &ANTHROPIC_BETA,
        &HeaderValue::from_static(ANTHROPIC_TOKENS_BETA),
    );
    Ok(())
}

/// A key in the query.
fn ask(deployment: &Deployment, parameter: &str, pair: &str, request: &mut Request<Outgoing>) -> Result<(), AuthError> {
    let path = request.uri().path_and_query().map_or("/", PathAndQuery::as_str);
    let with_key: Result<PathAndQuery, _> = with_pair(path, pair).parse();
    *request.uri_mut() = with_key.map_err(|_| unsendable(deployment, parameter))?.into();
    Ok(())
}

fn with_pair(path_and_query: &str, pair: &str) -> String {
    let mark = if path_and_query.contains('?') { '&' } else { '?' };
    format!("{path_and_query}{mark}{pair}")
}

/// Whether a token that is fetched takes the place of this parameter.
fn is_fetched(deployment: &Deployment, parameter: &str) -> bool {
    match deployment.identity {
        Identity::Azure(_) => parameter == ENTRA_TOKEN,
        Identity::Exchanged(_) => true,
        Identity::Keys | Identity::Google(_) | Identity::Aws(_) => false,
    }
}

/// An access token of the deployment's identity.
async fn token(deployment: &Deployment, scheme: &'static str) -> Result<Arc<Secret>, AuthError> {
    let (Identity::Google(tokens) | Identity::Azure(tokens) | Identity::Exchanged(tokens)) = &deployment.identity
    else {
        return Err(no_identity(deployment, scheme));
    };
    let token = tokens.get().await.map_err(|error| unfetched(deployment, error))?;
    deployment.secrets.note(&token);
    Ok(token)
}

/// AWS Signature Version 4.
async fn sign(deployment: &Deployment, service: &str, request: &mut Request<Outgoing>) -> Result<(), AuthError> {
    let Identity::Aws(keys) = &deployment.identity else {
        return Err(no_identity(deployment, "AWS signatures"));
    };
    let keys = keys.get().await.map_err(|error| unfetched(deployment, error))?;
    if let Some(token) = &keys.session_token {
        deployment.secrets.note(token);
    }
    let region = deployment.parameter("aws_region_name");
    let region: Option<String> = region.and_then(|json| serde_json::from_str(json).ok());
    let region = region.ok_or_else(|| missing(deployment, "aws_region_name"))?;
    let pieces = request.body().pieces();
    let body = pieces.map(|pieces| aws::hash(pieces.into_iter()));
    let body = body.ok_or_else(|| AuthError::FileUnsigned {
        deployment: deployment.settings.id.clone(),
    })?;
    let upstream = deployment.upstream.as_ref();
    let host = upstream.and_then(|upstream| upstream.origin.authority().to_str().ok());
    keys.signer(&region, service)
        .sign(request, body, host.unwrap_or_default(), SystemTime::now())
        .map_err(|_| unsendable(deployment, "aws_session_token"))
}

/// Adds a header of the deployment. It takes precedence over the adapter's, except for `anthropic-beta`, a list of
/// features, which is joined.
fn add(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue) {
    if *name == ANTHROPIC_BETA {
        join(headers, name, value);
    } else {
        headers.insert(name, value.clone());
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
fn join(headers: &mut HeaderMap, name: &HeaderName, value: &HeaderValue) {
    let joined = headers
        .get(name)
        .and_then(|list| HeaderValue::from_bytes(&[list.as_bytes(), b",", value.as_bytes()].concat()).ok());
    headers.insert(name, joined.unwrap_or_else(|| value.clone()));
}

/// Google's own key, or an access token that the operator fetches, told apart by how it begins
/// (<https://cloud.google.com/docs/authentication/token-types>).
fn put_google(deployment: &Deployment, secret: &Secret, headers: &mut HeaderMap) -> Result<(), AuthError> {
    if secret.expose().starts_with(GOOGLE_TOKEN) {
        return bear(deployment, "api_key", secret, headers);
    }
    headers.insert(GOOGLE_KEY, header(deployment, "api_key", secret.expose())?);
    Ok(())
}

/// The secret; `None` if it is missing and the provider works without one.
fn find<'d>(deployment: &'d Deployment, parameter: &str) -> Result<Option<&'d Secret>, AuthError> {
    let found = deployment.credential(parameter);
    let provider = deployment.upstream.as_ref().map(|upstream| upstream.provider.as_ref());
    if found.is_none() && !provider.is_some_and(|provider| provider.credential_is_optional) {
        return Err(missing(deployment, parameter));
    }
    Ok(found)
}

fn missing(deployment: &Deployment, parameter: &str) -> AuthError {
    let provider = deployment.upstream.as_ref().map(|upstream| upstream.provider.as_ref());
    let variable = provider.and_then(|provider| provider.environment.iter().find(|(name, _)| name == parameter));
    AuthError::Missing {
        deployment: deployment.settings.id.clone(),
        parameter: parameter.to_owned(),
        hint: variable.map_or_else(String::new, |(_, name)| format!(", or the environment variable {name}")),
    }
}

fn header(deployment: &Deployment, parameter: &str, text: &str) -> Result<HeaderValue, AuthError> {
    let mut value = HeaderValue::from_str(text).map_err(|_| unsendable(deployment, parameter))?;
    value.set_sensitive(true);
    Ok(value)
}

fn unsendable(deployment: &Deployment, parameter: &str) -> AuthError {
    AuthError::Unsendable {
        deployment: deployment.settings.id.clone(),
        parameter: parameter.to_owned(),
    }
}

fn no_identity(deployment: &Deployment, scheme: &'static str) -> AuthError {
    AuthError::NoIdentity {
        deployment: deployment.settings.id.clone(),
        scheme,
    }
}

fn unfetched(deployment: &Deployment, error: IdentityError) -> AuthError {
    AuthError::Identity {
        deployment: deployment.settings.id.clone(),
        error,
    }
}

#[cfg(test)]
mod tests {
    use super::with_pair;

    #[test]
    fn a_key_goes_into_the_query() {
        assert_eq!(with_pair("/x", "key=s"), "/x?key=s");
        assert_eq!(with_pair("/x?a=1", "key=s"), "/x?a=1&key=s");
    }
}
