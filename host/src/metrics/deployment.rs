//! Metrics of deployments. Their counters are looked up once, when the deployment is made.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use prometheus::{Counter, Histogram, IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::labels::{Answered, AttemptFailed, Attempted, Checked, CooledDown, Overhead, Place, Timed};
use super::{Digits, Metrics};
use crate::usage::Usage;

/// The labels that identify a deployment.
#[derive(Debug, Clone, Copy)]
pub struct Labels<'a> {
    /// The model group as configured. A wildcard's is its pattern, so that the number of labels is bounded.
    pub group: &'a str,
    /// `provider/model` as configured.
    pub model: &'a str,
    pub id: &'a str,
    /// As configured, or the adapter's default; empty if the deployment only mocks.
    pub api_base: &'a str,
    pub provider: &'a str,
}

impl Labels<'_> {
    fn key(&self) -> Key {
        [self.group, self.model, self.id, self.api_base, self.provider].map(Into::into)
    }
}

/// [`Labels`] as a key of a map.
pub(super) type Key = [Box<str>; 5];

fn place(key: &Key) -> Place<'_> {
    let [_, model, id, api_base, provider] = key;
    Place {
        litellm_model_name: model,
        model_id: id,
        api_base,
        api_provider: provider,
    }
}

pub(super) fn id_of(key: &Key) -> &str {
    &key[2]
}

/// Counters of one deployment.
pub struct DeploymentCounters {
    pub requests: IntCounter,
    pub successes: IntCounter,
    failures: IntCounterVec,
    own: Key,
    model_requests: IntCounter,
    total_tokens: IntCounter,
    input_tokens: IntCounter,
    output_tokens: IntCounter,
    cached_tokens: IntCounter,
    reasoning_tokens: IntCounter,
    /// Spend since the last scrape, in whole pico-dollars. It is converted to Prometheus' float at the next scrape.
    spend_picos: AtomicU64,
    spend: Counter,
    total_latency: Histogram,
    upstream_latency: Histogram,
    first_token: Histogram,
    overhead: Histogram,
    pub state: IntGauge,
    cooldowns: IntCounterVec,
    checks: IntCounterVec,
    check_passed: IntGaugeVec,
}

impl Metrics {
    /// The counters of a deployment. If a deployment with these labels is known already, they are the same ones.
    pub fn deployment(&self, labels: Labels<'_>) -> Arc<DeploymentCounters> {
        let mut known = self.known_deployments.lock();
        Arc::clone(
            known
                .entry(labels.key())
                .or_insert_with(|| Arc::new(self.counters(labels))),
        )
    }

    fn counters(&self, labels: Labels<'_>) -> DeploymentCounters {
        let Labels {
            group,
            model,
            id,
            api_base,
            provider,
        } = labels;
        let answered = Answered {
            requested_model: group,
            model,
            model_id: id,
            api_provider: provider,
            ..Answered::default()
        };
        let answered = answered.values();
        let timed = Timed {
            model_group: group,
            requested_model: group,
            model,
            model_id: id,
            api_provider: provider,
            ..Timed::default()
        };
        let timed = timed.values();
        let overhead = Overhead {
            model_group: group,
            api_provider: provider,
            api_base,
            litellm_model_name: model,
            model_id: id,
            ..Overhead::default()
        };
        let attempted = Attempted {
            requested_model: group,
            model_group: group,
            litellm_model_name: model,
            model_id: id,
            api_base,
            api_provider: provider,
            ..Attempted::default()
        };
        let attempted = attempted.values();
        DeploymentCounters {
            requests: self.deployment_requests.with_label_values(&attempted),
            successes: self.deployment_successes.with_label_values(&attempted),
            failures: self.deployment_failures.clone(),
            own: labels.key(),
            model_requests: self.model_requests.with_label_values(&answered),
            total_tokens: self.tokens.total.with_label_values(&answered),
            input_tokens: self.tokens.input.with_label_values(&answered),
            output_tokens: self.tokens.output.with_label_values(&answered),
            cached_tokens: self.tokens.cached_input.with_label_values(&answered),
            reasoning_tokens: self.tokens.reasoning.with_label_values(&answered),
            spend_picos: AtomicU64::new(0),
            spend: self.spend.with_label_values(&answered),
            total_latency: self.total_latency.with_label_values(&timed),
            upstream_latency: self.upstream_latency.with_label_values(&timed),
            first_token: self.first_token.with_label_values(&timed),
            overhead: self.overhead.with_label_values(&overhead.values()),
            state: self.deployment_state.with_label_values(&place(&labels.key()).values()),
            cooldowns: self.deployment_cooldowns.clone(),
            checks: self.health_checks.clone(),
            check_passed: self.health_check_passed.clone(),
        }
    }
}

impl DeploymentCounters {
    /// Counts an attempt that failed.
    pub fn failed(&self, status: u16, class: &str) {
        let status = Digits::of(status);
        let Place {
            litellm_model_name,
            model_id,
            api_base,
            api_provider,
        } = place(&self.own);
        let [group, ..] = &self.own;
        let labels = AttemptFailed {
            requested_model: group,
            model_group: group,
            litellm_model_name,
            model_id,
            api_base,
            api_provider,
            exception_status: status.as_str(),
            exception_class: class,
            ..AttemptFailed::default()
        };
        self.failures.with_label_values(&labels.values()).inc();
    }

    /// Counts a cooldown that began with a failure of this status.
    pub fn cooled_down(&self, status: u16) {
        self.state.set(2);
        let status = Digits::of(status);
        let Place {
            litellm_model_name,
            model_id,
            api_base,
            api_provider,
        } = place(&self.own);
        let labels = CooledDown {
            litellm_model_name,
            model_id,
            api_base,
            api_provider,
            exception_status: status.as_str(),
        };
        self.cooldowns.with_label_values(&labels.values()).inc();
    }

    /// Counts a health check: the class of what went wrong, `None` if it passed.
    pub fn checked(&self, failure: Option<&'static str>) {
        let place = place(&self.own);
        self.check_passed
            .with_label_values(&place.values())
            .set(i64::from(failure.is_none()));
        let labels = Checked {
            litellm_model_name: place.litellm_model_name,
            model_id: place.model_id,
            api_base: place.api_base,
            api_provider: place.api_provider,
            outcome: if failure.is_none() { "passed" } else { "failed" },
            exception_class: failure.unwrap_or_default(),
        };
        self.checks.with_label_values(&labels.values()).inc();
    }

    /// Counts the usage of an exchange and its cost in pico-dollars.
    pub fn used(&self, usage: &Usage, picos: u128) {
        self.model_requests.inc();
        self.total_tokens.inc_by(usage.total_tokens);
        self.input_tokens.inc_by(usage.prompt_tokens);
        self.output_tokens.inc_by(usage.completion_tokens);
        self.cached_tokens.inc_by(usage.input.cached);
        self.reasoning_tokens.inc_by(usage.output.reasoning);
        self.spend_picos
            .fetch_add(u64::try_from(picos).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// Records times: of the whole exchange, of the upstream's part, and to the first content of a stream.
    pub fn took(&self, whole: Duration, upstream: Duration, first_token: Option<Duration>) {
        self.total_latency.observe(whole.as_secs_f64());
        self.upstream_latency.observe(upstream.as_secs_f64());
        self.overhead.observe(whole.saturating_sub(upstream).as_secs_f64());
        if let Some(first_token) = first_token {
            self.first_token.observe(first_token.as_secs_f64());
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "Prometheus knows floats only")]
    pub(super) fn publish_spend(&self) {
        let picos = self.spend_picos.swap(0, Ordering::Relaxed);
        self.spend.inc_by(picos as f64 / 1e12);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spend_goes_on_over_reloads_and_scrapes() {
        let metrics = Metrics::default();
        let deployment = || {
            metrics.deployment(Labels {
                group: "chat",
                model: "openai/gpt-4o",
                id: "one",
                api_base: "https://api.example/v1",
                provider: "openai",
            })
        };
        let before = deployment();
        before.used(&Usage::default(), 250_000_000_000);
        let after = deployment();
        after.used(&Usage::default(), 500_000_000_000);
        metrics.text();
        before.used(&Usage::default(), 250_000_000_000);
        let text = metrics.text();
        let spend = text
            .lines()
            .find(|line| line.starts_with("litellm_spend_metric_total{"));
        assert!(spend.is_some_and(|line| line.ends_with(" 1")), "{spend:?}");
    }
}
