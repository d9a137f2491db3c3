//! Tags (`enable_tag_filtering`): requests with tags go to deployments that have them. The rules are LiteLLM's
//! (<https://docs.litellm.ai/docs/proxy/tag_routing>).

use super::{Cause, Exchange, Refusal};
use crate::canonical::Canonical;
use crate::snapshot::Found;

/// Deployments with this tag serve requests without any, and those whose tags nobody has.
const DEFAULT: &str = "default";

/// Leaves out the deployments that the request's tags do not lead to.
///
/// # Errors
/// They lead to none.
pub fn filter(exchange: &Exchange, canonical: &Canonical, found: &mut Found) -> Result<(), Refusal> {
    let rules = &exchange.snapshot.settings.router.tags;
    if !rules.is_on {
        return Ok(());
    }
    let mut asked = canonical.tags();
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
