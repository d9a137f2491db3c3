//! Routes for Azure OpenAI (`azure/`), whose requests name the deployment in the path and the API version in the query,
//! and for Azure AI Foundry (`azure_ai/`), whose requests name the model in the body.
//!
//! <https://learn.microsoft.com/azure/ai-foundry/openai/reference>,
//! <https://learn.microsoft.com/rest/api/aifoundry/modelinference>

use std::borrow::Cow;

use sluice_sdk::{Auth, Failure, Fault, Target, deployment};

use crate::responses;
use crate::route::{Route, push_encoded, push_query};

/// Environment variables in addition to those of the key and the base, which are in the table.
pub const ENVIRONMENT: [(&str, &str); 2] = [
    ("api_version", "AZURE_API_VERSION"),
    ("azure_ad_token", "AZURE_AD_TOKEN"),
];

/// The API version if neither the deployment nor the plugin's settings give one: LiteLLM's default.
pub const DEFAULT_API_VERSION: &str = "2025-02-01-preview";

/// The only version of Foundry's model inference API, which requires one.
const INFERENCE_API_VERSION: &str = "2024-05-01-preview";

/// The first version of Azure OpenAI that accepts `stream_options`. Versions are dates, so they compare as text.
const STREAM_OPTIONS_SINCE: &str = "2024-09-01";

/// The first version that serves the Responses API outside of v1. Only preview versions do.
const RESPONSES_SINCE: &str = "2025-03-01-preview";

/// LiteLLM's prefixes of a deployment's name that tell the kind of model. They are not part of the name.
const SERIES: [&str; 2] = ["o_series/", "gpt5_series/"];

/// What `api_base` refers to.
enum Base {
    /// `https://<resource>.openai.azure.com`; the path must name the deployment.
    Resource,
    /// `…/openai/deployments/<name>`; the base names the deployment already.
    Deployment,
    /// `…/openai/v1`, Azure's version of the plain OpenAI API.
    V1,
    /// Cloudflare's gateway, where the deployment is the next segment of the path.
    /// <https://developers.cloudflare.com/ai-gateway/usage/providers/azureopenai/>
    CloudflareGateway,
}

impl Base {
    fn of(base: &str) -> Self {
        if base.contains("/openai/deployments/") {
            Self::Deployment
        } else if base.trim_end_matches('/').ends_with("/openai/v1") {
            Self::V1
        } else if base.contains("gateway.ai.cloudflare.com") {
            Self::CloudflareGateway
        } else {
            Self::Resource
        }
    }
}

/// The route of `azure/<deployment>`.
pub fn openai_route<'a>(target: &'a Target, operation_path: &str, default_version: &str) -> Route<'a> {
    let api_base = deployment::text("api_base").unwrap_or_default();
    let (base, query) = split_query(&api_base);
    let given = deployment::text("api_version");
    let version = given
        .as_deref()
        .or_else(|| version_in(query))
        .unwrap_or(default_version);
    let name = without_series(&target.model);
    let mut route = Route {
        path: String::with_capacity(96),
        model: Cow::Borrowed(name),
        auth: entra_token(),
        takes_stream_options: version >= STREAM_OPTIONS_SINCE,
    };
    match Base::of(base) {
        Base::V1 => return v1(route, operation_path),
        Base::Resource if is_v1(version) => {
            route.path.push_str("/openai/v1");
            return v1(route, operation_path);
        }
        Base::Resource => push_deployment(&mut route.path, "/openai/deployments/", name),
        Base::CloudflareGateway => push_deployment(&mut route.path, "/", name),
        Base::Deployment => {}
    }
    route.path.push_str(operation_path);
    push_query(&mut route.path, "api-version", version);
    route
}

/// The route of `azure/responses/<deployment>`: below the resource, under v1 unless the configured version serves the
/// API elsewhere.
///
/// # Errors
/// The base names a deployment, and the Responses API is not below it.
pub fn responses_route<'a>(target: &'a Target, default_version: Option<&str>) -> Result<Route<'a>, Failure> {
    let api_base = deployment::text("api_base").unwrap_or_default();
    let (base, query) = split_query(&api_base);
    let mut route = Route {
        path: String::with_capacity(64),
        model: Cow::Borrowed(without_series(&target.model)),
        auth: entra_token(),
        takes_stream_options: true,
    };
    match Base::of(base) {
        Base::V1 => {}
        Base::Resource => {
            let given = deployment::text("responses_api_version").or_else(|| deployment::text("api_version"));
            let version = given.as_deref().or_else(|| version_in(query)).or(default_version);
            let serves = |version: &&str| version.ends_with("-preview") && *version >= RESPONSES_SINCE;
            if let Some(version) = version.filter(serves) {
                route.path.push_str("/openai");
                route.path.push_str(responses::PATH);
                push_query(&mut route.path, "api-version", version);
                return Ok(route);
            }
            route.path.push_str("/openai/v1");
        }
        Base::Deployment | Base::CloudflareGateway => return Err(not_below_a_deployment()),
    }
    route.path.push_str(responses::PATH);
    Ok(route)
}

/// Whether [`responses_route`] accepts the base.
pub fn has_responses() -> bool {
    let api_base = deployment::text("api_base").unwrap_or_default();
    matches!(Base::of(split_query(&api_base).0), Base::Resource | Base::V1)
}

fn not_below_a_deployment() -> Failure {
    let message = "`api_base` names a deployment, and Azure's Responses API is not below it; give the address of the \
                   resource, `https://<resource>.openai.azure.com`";
    Failure::new(Fault::Unsupported, message).parameter("api_base")
}

fn without_series(model: &str) -> &str {
    SERIES
        .iter()
        .find_map(|series| model.strip_prefix(series))
        .unwrap_or(model)
}

/// The v1 API has no version in the query, and the body names the deployment.
fn v1<'a>(mut route: Route<'a>, operation_path: &str) -> Route<'a> {
    route.path.push_str(operation_path);
    route.takes_stream_options = true;
    route
}

fn is_v1(version: &str) -> bool {
    matches!(version, "v1" | "latest" | "preview")
}

fn push_deployment(path: &mut String, before: &str, name: &str) {
    path.push_str(before);
    push_encoded(path, name);
}

/// A key takes precedence over an Entra token, as in LiteLLM: the token may be set for other deployments.
fn entra_token() -> Option<Auth> {
    let token_only = deployment::has_parameter("azure_ad_token") && !deployment::has_parameter("api_key");
    token_only.then(|| Auth::Bearer("azure_ad_token".into()))
}

/// The route of `azure_ai/<model>`: Foundry's model inference, a serverless endpoint, or an Azure OpenAI resource.
pub fn foundry_route<'a>(target: &'a Target, operation_path: &str, default_version: &str) -> Route<'a> {
    let api_base = deployment::text("api_base").unwrap_or_default();
    let (base, query) = split_query(&api_base);
    let (host, path) = split_host(base);
    if is_openai_resource(host, path) {
        return openai_route(target, operation_path, default_version);
    }
    let mut route = Route {
        path: String::with_capacity(64),
        model: Cow::Borrowed(target.model.as_str()),
        auth: entra_token(),
        takes_stream_options: true,
    };
    let is_foundry = host.ends_with(".services.ai.azure.com");
    if !is_foundry && route.auth.is_none() {
        route.auth = Some(Auth::Bearer("api_key".into()));
    }
    let given = deployment::text("api_version");
    let mut version = given.as_deref().or_else(|| version_in(query));
    if is_foundry && !path.contains("/openai") {
        if !path.ends_with("/models") {
            route.path.push_str("/models");
        }
        version = version.or(Some(INFERENCE_API_VERSION));
        // Foundry refuses unknown fields, and `stream_options` is one.
        route.takes_stream_options = false;
    }
    route.path.push_str(operation_path);
    if let Some(version) = version {
        push_query(&mut route.path, "api-version", version);
    }
    route
}

/// The route of `azure_ai/responses/<model>`.
///
/// # Errors
/// As for [`responses_route`].
pub fn foundry_responses_route<'a>(target: &'a Target, default_version: Option<&str>) -> Result<Route<'a>, Failure> {
    let api_base = deployment::text("api_base").unwrap_or_default();
    let (host, path) = split_host(split_query(&api_base).0);
    if is_openai_resource(host, path) {
        return responses_route(target, default_version);
    }
    let mut route = Route {
        path: String::with_capacity(32),
        model: Cow::Borrowed(target.model.as_str()),
        auth: entra_token(),
        takes_stream_options: true,
    };
    let is_foundry = host.ends_with(".services.ai.azure.com");
    if is_foundry && !path.ends_with("/openai/v1") {
        route.path.push_str("/openai/v1");
    }
    if !is_foundry && route.auth.is_none() {
        route.auth = Some(Auth::Bearer("api_key".into()));
    }
    route.path.push_str(responses::PATH);
    Ok(route)
}

fn is_openai_resource(host: &str, path: &str) -> bool {
    let named = [".openai.azure.com", ".cognitiveservices.azure.com"];
    path.contains("/openai/deployments/") || named.iter().any(|suffix| host.ends_with(suffix))
}

/// The API version in the query of `api_base`. Users often paste it there, and the host does not send the query of a
/// base.
fn version_in(query: &str) -> Option<&str> {
    query.split('&').find_map(|pair| pair.strip_prefix("api-version="))
}

fn split_query(url: &str) -> (&str, &str) {
    url.split_once('?').unwrap_or((url, ""))
}

/// Splits a URL without a query into host and path. The path has no slash at its end.
fn split_host(url: &str) -> (&str, &str) {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let end = rest.find('/').unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let host = authority.split_once(':').map_or(authority, |(host, _)| host);
    (host, path.trim_end_matches('/'))
}
