//! Prices of a deployment, in US dollars a unit. LiteLLM has about 120 fields, made of a unit, a direction, a threshold
//! and a service tier: what the host's `prices` reads stands in [`RATES`], the other families in [`FAMILIES`].
//! Source: `sample_spec` in <https://github.com/BerriAI/litellm/blob/main/model_prices_and_context_window.json>.

use super::{ANY, BOOL, Key, SHARE, Shape, TEXT, later, on};

/// In `litellm_params`: they take precedence over the price list.
#[rustfmt::skip] // One key a row.
pub const RATES: &[Key] = &[
    on("input_cost_per_token", SHARE, "US dollars an input token; default: the price list."),
    on("output_cost_per_token", SHARE, "US dollars an output token; default: the price list."),
    on("input_cost_per_token_*", SHARE, "The same above so many tokens, or in a service tier."),
    on("output_cost_per_token_*", SHARE, "The same above so many tokens, or in a service tier."),
    on("cache_read_input_token_cost", SHARE, "US dollars a token read from the provider's cache."),
    on("cache_read_input_token_cost_*", SHARE, "The same above so many tokens, or in a service tier."),
    on("cache_creation_input_token_cost", SHARE, "US dollars a token written to the provider's cache."),
    on("cache_creation_input_token_cost_*", SHARE, "The same above so many tokens, or in a service tier."),
    on("output_cost_per_reasoning_token", SHARE, "US dollars a token of reasoning; default: an output token."),
    on("input_cost_per_audio_token", SHARE, "US dollars an input token of audio."),
    on("output_cost_per_audio_token", SHARE, "US dollars an output token of audio."),
    on("input_cost_per_image_token", SHARE, "US dollars an input token of an image."),
    on("output_cost_per_image_token", SHARE, "US dollars an output token of an image."),
    on("input_cost_per_request", SHARE, "US dollars a request."),
    on("input_cost_per_query", SHARE, "US dollars a query."),
    on("input_cost_per_image", SHARE, "US dollars an input image."),
    on("output_cost_per_image", SHARE, "US dollars an output image."),
    on("input_cost_per_second", SHARE, "US dollars a second of input."),
    on("input_cost_per_audio_per_second", SHARE, "US dollars a second of audio input."),
    on("output_cost_per_second", SHARE, "US dollars a second of output."),
    on("input_cost_per_character", SHARE, "US dollars a character of input."),
    on("output_cost_per_character", SHARE, "US dollars a character of output."),
    on("input_cost_per_pixel", SHARE, "US dollars a pixel of input."),
    on("output_cost_per_pixel", SHARE, "US dollars a pixel of output."),
];

/// In `litellm_params`: not yet counted.
#[rustfmt::skip] // One key a row.
pub const FAMILIES: &[Key] = &[
    later("further prices", "*_cost_per_*", ANY, "US dollars another unit: a page, a tool call, a second of video."),
    later("further prices", "*_token_cost*", ANY, "US dollars another kind of token."),
    later("further prices", "search_context_cost_per_query", Shape::Map(&SHARE), "US dollars a web search, by context size."),
    later("further prices", "tiered_pricing", Shape::List(&ANY), "Prices by ranges of tokens."),
    later("further prices", "off_peak_pricing", Shape::Map(&ANY), "Prices within hours of the day."),
    later("further prices", "regional_*", ANY, "Factors for regional processing and endpoints."),
    later("further prices", "provider_specific_entry", Shape::Map(&ANY), "Factors the provider applies."),
    later("further prices", "pricing_provider", TEXT, "The provider whose price list applies."),
    later("further prices", "custom_pricing", BOOL, "Says that the prices here are the operator's own."),
];

/// In `model_info`.
#[rustfmt::skip] // One key a row.
pub const OF_INFO: &[Key] = &[
    later("prices in `model_info`", "*_cost_per_*", ANY, "US dollars a unit; in `litellm_params` prices are in effect."),
    later("prices in `model_info`", "*_token_cost*", ANY, "US dollars a token; in `litellm_params` prices are in effect."),
    later("prices in `model_info`", "tiered_pricing", Shape::List(&ANY), "Prices by ranges of tokens."),
    later("prices in `model_info`", "off_peak_pricing", Shape::Map(&ANY), "Prices within hours of the day."),
    later("prices in `model_info`", "pricing_provider", TEXT, "The provider whose price list applies."),
];
