//! The canonical request for a deployment.

use std::borrow::Cow;
use std::sync::Arc;

use crate::canonical::Canonical;
use crate::deployment::Deployment;
use crate::exchange::refusal::{Cause, Refusal};
use crate::json::{self, Kind, Splice};

/// The canonical request for this deployment: with its defaults, and without the fields that it must not get. Control
/// fields stay, since adapters use some of them (`drop_params`); `super::body` removes them.
pub fn prepare(canonical: &Arc<Canonical>, deployment: &Deployment) -> Result<Arc<Canonical>, Refusal> {
    let mut splice = Splice::default();
    let asked = asked_to_drop(canonical)?;
    let dropped: Cow<'_, [json::Path]> = match asked.is_empty() {
        true => Cow::Borrowed(&deployment.dropped),
        false => Cow::Owned([asked.as_slice(), &deployment.dropped].concat()),
    };
    for field in &canonical.fields {
        let Some(name) = field.name(&canonical.body) else {
            continue;
        };
        let is_dropped = dropped.iter().any(|path| path.is_whole_field() && path.field == name);
        let is_ours = name == "stream" && canonical.is_streaming && !canonical.asks_for_stream();
        // Null means "not given"; strict upstreams refuse it.
        if is_dropped || is_ours || field.value.kind == Kind::Null {
            splice.remove(name);
        } else if let Some(left) = json::without(&canonical.body, field, &dropped) {
            splice.set(name, left);
        }
    }
    for (name, json) in &deployment.settings.defaults {
        if !is_said(canonical, name) {
            splice.set_default(name.as_str(), json.as_bytes());
        }
    }
    if splice.is_empty() {
        return Ok(Arc::clone(canonical));
    }
    let prepared = canonical.with_fields(splice).map_err(|error| {
        Refusal::new(Cause::Internal, "the deployment's parameters do not fit the request").detail(format!(
            "deployment `{}`: a default in `litellm_params` is not JSON: {error}",
            deployment.settings.id
        ))
    })?;
    Ok(Arc::new(prepared))
}

/// `additional_drop_params` of the request: names of fields, or paths into them.
///
/// # Errors
/// It is not a list of strings, or has more than 100 elements.
fn asked_to_drop(canonical: &Canonical) -> Result<Vec<json::Path>, Refusal> {
    const NAME: &str = "additional_drop_params";
    const PATHS_MAX: usize = 100;
    let Some(field) = canonical.field(NAME).filter(|field| field.json != "null") else {
        return Ok(Vec::new());
    };
    match serde_json::from_str::<Vec<String>>(field.json) {
        Ok(paths) if paths.len() <= PATHS_MAX => Ok(paths.iter().map(|path| json::Path::parse(path)).collect()),
        _ => {
            let sentence = format!("`{NAME}` must be a list of at most {PATHS_MAX} names or paths (`tools[*].x`)");
            Err(Refusal::new(Cause::BadRequest, sentence).parameter(NAME))
        }
    }
}

fn is_given(canonical: &Canonical, name: &str) -> bool {
    canonical.field(name).is_some_and(|field| field.json != "null")
}

/// Parameters with the same meaning: providers refuse a request that has two of them.
const SAME: [&[&str]; 4] = [
    &["max_tokens", "max_completion_tokens", "max_output_tokens"],
    &["reasoning_effort", "reasoning", "thinking"],
    &["tools", "functions"],
    &["tool_choice", "function_call"],
];

/// Whether the client gives this parameter, or another one with the same meaning.
fn is_said(canonical: &Canonical, name: &str) -> bool {
    let same = SAME.iter().find(|names| names.contains(&name));
    is_given(canonical, name) || same.is_some_and(|names| names.iter().any(|other| is_given(canonical, other)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(body: &'static str) -> Canonical {
        Canonical::empty().with_body(body.into()).unwrap()
    }

    #[test]
    fn a_default_gives_way_to_what_says_the_same() {
        let asked = canonical(r#"{"max_completion_tokens":55,"thinking":null,"functions":[],"top_k":null}"#);
        for said in ["max_tokens", "max_completion_tokens", "max_output_tokens", "tools"] {
            assert!(is_said(&asked, said), "{said}");
        }
        for unsaid in ["reasoning_effort", "thinking", "tool_choice", "top_k", "temperature"] {
            assert!(!is_said(&asked, unsaid), "{unsaid}");
        }
    }

    #[test]
    fn a_request_says_what_to_drop() {
        let dropped = |body| asked_to_drop(&canonical(body)).map(|paths| paths.len());
        assert_eq!(
            dropped(r#"{"additional_drop_params":["seed","tools[*].x"]}"#).unwrap(),
            2
        );
        assert_eq!(dropped(r#"{"additional_drop_params":null}"#).unwrap(), 0);
        assert_eq!(dropped("{}").unwrap(), 0);
        for wrong in [
            r#"{"additional_drop_params":"seed"}"#,
            r#"{"additional_drop_params":[1]}"#,
        ] {
            assert_eq!(dropped(wrong).unwrap_err().cause, Cause::BadRequest);
        }
    }
}
