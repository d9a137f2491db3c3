//! Bounds of the names that a guest asks about, of what a component says of itself and of its providers, and of the
//! requests that it asks for.

use crate::canonical::MODEL_BYTES_MAX;
use crate::plugin::bindings::hook_types::{Decision, Edit};
use crate::plugin::bindings::provider_types::{Auth, ProviderInfo, RequestBody, UpstreamRequest};
use crate::plugin::bindings::types::Header;
use crate::plugin::bindings::{Manifest, http};

/// Bytes of a name of a field, an attribute, a parameter, a header or a column.
const NAME_BYTES_MAX: usize = 1_024;

/// What is measured, its size, and the largest size.
type Measure = (&'static str, usize, usize);

fn check(measures: &[Measure]) -> Result<(), String> {
    match measures.iter().find(|(_, size, most)| size > most) {
        Some((what, size, most)) => Err(format!("{size} {what}, and {most} is the most")),
        None => Ok(()),
    }
}

fn longest<'a>(texts: impl IntoIterator<Item = &'a String>) -> usize {
    texts.into_iter().map(String::len).max().unwrap_or(0)
}

fn pairs(pairs: &[(String, String)]) -> impl Iterator<Item = &String> {
    pairs.iter().flat_map(|(name, value)| [name, value])
}

/// Checks the lengths and forms of a manifest. Names are used in settings, metrics and logs.
///
/// # Errors
/// What is too long or has the wrong form.
pub(in crate::plugin) fn manifest(manifest: &Manifest) -> Result<(), String> {
    let name = &manifest.name;
    let is_kebab = name
        .bytes()
        .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
    if name.is_empty() || name.len() > 64 || !is_kebab {
        return Err(format!(
            "name `{}` is not kebab-case of at most 64 characters (a-z, 0-9, -)",
            name.chars().take(80).collect::<String>().escape_debug()
        ));
    }
    check(&[
        ("bytes of `version`", manifest.version.len(), 64),
        ("bytes of `summary`", manifest.summary.len(), 1_000),
        ("bytes of `settings-schema`", manifest.settings_schema.len(), 256 << 10),
        ("entries of `outbound`", manifest.outbound.len(), 256),
        ("bytes of one host of `outbound`", longest(&manifest.outbound), 300),
        ("entries of `looks-at`", manifest.looks_at.len(), 16),
        ("entries of `extras`", manifest.extras.len(), 64),
        ("bytes of one text of `extras`", longest(pairs(&manifest.extras)), 4_096),
    ])?;
    let schema = &manifest.settings_schema;
    if !schema.is_empty() && serde_json::from_str::<serde_json::Value>(schema).is_err() {
        return Err("settings-schema is not JSON".into());
    }
    Ok(())
}

/// Checks the lengths of what an adapter says of its providers.
///
/// # Errors
/// What is too long.
pub(in crate::plugin) fn providers(providers: &[ProviderInfo]) -> Result<(), String> {
    check(&[("providers", providers.len(), 256)])?;
    providers.iter().try_for_each(|provider| {
        let variables = &provider.environment;
        check(&[
            ("bytes of a provider's `name`", provider.name.len(), 64),
            ("bytes of `api-base`", provider.api_base.len(), 2_048),
            ("bytes of `auth`", length_of(&provider.auth), 4_096),
            ("entries of `environment`", variables.len(), 64),
            ("bytes of one text of `environment`", longest(pairs(variables)), 256),
            ("entries of `operations`", provider.operations.len(), 256),
            ("bytes of one operation", longest(&provider.operations), 256),
            ("entries of a provider's `extras`", provider.extras.len(), 64),
            (
                "bytes of one text of a provider's `extras`",
                longest(pairs(&provider.extras)),
                4_096,
            ),
        ])
    })
}

/// Checks the lengths in a request that an adapter asks for, without its body.
///
/// # Errors
/// What is too long.
pub(in crate::plugin) fn request(request: &UpstreamRequest) -> Result<(), String> {
    check(&[
        ("bytes of `method`", request.method.len(), 32),
        ("bytes of `path-and-query`", request.path_and_query.len(), 16 << 10),
        ("bytes of `body.upload`", file_of(&request.body), 1_024),
        ("bytes of `auth`", request.auth.as_ref().map_or(0, length_of), 4_096),
        ("entries of `extras`", request.extras.len(), 64),
        ("bytes of one text of `extras`", longest(pairs(&request.extras)), 4_096),
    ])?;
    check_headers(&request.headers)
}

/// Checks the lengths in a request that a guardrail or a callback sends.
///
/// # Errors
/// What is too long.
pub(in crate::plugin) fn outbound(request: &http::Request) -> Result<(), String> {
    check(&[
        // The longest registered one has 17 (<https://www.iana.org/assignments/http-methods>).
        ("bytes of `method`", request.method.len(), 32),
        // Servers accept some 8 KiB.
        ("bytes of `url`", request.url.len(), 16 << 10),
        ("bytes of `body`", request.body.len(), 64 << 20),
    ])?;
    check_headers(&request.headers)
}

/// Checks the changes that a request hook makes. Their values are bounded by the limit of what a call returns.
///
/// # Errors
/// What is too long.
pub(in crate::plugin) fn decision(decision: &Decision) -> Result<(), String> {
    let Decision::Change(changes) = decision else {
        return Ok(());
    };
    let places = changes.edits.iter().map(|edit| match edit {
        Edit::Set((place, _)) | Edit::Insert((place, _)) | Edit::Remove(place) => place,
    });
    check(&[
        ("edits", changes.edits.len(), 256),
        ("bytes of an edit's place", longest(places), NAME_BYTES_MAX),
        (
            "bytes of `model-group`",
            changes.model_group.as_ref().map_or(0, String::len),
            MODEL_BYTES_MAX,
        ),
    ])
}

fn file_of(body: &RequestBody) -> usize {
    match body {
        RequestBody::Upload(field) => field.len(),
        _ => 0,
    }
}

fn length_of(auth: &Auth) -> usize {
    match auth {
        Auth::None => 0,
        Auth::Bearer(text) | Auth::AwsSigv4(text) | Auth::GoogleOauth(text) => text.len(),
        Auth::Other((scheme, details)) => scheme.len() + details.len(),
        Auth::Header((name, parameter)) | Auth::Query((name, parameter)) => name.len().max(parameter.len()),
    }
}

/// Headers of one request that a guest makes. The map of headers panics at some thirty thousand.
const HEADERS_MAX: usize = 64;

/// The bytes of those headers, names and values together.
const HEADER_BYTES_MAX: usize = 32 << 10;

fn check_headers(headers: &[Header]) -> Result<(), String> {
    let lengths = headers.iter().map(|header| header.name.len() + header.value.len());
    match headers.len() > HEADERS_MAX || lengths.sum::<usize>() > HEADER_BYTES_MAX {
        true => Err(format!(
            "more than {HEADERS_MAX} headers, or {HEADER_BYTES_MAX} bytes of them"
        )),
        false => Ok(()),
    }
}

/// Checks the length of a name that a guest asks about.
///
/// # Errors
/// It is too long to name anything.
pub(in crate::plugin) fn check_name(name: &str) -> wasmtime::Result<()> {
    match name.len() <= NAME_BYTES_MAX {
        true => Ok(()),
        false => Err(wasmtime::Error::msg(format!(
            "it asked about a name of {} bytes, and {NAME_BYTES_MAX} is the most",
            name.len()
        ))),
    }
}
