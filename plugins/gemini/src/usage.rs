//! Token counts (<https://ai.google.dev/api/generate-content#UsageMetadata>). Gemini counts thoughts separately from
//! the answer, and what its own tools read separately from the prompt; OpenAI counts both as parts.

use sluice_sdk::canonical::{Object, Text};
use sluice_sdk::wire;

sluice_sdk::wire! {
    /// `usageMetadata` of an answer or an event, with running totals.
    Counts {
        "promptTokenCount" prompt: u64,
        "candidatesTokenCount" candidates: u64,
        "thoughtsTokenCount" thoughts: u64,
        "cachedContentTokenCount" cached: u64,
        "toolUsePromptTokenCount" tool_use: u64,
        "totalTokenCount" total: u64,
        "promptTokensDetails" prompt_details: Vec<ModalityCount<'a>>,
        "candidatesTokensDetails" candidates_details: Vec<ModalityCount<'a>>,
        "cacheTokensDetails" cached_details: Vec<ModalityCount<'a>>,
        "toolUsePromptTokensDetails" tool_use_details: Vec<ModalityCount<'a>>,
        "trafficType" traffic_type: Text<'a>,
        "serviceTier" service_tier: Text<'a>,
    }

    ModalityCount {
        "modality" modality: Text<'a>,
        "tokenCount" tokens: u64,
    }
}

/// Gemini's modalities, and the names of their counts at OpenAI and LiteLLM.
const MODALITIES: [(&str, &str); 5] = [
    ("TEXT", "text_tokens"),
    ("IMAGE", "image_tokens"),
    ("AUDIO", "audio_tokens"),
    ("VIDEO", "video_tokens"),
    ("DOCUMENT", "document_tokens"),
];

/// Tokens by modality, in the order of [`MODALITIES`].
#[derive(Default, Clone, Copy)]
struct ByModality([Option<u64>; MODALITIES.len()]);

impl ByModality {
    fn of(counts: &[ModalityCount]) -> Self {
        let mut found = Self::default();
        for count in counts {
            let modality = count.modality.as_ref().map_or("", Text::escaped);
            let known = MODALITIES
                .iter()
                .zip(&mut found.0)
                .find(|((name, _), _)| *name == modality);
            if let (Some((_, sum)), Some(tokens)) = (known, count.tokens) {
                *sum = Some(sum.unwrap_or(0).saturating_add(tokens));
            }
        }
        found
    }

    fn is_empty(&self) -> bool {
        self.0.iter().all(Option::is_none)
    }

    fn text(&mut self) -> &mut Option<u64> {
        let [text, ..] = &mut self.0;
        text
    }

    fn write(&self, to: &mut Object) {
        for ((_, name), tokens) in MODALITIES.iter().zip(self.0) {
            if let Some(tokens) = tokens {
                to.number(name, tokens);
            }
        }
    }
}

/// The token counts of an answer.
#[derive(Default)]
pub struct Usage {
    /// Whether any count came; absent counts do not mean zero.
    known: bool,
    prompt: u64,
    candidates: u64,
    thoughts: Option<u64>,
    cached: Option<u64>,
    tool_use: Option<u64>,
    total: Option<u64>,
    prompt_details: ByModality,
    candidates_details: ByModality,
    cached_details: ByModality,
    tool_use_details: ByModality,
    /// Number of web searches for the answer.
    web_searches: Option<u64>,
    traffic_type: Option<String>,
    service_tier: Option<String>,
}

impl Usage {
    /// Reads `usageMetadata`. Text that is not JSON has no counts.
    pub fn read(&mut self, json: &str) {
        let counts: Counts = wire::read(json).unwrap_or_default();
        let details = |details: &Option<Vec<ModalityCount>>| ByModality::of(details.as_deref().unwrap_or_default());
        let text = |text: &Option<Text>| text.as_ref().map(|text| text.decoded().into_owned());
        *self = Self {
            known: counts.prompt.or(counts.candidates).or(counts.total).is_some(),
            prompt: counts.prompt.unwrap_or(0),
            candidates: counts.candidates.unwrap_or(0),
            thoughts: counts.thoughts,
            cached: counts.cached,
            tool_use: counts.tool_use,
            total: counts.total,
            prompt_details: details(&counts.prompt_details),
            candidates_details: details(&counts.candidates_details),
            cached_details: details(&counts.cached_details),
            tool_use_details: details(&counts.tool_use_details),
            web_searches: self.web_searches,
            traffic_type: text(&counts.traffic_type),
            service_tier: text(&counts.service_tier),
        };
    }

    /// Counts web searches. Each event repeats the searches of earlier ones.
    pub fn searched(&mut self, queries: u64) {
        if queries > 0 {
            self.web_searches = Some(self.web_searches.unwrap_or(0).max(queries));
        }
    }

    /// Whether the provider sent counts. If not, no usage is written, and the gateway estimates it.
    pub fn is_known(&self) -> bool {
        self.known
    }

    /// OpenAI's name of the service tier that served the answer; `None` for the default one
    /// (<https://cloud.google.com/vertex-ai/generative-ai/docs/reference/rest/v1/GenerateContentResponse#TrafficType>).
    pub fn tier(&self) -> Option<&'static str> {
        let said = self.service_tier.as_deref().or(self.traffic_type.as_deref())?;
        match said.trim_start_matches("ON_DEMAND_").to_ascii_lowercase().as_str() {
            "flex" => Some("flex"),
            "priority" => Some("priority"),
            _ => None,
        }
    }

    /// Tokens that tools read count as prompt, except for web searches, which are billed by number.
    fn tool_use_in_prompt(&self) -> u64 {
        self.tool_use.filter(|_| self.web_searches.is_none()).unwrap_or(0)
    }

    /// Tokens of the answer, thoughts included. Some models include thoughts in the candidates' count already; the
    /// total shows which do.
    fn completion(&self, prompt: u64) -> u64 {
        let thoughts = self.thoughts.unwrap_or(0);
        let without = |prompt: u64| Some(prompt.saturating_add(self.candidates)) == self.total;
        if without(prompt) || without(self.prompt) {
            self.candidates
        } else {
            self.candidates.saturating_add(thoughts)
        }
    }

    /// Writes the fields of OpenAI's `usage`, and further ones under the names that LiteLLM's clients and price lists
    /// use.
    pub fn write(&self, usage: &mut Object) {
        let prompt = self.prompt.saturating_add(self.tool_use_in_prompt());
        let completion = self.completion(prompt);
        usage
            .number("prompt_tokens", prompt)
            .number("completion_tokens", completion);
        usage.number("total_tokens", self.total.unwrap_or(prompt.saturating_add(completion)));
        self.write_prompt_details(&mut usage.object("prompt_tokens_details"));
        self.write_completion_details(&mut usage.object("completion_tokens_details"));
        if let Some(cached) = self.cached {
            usage.number("cache_read_input_tokens", cached);
        }
        if let Some(tier) = &self.service_tier {
            usage.string("service_tier", tier);
        }
        if let Some(traffic) = &self.traffic_type {
            usage.string("traffic_type", traffic);
        }
    }

    fn write_prompt_details(&self, details: &mut Object) {
        if let Some(cached) = self.cached {
            details.number("cached_tokens", cached);
        }
        let mut by_modality = self.prompt_details;
        if self.tool_use_in_prompt() > 0 && !by_modality.is_empty() {
            let of_tools = *{ self.tool_use_details }.text();
            let text = by_modality.text();
            *text = text
                .or(of_tools)
                .map(|_| text.unwrap_or(0).saturating_add(of_tools.unwrap_or(0)));
        }
        by_modality.write(details);
        if let Some(tool_use) = self.tool_use {
            details.number("tool_use_tokens", tool_use);
        }
        if !self.cached_details.is_empty() {
            self.cached_details.write(&mut details.object("cached_tokens_details"));
        }
        if let Some(searches) = self.web_searches {
            details.number("web_search_requests", searches);
        }
    }

    fn write_completion_details(&self, details: &mut Object) {
        if let Some(thoughts) = self.thoughts {
            details.number("reasoning_tokens", thoughts);
        }
        if self.candidates_details.is_empty() {
            details.number("text_tokens", self.candidates);
        } else {
            self.candidates_details.write(details);
        }
    }
}
