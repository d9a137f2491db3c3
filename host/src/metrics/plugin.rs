//! Metrics of plugins: calls, time, failures, memory.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use parking_lot::Mutex;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec};

use super::Maker;

pub(super) struct Families {
    calls: IntCounterVec,
    micros: IntCounterVec,
    failures: IntCounterVec,
    instances: IntCounterVec,
    log_lines_dropped: IntCounterVec,
    access_denied: IntCounterVec,
    memory: IntGaugeVec,
}

impl Families {
    pub(super) fn new(make: &Maker<'_>) -> Self {
        let plugin = ["plugin"];
        Self {
            calls: make.counters("sluice_plugin_calls_total", "Calls of a plugin's exports.", &plugin),
            micros: make.counters(
                "sluice_plugin_microseconds_total",
                "Microseconds spent in those calls.",
                &plugin,
            ),
            failures: make.counters(
                "sluice_plugin_failures_total",
                "Calls that were stopped or trapped.",
                &["plugin", "kind"],
            ),
            instances: make.counters("sluice_plugin_instances_total", "Instances made.", &plugin),
            log_lines_dropped: make.counters(
                "sluice_plugin_log_lines_dropped_total",
                "Log lines over the bound.",
                &plugin,
            ),
            access_denied: make.counters(
                "sluice_plugin_access_denied_total",
                "Outbound requests without a grant.",
                &plugin,
            ),
            memory: make.gauges(
                "sluice_plugin_memory_bytes_max",
                "Most memory that an instance has had.",
                &plugin,
            ),
        }
    }

    pub(super) fn of(&self, name: &str) -> PluginCounters {
        let plugin = [name];
        PluginCounters {
            calls: self.calls.with_label_values(&plugin),
            micros: self.micros.with_label_values(&plugin),
            failures: self.failures.clone(),
            name: name.into(),
            instances: self.instances.with_label_values(&plugin),
            log_lines_dropped: self.log_lines_dropped.with_label_values(&plugin),
            access_denied: self.access_denied.with_label_values(&plugin),
            memory: self.memory.with_label_values(&plugin),
            memory_max: AtomicU64::new(0),
            last_error: Mutex::default(),
        }
    }
}

/// Counters of one plugin.
pub struct PluginCounters {
    calls: IntCounter,
    micros: IntCounter,
    failures: IntCounterVec,
    name: Box<str>,
    pub instances: IntCounter,
    pub log_lines_dropped: IntCounter,
    pub access_denied: IntCounter,
    memory: IntGauge,
    memory_max: AtomicU64,
    last_error: Mutex<Option<String>>,
}

impl PluginCounters {
    /// Counts a call that has ended, with or without an error.
    pub fn called(&self, took: Duration) {
        self.calls.inc();
        self.micros.inc_by(u64::try_from(took.as_micros()).unwrap_or(u64::MAX));
    }

    /// Counts a call that was stopped, trapped or broke its contract. `kind` is a fixed word.
    pub fn failed(&self, kind: &str, message: String) {
        self.failures.with_label_values(&[self.name.as_ref(), kind]).inc();
        *self.last_error.lock() = Some(message);
    }

    /// Records the memory of an instance after a call.
    pub fn saw_memory(&self, bytes: usize) {
        let bytes = bytes as u64;
        if self.memory_max.fetch_max(bytes, Ordering::Relaxed) < bytes {
            self.memory.set(i64::try_from(bytes).unwrap_or(i64::MAX));
        }
    }

    /// The number of calls, for listings.
    pub fn calls(&self) -> u64 {
        self.calls.get()
    }

    /// The message of the last failure.
    pub fn last_error(&self) -> Option<String> {
        self.last_error.lock().clone()
    }
}
