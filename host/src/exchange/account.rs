//! Phase `account`: counts what an exchange used and what that costs, and updates the health of its deployments.

use crate::deployment::{Candidate, Success};
use crate::moment::Moment;
use crate::prices::Cost;
use crate::usage::Usage;

use super::blame;
use super::history::{Ending, Event, History};
use super::state::Exchange;

/// Runs the phase. It runs once, whatever the outcome of the exchange.
pub fn settle(exchange: &mut Exchange) {
    estimate_usage(exchange);
    for cost in costs(&exchange.history) {
        exchange.history.add(Event::Charged(Box::new(cost)));
    }
    judge(exchange);
}

/// What each answer's usage costs, as far as prices are known. It is counted.
fn costs(history: &History) -> Vec<Cost> {
    let charged = history
        .used()
        .filter_map(|(candidate, usage, tier)| charge(candidate, &usage, tier));
    charged.collect()
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

/// Adds the usage if the upstream did not report it, for example because a stream ended early. The estimate is the
/// prompt by its length, and one token per event.
fn estimate_usage(exchange: &mut Exchange) {
    let events = exchange.history.content_events();
    if events == 0 || exchange.history.last_usage_is_known() {
        return;
    }
    let canonical = exchange.canonical.as_ref();
    let prompt_tokens = canonical.map_or(0, |canonical| canonical.prompt_tokens());
    exchange.history.add(Event::Used {
        usage: Usage::of_text(u64::from(prompt_tokens), events),
        service_tier: None,
        is_estimated: true,
    });
}

/// Updates the deployment's health with the outcome of the last attempt. An attempt that failed before it answered was
/// counted when it failed.
fn judge(exchange: &Exchange) {
    let history = &exchange.history;
    let Some(attempt) = history.last_attempt().filter(|attempt| attempt.failure.is_none()) else {
        return;
    };
    let Some(ending) = history.ending() else { return };
    let deployment = &attempt.candidate.deployment;
    let first_token = history
        .first_content()
        .map(|at| at.saturating_duration_since(attempt.begun));
    match ending.failure() {
        None => {
            let success = Success {
                whole: attempt.begun.elapsed(),
                first_token,
                completion_tokens: history.usage().map_or(0, |usage| usage.completion_tokens),
            };
            deployment.health.succeeded(success, Moment::now());
            deployment.counters.successes.inc();
            deployment
                .counters
                .took(history.took(), history.upstream_time(), first_token);
        }
        // If a client hung up or a guardrail refused, this says nothing about the deployment.
        Some(refusal) if matches!(ending, Ending::Broken(_)) && refusal.cause.may_try_again() => {
            blame::failed(exchange, attempt.candidate, refusal, None);
        }
        Some(_) => {}
    }
}
