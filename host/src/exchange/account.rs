//! Phase `account`: counts what an exchange used and what that costs, and updates the health of its deployments.

use std::sync::Arc;
use std::time::Duration;

use crate::deployment::{Candidate, Deployment, Success};
use crate::moment::Moment;
use crate::prices::Cost;
use crate::usage::Usage;

use super::blame;
use super::state::Exchange;
use super::story::Ending;

/// Runs the phase. It runs once, whatever the outcome of the exchange.
pub fn settle(exchange: &mut Exchange) {
    count_usage(exchange);
    let story = &mut exchange.story;
    // A stream counts as time of the upstream until its end.
    story.upstream_time += story.first_content.map_or(Duration::ZERO, |at| at.elapsed());
    let Some(attempt) = story.attempts.last() else { return };
    let deployment = Arc::clone(&attempt.candidate.deployment);
    if let Some(usage) = &story.usage {
        story.cost = charge(&attempt.candidate, usage, story.service_tier.as_deref());
    }
    for cut_off in &story.cut_off {
        let cost = charge(&cut_off.candidate, &cut_off.usage, None);
        story.cost = match (story.cost.take(), cost) {
            (Some(one), Some(other)) => Some(one + other),
            (one, other) => one.or(other),
        };
        story.usage = Some(story.usage.unwrap_or_default() + cut_off.usage);
        story.usage_is_estimated = true;
    }
    judge(exchange, &deployment);
}

/// Counts the usage of a deployment; returns its cost if prices are known.
fn charge(candidate: &Candidate, usage: &Usage, service_tier: Option<&str>) -> Option<Cost> {
    let deployment = &candidate.deployment;
    let prices = deployment.prices_of(&candidate.target);
    let cost = prices.map(|prices| prices.cost(usage, service_tier));
    let picos = cost.as_ref().map_or(0, |cost| cost.total.0);
    deployment.counters.used(usage, picos);
    deployment.health.used(usage.total_tokens, Moment::now());
    cost
}

/// Sets the usage if the upstream did not report it, for example because a stream ended early. The estimate is the
/// prompt by its length, and one token per event.
fn count_usage(exchange: &mut Exchange) {
    let story = &mut exchange.story;
    if story.usage.is_some() || story.content_events == 0 {
        return;
    }
    let prompt_tokens = exchange
        .canonical
        .as_ref()
        .map_or(0, |canonical| canonical.prompt_tokens());
    story.usage = Some(Usage::of_text(u64::from(prompt_tokens), story.content_events));
    story.usage_is_estimated = true;
}

/// Updates the deployment's health with the outcome of the last attempt. An attempt that failed before it answered was
/// counted when it failed.
fn judge(exchange: &Exchange, deployment: &Deployment) {
    let story = &exchange.story;
    let Some(attempt) = story.attempts.last().filter(|attempt| attempt.failure.is_none()) else {
        return;
    };
    let Some(ending) = &story.ending else { return };
    let first_token = story
        .first_content
        .map(|at| at.saturating_duration_since(attempt.begun));
    match ending.failure() {
        None => {
            let success = Success {
                whole: attempt.begun.elapsed(),
                first_token,
                completion_tokens: story.usage.as_ref().map_or(0, |usage| usage.completion_tokens),
            };
            deployment.health.succeeded(success, Moment::now());
            deployment.counters.successes.inc();
            deployment
                .counters
                .took(story.took.unwrap_or_default(), story.upstream_time, first_token);
        }
        // If a client hung up or a guardrail refused, this says nothing about the deployment.
        Some(refusal) if matches!(ending, Ending::Broken(_)) && refusal.cause.may_try_again() => {
            blame::failed(exchange, &attempt.candidate, refusal, None);
        }
        Some(_) => {}
    }
}
