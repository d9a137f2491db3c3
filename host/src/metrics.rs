//! Counters, gauges and histograms, and their text for Prometheus.
//!
//! Metrics have LiteLLM's names if it has the same metric, so that its dashboards keep working, and `sluice_…`
//! otherwise. The number of label values is bounded: they are model groups, deployments, plugins and fixed words, never
//! what a client sent. Labels that LiteLLM fills from keys and teams exist and are empty, so that queries with them are
//! valid.
//!
//! The counters of a deployment are looked up once, when it is made ([`DeploymentCounters`]). Counting an exchange then
//! needs additions and no look-up.

mod deployment;
mod families;
pub mod labels;
mod plugin;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use prometheus::{
    CounterVec, HistogramOpts, HistogramVec, IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts, Registry,
    TextEncoder,
};

use families::Family;
use labels::{
    Answered, AttemptFailed, Attempted, Checked, CooledDown, FellBack, GuardTimed, Guarded, Overhead, Place, Refused,
    Requested, Timed,
};

pub use deployment::{DeploymentCounters, Labels};
pub use plugin::PluginCounters;

/// LiteLLM's latency buckets, in seconds.
const BUCKETS: [f64; 17] = [
    0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 2.5, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 600.0,
];

/// All metrics of the process.
pub struct Metrics {
    registry: Registry,
    /// All metrics with labels.
    families: Vec<Box<dyn Family>>,
    requests: IntCounterVec,
    failed_requests: IntCounterVec,
    model_requests: IntCounterVec,
    tokens: Tokens,
    spend: CounterVec,
    total_latency: HistogramVec,
    upstream_latency: HistogramVec,
    first_token: HistogramVec,
    overhead: HistogramVec,
    deployment_requests: IntCounterVec,
    deployment_successes: IntCounterVec,
    deployment_failures: IntCounterVec,
    deployment_state: IntGaugeVec,
    deployment_cooldowns: IntCounterVec,
    health_checks: IntCounterVec,
    health_check_passed: IntGaugeVec,
    fallback_successes: IntCounterVec,
    fallback_failures: IntCounterVec,
    guardrail_requests: IntCounterVec,
    guardrail_latency: HistogramVec,
    callback_failures: IntCounterVec,
    callback_records: IntCounterVec,
    plugins: plugin::Families,
    /// One entry per plugin in use. It keeps a plugin's last error over reloads.
    known_plugins: parking_lot::Mutex<HashMap<Box<str>, Arc<PluginCounters>>>,
    reloads: IntCounterVec,
    /// One entry per deployment in use, like its series: after a reload, counting continues with the same values.
    known_deployments: parking_lot::Mutex<HashMap<deployment::Key, Arc<DeploymentCounters>>>,
    /// Recorded decisions (`sluice.decisions`) that were dropped because the queue was full.
    pub decisions_dropped: IntCounter,
    /// Tasks of the gateway that panicked and were begun anew.
    pub task_restarts: IntCounterVec,
    /// Exchanges in progress.
    pub in_flight: IntGauge,
    /// Open client connections.
    pub connections: IntGauge,
}

struct Tokens {
    total: IntCounterVec,
    input: IntCounterVec,
    output: IntCounterVec,
    cached_input: IntCounterVec,
    reasoning: IntCounterVec,
}

impl Default for Metrics {
    fn default() -> Self {
        let registry = Registry::new();
        let make = Maker {
            registry: &registry,
            families: RefCell::default(),
        };
        make.add(Ok(crate::log::dropped()));
        Self {
            requests: make.counters(
                "litellm_proxy_total_requests_metric_total",
                "Requests of clients.",
                Requested::NAMES,
            ),
            failed_requests: make.counters(
                "litellm_proxy_failed_requests_metric_total",
                "Requests that were answered with an error.",
                Refused::NAMES,
            ),
            model_requests: make.counters(
                "litellm_requests_metric_total",
                "Requests that a model answered.",
                Answered::NAMES,
            ),
            tokens: Tokens {
                total: make.counters(
                    "litellm_total_tokens_metric_total",
                    "Tokens in and out.",
                    Answered::NAMES,
                ),
                input: make.counters("litellm_input_tokens_metric_total", "Tokens in.", Answered::NAMES),
                output: make.counters("litellm_output_tokens_metric_total", "Tokens out.", Answered::NAMES),
                cached_input: make.counters(
                    "litellm_input_cached_tokens_metric_total",
                    "Tokens in, from a cache.",
                    Answered::NAMES,
                ),
                reasoning: make.counters(
                    "litellm_output_reasoning_tokens_metric_total",
                    "Tokens of reasoning.",
                    Answered::NAMES,
                ),
            },
            spend: make.money("litellm_spend_metric_total", "Money used, in USD.", Answered::NAMES),
            total_latency: make.histograms(
                "litellm_request_total_latency_metric",
                "Seconds from request to end of answer.",
                Timed::NAMES,
            ),
            upstream_latency: make.histograms(
                "litellm_llm_api_latency_metric",
                "Seconds that the upstream took.",
                Timed::NAMES,
            ),
            first_token: make.histograms(
                "litellm_llm_api_time_to_first_token_metric",
                "Seconds to the first content of a stream.",
                Timed::NAMES,
            ),
            overhead: make.histograms(
                "litellm_overhead_latency_metric",
                "Seconds that the gateway itself took.",
                Overhead::NAMES,
            ),
            deployment_requests: make.counters(
                "litellm_deployment_total_requests_total",
                "Attempts.",
                Attempted::NAMES,
            ),
            deployment_successes: make.counters(
                "litellm_deployment_success_responses_total",
                "Attempts that succeeded.",
                Attempted::NAMES,
            ),
            deployment_failures: make.counters(
                "litellm_deployment_failure_responses_total",
                "Attempts that failed.",
                AttemptFailed::NAMES,
            ),
            deployment_state: make.gauges(
                "litellm_deployment_state",
                "0 healthy, 1 partial outage, 2 outage.",
                Place::NAMES,
            ),
            deployment_cooldowns: make.counters(
                "litellm_deployment_cooled_down_total",
                "Times a deployment went out of service.",
                CooledDown::NAMES,
            ),
            health_checks: make.counters(
                "sluice_health_checks_total",
                "Health checks, `passed` and `failed`.",
                Checked::NAMES,
            ),
            health_check_passed: make.gauges(
                "sluice_health_check_passed",
                "1 where the last health check passed, 0 where it failed; absent where there was none.",
                Place::NAMES,
            ),
            fallback_successes: make.counters(
                "litellm_deployment_successful_fallbacks_total",
                "Fallbacks that answered.",
                FellBack::NAMES,
            ),
            fallback_failures: make.counters(
                "litellm_deployment_failed_fallbacks_total",
                "Fallbacks that failed too.",
                FellBack::NAMES,
            ),
            guardrail_requests: make.counters("litellm_guardrail_requests_total", "Guardrail checks.", Guarded::NAMES),
            guardrail_latency: make.histograms(
                "litellm_guardrail_latency_seconds",
                "Seconds of a guardrail check.",
                GuardTimed::NAMES,
            ),
            callback_failures: make.counters(
                "litellm_callback_logging_failures_metric_total",
                "Records that a callback did not take.",
                &["callback_name"],
            ),
            callback_records: make.counters(
                "sluice_callback_records_total",
                "Records by what became of them.",
                &["callback", "outcome"],
            ),
            plugins: plugin::Families::new(&make),
            known_plugins: parking_lot::Mutex::default(),
            reloads: make.counters(
                "sluice_reloads_total",
                "Reloads of configuration and plugins.",
                &["what", "outcome"],
            ),
            known_deployments: parking_lot::Mutex::default(),
            task_restarts: make.counters(
                "sluice_task_restarts_total",
                "Tasks of the gateway that panicked and were begun anew.",
                &["task"],
            ),
            decisions_dropped: make.counter(
                "sluice_decisions_dropped_total",
                "Recorded decisions that were dropped, because the disk is slower than they come.",
            ),
            in_flight: make.gauge("litellm_in_flight_requests", "Exchanges under way."),
            connections: make.gauge("sluice_client_connections", "Open client connections."),
            families: make.families.into_inner(),
            registry,
        }
    }
}

impl Metrics {
    /// Counts an answered request of a client, and its error if it has one. Values that the configuration does not bound
    /// must be left empty.
    pub fn answered(&self, asked: Requested<'_>, status: u16, class: Option<&str>) {
        let status = Digits::of(status);
        let status = status.as_str();
        let counted = Requested {
            status_code: status,
            ..asked
        };
        self.requests.with_label_values(&counted.values()).inc();
        let Some(exception_class) = class else { return };
        let Requested {
            end_user,
            hashed_api_key,
            api_key_alias,
            team,
            team_alias,
            user,
            requested_model,
            model_id,
            api_provider,
            route,
            status_code: _,
        } = asked;
        let refused = Refused {
            end_user,
            hashed_api_key,
            api_key_alias,
            team,
            team_alias,
            user,
            requested_model,
            model_id,
            api_provider,
            route,
            exception_status: status,
            exception_class,
        };
        self.failed_requests.with_label_values(&refused.values()).inc();
    }

    /// Counts one check of a guardrail. `status` is `success`, `guardrail_intervened` or `guardrail_failed_to_respond`.
    pub fn guarded(&self, guardrail_name: &str, hook_type: &str, status: &str, seconds: f64) {
        let counted = Guarded {
            guardrail_name,
            status,
            hook_type,
        };
        let timed = GuardTimed {
            guardrail_name,
            status,
            hook_type,
            ..GuardTimed::default()
        };
        self.guardrail_requests.with_label_values(&counted.values()).inc();
        self.guardrail_latency
            .with_label_values(&timed.values())
            .observe(seconds);
    }

    /// Counts a fallback to another model group. Status and class are those of the first failure.
    pub fn fell_back(&self, fell_back: FellBack<'_>, status: u16, is_success: bool) {
        let counters = if is_success {
            &self.fallback_successes
        } else {
            &self.fallback_failures
        };
        let status = Digits::of(status);
        let labels = FellBack {
            exception_status: status.as_str(),
            ..fell_back
        };
        counters.with_label_values(&labels.values()).inc();
    }

    /// Counts records that a callback accepted, or that were dropped. `outcome` is a fixed word.
    pub fn delivered(&self, callback: &str, outcome: &str, records: u64) {
        self.callback_records
            .with_label_values(&[callback, outcome])
            .inc_by(records);
        if outcome != "delivered" {
            self.callback_failures.with_label_values(&[callback]).inc_by(records);
        }
    }

    /// Counts a reload. `what` is `configuration`, `plugins` or `certificate`, `outcome` is `applied` or `refused`.
    pub fn reloaded(&self, what: &str, outcome: &str) {
        self.reloads.with_label_values(&[what, outcome]).inc();
    }

    /// Forgets the series of deployments and plugins that are no longer in use.
    pub fn forget_unused(&self) {
        let mut deployments = self.known_deployments.lock();
        let unused = deployments.extract_if(|_, counters| Arc::strong_count(counters) == 1);
        let mut ids: HashSet<_> = unused.map(|(key, _)| deployment::id_of(&key).to_owned()).collect();
        // Two deployments may have the same id.
        for key in deployments.keys() {
            ids.remove(deployment::id_of(key));
        }
        self.forget("model_id", &ids);
        drop(deployments);
        let mut plugins = self.known_plugins.lock();
        let unused = plugins.extract_if(|_, counters| Arc::strong_count(counters) == 1);
        let names = unused.map(|(name, _)| name.into_string()).collect();
        self.forget("plugin", &names);
    }

    /// Forgets the series of other model groups.
    pub fn keep_groups(&self, names: &HashSet<&str>) {
        self.keep_only(&["requested_model", "model_group", "fallback_model"], names);
    }

    /// Forgets the series of other guardrails.
    pub fn keep_guardrails(&self, names: &HashSet<&str>) {
        self.keep_only(&["guardrail_name"], names);
    }

    /// Forgets the series of other callbacks.
    pub fn keep_callbacks(&self, names: &HashSet<&str>) {
        self.keep_only(&["callback", "callback_name"], names);
    }

    fn keep_only(&self, labels: &[&str], names: &HashSet<&str>) {
        for label in labels {
            for family in &self.families {
                // Series with an empty name are kept, such as those of requests without a known group.
                family.forget(label, &|value| !value.is_empty() && !names.contains(value));
            }
        }
    }

    fn forget(&self, label: &str, gone: &HashSet<String>) {
        if gone.is_empty() {
            return;
        }
        for family in &self.families {
            family.forget(label, &|value| gone.contains(value));
        }
    }

    /// The counters of a plugin, by the name in its manifest.
    pub fn plugin(&self, name: &str) -> Arc<PluginCounters> {
        let mut known = self.known_plugins.lock();
        Arc::clone(
            known
                .entry(name.into())
                .or_insert_with(|| Arc::new(self.plugins.of(name))),
        )
    }

    /// All metrics in Prometheus' text format
    /// (<https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format>).
    pub fn text(&self) -> String {
        for counters in self.known_deployments.lock().values() {
            counters.publish_spend();
        }
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .unwrap_or_default()
    }
}

/// An HTTP status as text, without allocation.
struct Digits([u8; 3]);

impl Digits {
    fn of(status: u16) -> Self {
        let digit = |divisor: u16| b'0' + u8::try_from(status / divisor % 10).unwrap_or(0);
        Self([digit(100), digit(10), digit(1)])
    }

    fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or("000")
    }
}

/// Makes metrics in one registry. Names and labels are constants of this module: if the library refuses one, the first
/// test that runs finds it.
struct Maker<'r> {
    registry: &'r Registry,
    families: RefCell<Vec<Box<dyn Family>>>,
}

impl Maker<'_> {
    fn add<C: prometheus::core::Collector + Clone + 'static>(&self, made: prometheus::Result<C>) -> C {
        let made = made.expect("metric names and labels are valid constants");
        self.registry
            .register(Box::new(made.clone()))
            .expect("each metric is registered once");
        made
    }

    fn add_family<C: prometheus::core::Collector + Family + Clone + 'static>(&self, made: prometheus::Result<C>) -> C {
        let added = self.add(made);
        self.families.borrow_mut().push(Box::new(added.clone()));
        added
    }

    fn counters(&self, name: &str, help: &str, labels: &[&str]) -> IntCounterVec {
        self.add_family(IntCounterVec::new(Opts::new(name, help), labels))
    }

    fn counter(&self, name: &str, help: &str) -> IntCounter {
        self.add(IntCounter::new(name, help))
    }

    fn money(&self, name: &str, help: &str, labels: &[&str]) -> CounterVec {
        self.add_family(CounterVec::new(Opts::new(name, help), labels))
    }

    fn gauges(&self, name: &str, help: &str, labels: &[&str]) -> IntGaugeVec {
        self.add_family(IntGaugeVec::new(Opts::new(name, help), labels))
    }

    fn gauge(&self, name: &str, help: &str) -> IntGauge {
        self.add(IntGauge::new(name, help))
    }

    fn histograms(&self, name: &str, help: &str, labels: &[&str]) -> HistogramVec {
        self.add_family(HistogramVec::new(
            HistogramOpts::new(name, help).buckets(BUCKETS.to_vec()),
            labels,
        ))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn series_of_deployments_that_are_gone_are_forgotten() {
        let metrics = Metrics::default();
        let labels = |id| Labels {
            group: "chat",
            model: "openai/x",
            id,
            api_base: "http://127.0.0.1",
            provider: "openai",
        };
        let (kept, gone) = (metrics.deployment(labels("kept")), metrics.deployment(labels("gone")));
        for (id, counters) in [("kept", &kept), ("gone", &gone)] {
            counters.failed(500, "InternalServerError");
            counters.cooled_down(500);
            counters.checked(Some("AuthenticationError"));
            let asked = Requested {
                requested_model: "chat",
                model_id: id,
                ..Requested::default()
            };
            metrics.answered(asked, 200, None);
        }
        let plugin = metrics.plugin("vanished");
        metrics.forget_unused();
        assert!(metrics.text().contains("\"gone\"") && metrics.text().contains("\"vanished\""));
        drop((gone, plugin));
        metrics.forget_unused();
        let text = metrics.text();
        assert!(!text.contains("\"gone\"") && !text.contains("\"vanished\""), "{text}");
        assert!(text.contains("\"kept\""), "{text}");
    }

    #[test]
    fn series_of_names_that_are_gone_are_forgotten() {
        let metrics = Metrics::default();
        for name in ["kept", "gone"] {
            metrics.answered(
                Requested {
                    requested_model: name,
                    ..Requested::default()
                },
                200,
                None,
            );
            let fell_back = FellBack {
                requested_model: "kept",
                fallback_model: name,
                ..FellBack::default()
            };
            metrics.fell_back(fell_back, 500, true);
            metrics.guarded(name, "pre_call", "success", 0.1);
            metrics.delivered(name, "dropped", 1);
        }
        metrics.answered(Requested::default(), 404, None);
        let names = HashSet::from(["kept"]);
        metrics.keep_groups(&names);
        metrics.keep_guardrails(&names);
        metrics.keep_callbacks(&names);
        let text = metrics.text();
        assert!(!text.contains("\"gone\""), "{text}");
        for name in [
            "litellm_proxy_total_requests_metric_total{",
            "litellm_deployment_successful_fallbacks_total{",
            "litellm_guardrail_requests_total{",
            "litellm_callback_logging_failures_metric_total{",
            "sluice_callback_records_total{",
        ] {
            let series = text.lines().filter(|line| line.starts_with(name)).count();
            let expected = if name.starts_with("litellm_proxy") { 2 } else { 1 };
            assert_eq!(series, expected, "{name}\n{text}");
        }
    }

    #[test]
    fn names_are_those_that_dashboards_ask_for() {
        let metrics = Metrics::default();
        let asked = Requested {
            requested_model: "gpt-4o",
            ..Requested::default()
        };
        metrics.answered(asked, 200, None);
        metrics.answered(asked, 429, Some("RateLimitError"));
        let text = metrics.text();
        assert!(text.contains("litellm_proxy_total_requests_metric_total{"), "{text}");
        assert!(text.contains(r#"status_code="200""#), "{text}");
        assert!(
            text.contains(r#"exception_class="RateLimitError",exception_status="429""#),
            "{text}"
        );
    }
}
