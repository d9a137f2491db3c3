//! Which model groups follow a group that failed. The order is LiteLLM's
//! (<https://docs.litellm.ai/docs/proxy/reliability#fallbacks>).

use serde_json::Value;

use super::GroupNames;
use crate::canonical::{Canonical, MODEL_BYTES_MAX};
use crate::config::settings::{Fallbacks, GroupTargets, Target};
use crate::exchange::refusal::Cause;

/// If a request names more fallbacks than this, the rest is not tried.
const ASKED_MAX: usize = 64;

/// The targets after a failure at `depth`, the number of groups that led there. If the prompt was too long, or a content
/// filter refused it, these are the request's own targets for this kind of failure, else the configured ones for it.
/// Otherwise, or if neither exists, these are the request's `fallbacks`, else those of its group. A request's own targets
/// apply to its first group only.
pub fn targets(
    configured: &Fallbacks,
    names: GroupNames,
    canonical: &Canonical,
    cause: Cause,
    depth: u32,
) -> Vec<Target> {
    let is_off = canonical
        .field("disable_fallbacks")
        .is_some_and(|field| field.json == "true");
    if is_off || !cause.may_fall_back() || depth >= configured.depth_max {
        return Vec::new();
    }
    let asked = |name: &str| asked(canonical, name).filter(|_| depth == 0);
    // If a list for this kind is configured and the group is not in it, there are no fallbacks.
    let of_kind = |name: &str, configured: Option<&GroupTargets>| {
        let own = |list: &GroupTargets| names.find(|group| list.get(group).cloned()).unwrap_or_default();
        asked(name).or_else(|| configured.map(own))
    };
    let special = match cause {
        Cause::ContextWindowExceeded => of_kind("context_window_fallbacks", configured.context_window.as_ref()),
        Cause::ContentFiltered => of_kind("content_policy_fallbacks", configured.content_policy.as_ref()),
        _ => None,
    };
    special
        .or_else(|| asked("fallbacks"))
        .unwrap_or_else(|| of_group(configured, names).to_vec())
}

/// The configured fallbacks of a group that apply to every kind of failure.
pub fn of_group<'a>(configured: &'a Fallbacks, names: GroupNames) -> &'a [Target] {
    names.find(|group| configured.own(group)).unwrap_or(&configured.default)
}

/// The fallbacks that a request names: groups, objects with `model` and the fields to change, or objects that map a
/// group to a list of these.
fn asked(canonical: &Canonical, name: &str) -> Option<Vec<Target>> {
    let field = canonical.field(name)?;
    let Ok(Value::Array(items)) = serde_json::from_str(field.json) else {
        return None;
    };
    let mut targets = Vec::new();
    for item in items {
        match item {
            Value::Object(mut groups) if !groups.contains_key("model") => {
                if let Some(Value::Array(own)) = groups.remove(canonical.group.as_ref()) {
                    targets.extend(own.into_iter().filter_map(target));
                }
            }
            other => targets.extend(target(other)),
        }
    }
    targets.truncate(ASKED_MAX);
    Some(targets)
}

/// `None` if the item names no group that could exist.
fn target(item: Value) -> Option<Target> {
    let target = read_target(item)?;
    (target.group.len() <= MODEL_BYTES_MAX).then_some(target)
}

fn read_target(item: Value) -> Option<Target> {
    match item {
        Value::String(group) => Some(Target {
            group,
            overrides: Vec::new(),
        }),
        Value::Object(mut fields) => {
            let Some(Value::String(group)) = fields.remove("model") else {
                return None;
            };
            let overrides = fields.into_iter().map(|(name, value)| (name, value.to_string().into()));
            Some(Target {
                group,
                overrides: overrides.collect(),
            })
        }
        _ => None,
    }
}

impl Fallbacks {
    /// The fallbacks of a group for every kind of failure; `None` if it has none of its own. A group `a/b` may use
    /// those of `b`.
    #[must_use]
    pub fn own(&self, group: &str) -> Option<&[Target]> {
        let bare = || self.general.get(group.split_once('/')?.1);
        self.general.get(group).or_else(bare).map(Vec::as_slice)
    }
}
