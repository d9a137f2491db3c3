//! What is known of a model: prices, limits, capabilities. The shape of a line of the catalogue.

use std::collections::BTreeMap;

use serde::Deserialize;

/// A model as the catalogue has it.
#[derive(Clone, Debug, Deserialize)]
pub struct Model<'a> {
    /// Its name in the catalogue, `provider/model`.
    #[serde(skip)]
    pub name: &'a str,
    /// What it is for, in LiteLLM's words: `chat`, `completion`, `embedding`, `responses`, `rerank`,
    /// `image_generation`, `image_edit`, `audio_transcription`, `audio_speech`.
    pub mode: &'a str,
    #[serde(flatten)]
    pub prices: Prices,
    /// Most tokens of a prompt.
    pub max_input: Option<u64>,
    /// Most tokens of an answer.
    pub max_output: Option<u64>,
    #[serde(borrow, default)]
    can: Vec<&'a str>,
}

impl Model<'_> {
    /// Whether the model is known to have a capability: `vision`, `tools`, `tool_choice`, `parallel_tools`,
    /// `json_schema`, `reasoning`, `prefill`, `pdf`, `audio_in`, `audio_out`, `video_in`, `web_search`, `computer_use`,
    /// `caching`.
    pub fn can(&self, capability: &str) -> bool {
        self.can.contains(&capability)
    }

    /// All of them, by name in alphabetic order.
    pub fn capabilities(&self) -> &[&str] {
        &self.can
    }
}

/// What a model or a deployment charges. All default to unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Prices {
    #[serde(flatten)]
    pub base: Tier,
    /// Service tiers (`flex`, `priority`, …), each naming only what it charges differently.
    #[serde(default, rename = "service")]
    pub services: BTreeMap<String, Tier>,
    #[serde(flatten)]
    pub units: UnitPrices,
}

/// Rates, and what changes for long prompts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Tier {
    #[serde(flatten)]
    pub rates: Rates,
    /// Lowest first.
    #[serde(default)]
    pub thresholds: Vec<Threshold>,
}

/// Rates for the whole of a request whose prompt is longer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Threshold {
    /// Tokens of the prompt, cached ones included, that are still charged the lower rate.
    pub above: u64,
    /// Those that change.
    #[serde(flatten)]
    pub rates: Rates,
}

/// Pico-dollars a token, by kind. `none` falls back to the rate the doc names; an explicit 0 is free.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct Rates {
    pub input: Option<u64>,
    /// Else [`image_output`](Rates::image_output): models that answer with nothing but images have only that.
    pub output: Option<u64>,
    /// Read from the prompt cache; else [`input`](Rates::input).
    pub cached_input: Option<u64>,
    /// Written to the prompt cache for the shorter time; else [`input`](Rates::input).
    pub cache_write: Option<u64>,
    /// Written for an hour; else [`cache_write`](Rates::cache_write).
    pub cache_write_1h: Option<u64>,
    /// Else [`output`](Rates::output).
    pub reasoning: Option<u64>,
    /// Else [`input`](Rates::input).
    pub audio_input: Option<u64>,
    /// Else [`output`](Rates::output).
    pub audio_output: Option<u64>,
    /// Else [`input`](Rates::input).
    pub image_input: Option<u64>,
    /// Else [`output`](Rates::output).
    pub image_output: Option<u64>,
}

/// Pico-dollars for what is not counted in tokens. [`Prices::cost`] charges characters and seconds of input, and
/// searches; nothing counts the others yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub struct UnitPrices {
    /// A request, a query, or a search unit of a rerank.
    pub per_request: Option<u64>,
    /// An image made.
    pub per_image: Option<u64>,
    /// An image read.
    pub per_input_image: Option<u64>,
    /// A second of audio or video made.
    pub per_second: Option<u64>,
    /// A second of audio or video read.
    pub per_input_second: Option<u64>,
    /// A character spoken.
    pub per_character: Option<u64>,
    /// A character read.
    pub per_input_character: Option<u64>,
    /// A pixel made.
    pub per_pixel: Option<u64>,
    /// A pixel read, or asked for.
    pub per_input_pixel: Option<u64>,
    /// A search of the web that the provider makes for an answer.
    pub per_search: Option<u64>,
    /// What tokens cost where the answer is made in the United States alone, in thousandths of the usual; else as usual.
    pub us_permille: Option<u64>,
}

impl Rates {
    /// These, with those that `special` gives in their place.
    ///
    /// A special output rate takes the reasoning rate with it: reasoning is charged as output, and where its rate is
    /// spelt out, it is for the plain case.
    #[must_use]
    pub fn overlaid(self, special: &Rates) -> Rates {
        let reasoning = if special.output.is_some() { None } else { self.reasoning };
        Rates {
            input: special.input.or(self.input),
            output: special.output.or(self.output),
            cached_input: special.cached_input.or(self.cached_input),
            cache_write: special.cache_write.or(self.cache_write),
            cache_write_1h: special.cache_write_1h.or(self.cache_write_1h),
            reasoning: special.reasoning.or(reasoning),
            audio_input: special.audio_input.or(self.audio_input),
            audio_output: special.audio_output.or(self.audio_output),
            image_input: special.image_input.or(self.image_input),
            image_output: special.image_output.or(self.image_output),
        }
    }
}
