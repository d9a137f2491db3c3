//! Settings that LiteLLM's strategies share.

use serde::Deserialize;

/// Settings of a strategy that takes none but bears a name LiteLLM knows: all that `routing_strategy_args` may hold there
/// is accepted and without effect, since LiteLLM ignores what a strategy has no use for. Anything else is refused.
#[derive(Debug, Default, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LiteLlmArgs {
    #[serde(default, rename = "ttl")]
    _ttl: Option<f64>,
    #[serde(default, rename = "lowest_latency_buffer")]
    _lowest_latency_buffer: Option<f64>,
    #[serde(default, rename = "max_latency_list_size")]
    _max_latency_list_size: Option<f64>,
    #[serde(default, rename = "ttft_percentile")]
    _ttft_percentile: Option<f64>,
}

impl LiteLlmArgs {
    /// For [`crate::Manifest::settings_schema`].
    pub const SCHEMA: &str = include_str!("args.schema.json");
}
