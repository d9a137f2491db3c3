//! Phase `fallback`: one model group after the other, until one answers or none is left.
//!
//! A group that fails leads on to its fallbacks, each of which may lead on to its own; no group is tried twice, but for one
//! that names itself: that means its deployments that have not been tried yet. Where nothing helps, the client is told what
//! the group it asked for failed with. The order is LiteLLM's
//! (<https://docs.litellm.ai/docs/proxy/reliability#fallbacks>).

use std::collections::VecDeque;
use std::sync::Arc;

use serde_json::Value;

use super::answer::Answer;
use super::receive::CREDENTIAL_FIELDS;
use super::{Cause, Exchange, Refusal, attempt, route};
use crate::canonical::Canonical;
use crate::config::settings::{Fallbacks, Target};
use crate::json::Splice;

/// The phase.
///
/// # Errors
/// No group answered, or not in time.
pub async fn until_a_group_answers(exchange: &mut Exchange, canonical: &Arc<Canonical>) -> Result<Answer, Refusal> {
    let Some(limit) = exchange.snapshot.settings.upstream.deadline else {
        return through_groups(exchange, canonical).await;
    };
    let left = limit.saturating_sub(exchange.started.elapsed());
    match tokio::time::timeout(left, through_groups(exchange, canonical)).await {
        Ok(answer) => answer,
        Err(_) => Err(Refusal::new(
            Cause::Timeout,
            format!(
                "no deployment answered within {} s, all attempts together",
                limit.as_secs_f64()
            ),
        )),
    }
}

/// A group to try.
struct Hop {
    canonical: Arc<Canonical>,
    /// Groups that led here.
    depth: u32,
}

async fn through_groups(exchange: &mut Exchange, canonical: &Arc<Canonical>) -> Result<Answer, Refusal> {
    let mut hop = Hop {
        canonical: Arc::clone(canonical),
        depth: 0,
    };
    let mut hops = Hops::default();
    let mut first: Option<Refusal> = None;
    // As it is configured: names that clients make up would be labels without bound.
    let mut requested: Option<Box<str>> = None;
    loop {
        let outcome = ask_group(exchange, &hop, &hops.seen).await;
        if let (Some(failure), Some(requested)) = (&first, &requested) {
            count(exchange, requested, failure, outcome.is_ok());
        }
        let refusal = match outcome {
            Ok(answer) => return Ok(answer),
            Err(refusal) => refusal,
        };
        if first.is_none() {
            requested.clone_from(&exchange.story.group);
        }
        hops.add(targets(exchange, &hop, &refusal), &hop);
        let Some(next) = hops.next(&hop) else {
            exchange.canonical = Some(Arc::clone(canonical));
            return Err(first.unwrap_or(refusal));
        };
        tracing::debug!(
            exchange = %exchange.id, from = %hop.canonical.group, to = %next.canonical.group,
            cause = ?refusal.cause, "falling back"
        );
        exchange.story.fell_back(refusal.clone());
        exchange.canonical = Some(Arc::clone(&next.canonical));
        first.get_or_insert(refusal);
        hop = next;
    }
}

/// The groups of one exchange.
#[derive(Default)]
struct Hops {
    /// Still to be tried, the next one first.
    open: VecDeque<Hop>,
    seen: Vec<Box<str>>,
}

impl Hops {
    /// Where a group that has failed leads: there comes before where others led earlier.
    fn add(&mut self, targets: Vec<Target>, failed: &Hop) {
        self.seen.push(failed.canonical.group.clone());
        for target in targets.into_iter().rev() {
            match aimed_at(&target, &failed.canonical) {
                Ok(canonical) => self.open.push_front(Hop {
                    canonical: Arc::new(canonical),
                    depth: failed.depth + 1,
                }),
                Err(error) => tracing::warn!(group = target.group, %error, "a fallback is passed over"),
            }
        }
    }

    /// The next group that was not tried; also the one that has just failed, where it names itself, once.
    fn next(&mut self, failed: &Hop) -> Option<Hop> {
        while let Some(next) = self.open.pop_front() {
            let group = &next.canonical.group;
            let times = self.seen.iter().filter(|seen| *seen == group).count();
            if times == 0 || times == 1 && *group == failed.canonical.group {
                return Some(next);
            }
        }
        None
    }
}

fn count(exchange: &Exchange, requested: &str, failure: &Refusal, is_success: bool) {
    let Some(found) = &exchange.story.group else { return };
    let (status, class) = (failure.cause.status(), failure.cause.class());
    let metrics = &exchange.worker.gateway.metrics;
    metrics.fell_back(requested, found, status, class, is_success);
}

/// The attempts at one group.
async fn ask_group(exchange: &mut Exchange, hop: &Hop, seen: &[Box<str>]) -> Result<Answer, Refusal> {
    let tried: Vec<_> = if seen.contains(&hop.canonical.group) {
        let attempts = exchange.story.attempts.iter();
        attempts
            .map(|attempt| Arc::clone(&attempt.candidate.deployment))
            .collect()
    } else {
        Vec::new()
    };
    let ranked = route::rank(exchange, &hop.canonical, &tried)?;
    attempt::until_one_answers(exchange, &hop.canonical, ranked, &tried).await
}

/// Where a failure leads: the request's own fallbacks, else those of its kind of failure, else the group's.
fn targets(exchange: &Exchange, hop: &Hop, refusal: &Refusal) -> Vec<Target> {
    let canonical = &hop.canonical;
    let configured = &exchange.snapshot.settings.router.fallbacks;
    let is_off = canonical
        .field("disable_fallbacks")
        .is_some_and(|field| field.json == "true");
    if is_off || !refusal.cause.may_fall_back() || hop.depth >= configured.depth_max {
        return Vec::new();
    }
    let asked = |name: &str| asked(canonical, name).filter(|_| hop.depth == 0);
    let of_kind = |name: &str, configured: Option<Vec<Target>>| asked(name).or(configured);
    let special = match refusal.cause {
        Cause::ContextWindowExceeded => of_kind(
            "context_window_fallbacks",
            configured.context_window_after(&canonical.group),
        ),
        Cause::ContentFiltered => of_kind(
            "content_policy_fallbacks",
            configured.content_policy_after(&canonical.group),
        ),
        _ => None,
    };
    special
        .or_else(|| asked("fallbacks"))
        .unwrap_or_else(|| configured.after(&canonical.group).to_vec())
}

/// Fallbacks that a request names: groups, objects with `model` and what changes there, or mappings from a group to these.
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
    Some(targets)
}

fn target(item: Value) -> Option<Target> {
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

/// The request as a fallback gets it.
fn aimed_at(target: &Target, canonical: &Canonical) -> Result<Canonical, crate::json::Error> {
    let aimed = Canonical {
        group: target.group.as_str().into(),
        ..canonical.clone()
    };
    let mut changes = Splice::default();
    let overrides = target.overrides.iter();
    for (name, json) in overrides.filter(|(name, _)| !CREDENTIAL_FIELDS.contains(&name.as_str())) {
        changes.set(name.as_str(), json.as_bytes().to_vec());
    }
    match changes.is_empty() {
        true => Ok(aimed),
        false => aimed.with_fields(changes),
    }
}

impl Fallbacks {
    /// Where a group leads, whatever it failed with.
    pub fn after(&self, group: &str) -> &[Target] {
        let bare = || self.general.get(group.split_once('/')?.1);
        self.general.get(group).or_else(bare).unwrap_or(&self.default)
    }

    fn context_window_after(&self, group: &str) -> Option<Vec<Target>> {
        Some(self.context_window.as_ref()?.get(group).cloned().unwrap_or_default())
    }

    fn content_policy_after(&self, group: &str) -> Option<Vec<Target>> {
        Some(self.content_policy.as_ref()?.get(group).cloned().unwrap_or_default())
    }
}
