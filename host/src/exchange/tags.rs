//! Tags (`enable_tag_filtering`): requests with tags go to deployments that have them. The rules are LiteLLM's
//! (<https://docs.litellm.ai/docs/proxy/tag_routing>).

use super::{Cause, Exchange, Refusal};
use crate::canonical::Canonical;
use crate::snapshot::Found;

/// Deployments with this tag serve requests without any, and those whose tags nobody has.
const DEFAULT: &str = "default";

/// More tags than this are not looked at.
const TAGS_MAX: usize = 64;

/// Leaves out the deployments that the request's tags do not lead to.
///
/// # Errors
/// They lead to none.
pub fn filter(exchange: &Exchange, canonical: &Canonical, found: &mut Found) -> Result<(), Refusal> {
    let rules = &exchange.snapshot.settings.router.tags;
    if !rules.is_on {
        return Ok(());
    }
    let mut asked = of_request(canonical);
    if let Some(prefix) = &rules.prefix {
        asked.retain(|tag| tag.trim_start_matches(['!', '&']).starts_with(prefix.as_str()));
    }
    let has = |own: &[String], tag: &str| own.iter().any(|own| own == tag);
    let fits = |own: &[String]| {
        let plain: Vec<&String> = asked.iter().filter(|tag| !tag.starts_with(['!', '&'])).collect();
        let excluded = asked.iter().filter_map(|tag| tag.strip_prefix('!'));
        let required = asked.iter().filter_map(|tag| tag.strip_prefix('&'));
        let is_wanted = match rules.match_any {
            _ if plain.is_empty() => true,
            true => plain.iter().any(|tag| has(own, tag)),
            false => plain.iter().all(|tag| has(own, tag)),
        };
        is_wanted && !excluded.into_iter().any(|tag| has(own, tag)) && required.into_iter().all(|tag| has(own, tag))
    };
    let is_default = |own: &[String]| has(own, DEFAULT);
    let any = |keep: &dyn Fn(&[String]) -> bool| {
        let mut candidates = found.candidates.iter();
        candidates.any(|candidate| keep(&candidate.deployment.tags))
    };
    let keep: &dyn Fn(&[String]) -> bool = if asked.is_empty() {
        match any(&is_default) {
            true => &is_default,
            false => &|own: &[String]| own.is_empty(),
        }
    } else if any(&fits) {
        &fits
    } else {
        &is_default
    };
    if !any(keep) {
        return Err(Refusal::new(
            Cause::Unauthenticated,
            format!(
                "not allowed to access the model by its tags: no deployment of `{}` is for {}",
                canonical.group,
                match asked.is_empty() {
                    true => "requests without tags".to_owned(),
                    false => format!("the tags `{}`", asked.join("`, `")),
                }
            ),
        ));
    }
    found.retain(|candidate| keep(&candidate.deployment.tags));
    Ok(())
}

/// `tags`, `metadata.tags` and the header `x-litellm-tags`.
fn of_request(canonical: &Canonical) -> Vec<String> {
    #[derive(serde::Deserialize)]
    struct Metadata {
        #[serde(default)]
        tags: Vec<String>,
    }
    let field = |name: &str| canonical.field(name).map(|field| field.json);
    let own: Vec<String> = field("tags")
        .and_then(|json| serde_json::from_str(json).ok())
        .unwrap_or_default();
    let metadata = field("metadata").and_then(|json| serde_json::from_str::<Metadata>(json).ok());
    let header = canonical.header("x-litellm-tags").unwrap_or_default();
    let listed = header.split(',').map(|tag| tag.trim().to_owned());
    let all = own
        .into_iter()
        .chain(metadata.map(|metadata| metadata.tags).unwrap_or_default());
    let mut tags: Vec<String> = all.chain(listed).filter(|tag| !tag.is_empty()).take(TAGS_MAX).collect();
    tags.dedup();
    tags
}
