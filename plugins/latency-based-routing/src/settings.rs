//! The settings of the operator: LiteLLM's `routing_strategy_args` for this strategy.

use serde::Deserialize;

/// Settings of the strategy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// How much slower than the fastest deployment one may be to count as equally fast, as a fraction of the fastest
    /// time. Default: 0.
    #[serde(default)]
    pub(crate) lowest_latency_buffer: f64,
    /// Age in seconds after which a measurement is ignored. Default: 3600.
    #[serde(default = "hour")]
    pub(crate) ttl: f64,
    /// LiteLLM's number of samples. It has no effect, since averages are moving averages here.
    #[serde(default, rename = "max_latency_list_size")]
    _max_latency_list_size: Option<f64>,
    /// LiteLLM's percentile of times to the first token. It has no effect here.
    #[serde(default, rename = "ttft_percentile")]
    _ttft_percentile: Option<f64>,
}

fn hour() -> f64 {
    3_600.0
}

impl Settings {
    /// Checks what the schema says too, for hosts that do not apply the schema.
    ///
    /// # Errors
    /// A setting is negative; the message names it.
    pub(crate) fn check(&self) -> Result<(), String> {
        for (name, value) in [("lowest_latency_buffer", self.lowest_latency_buffer), ("ttl", self.ttl)] {
            if value < 0.0 {
                return Err(format!("settings: `{name}` is {value}, and must not be negative"));
            }
        }
        Ok(())
    }
}
