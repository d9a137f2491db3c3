//! The settings that LiteLLM's strategies share.

use serde::Deserialize;

/// The settings of a strategy that needs none but has a name that LiteLLM knows. Everything that LiteLLM allows in
/// `routing_strategy_args` is accepted and has no effect, as in LiteLLM. Any other setting is refused.
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
    /// The schema for [`crate::Manifest::settings_schema`].
    pub const SCHEMA: &str = include_str!("args.schema.json");
}
