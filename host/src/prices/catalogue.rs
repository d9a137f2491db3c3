//! The embedded catalogue of models, `config/prices.json`, searched where it lies.
//!
//! It holds thousands of models of which a gateway asks for a dozen. So nothing is parsed at start and nothing is kept:
//! the file has one model a line, sorted by name, and a look-up halves the text until it finds the line. That touches a
//! few pages of the binary and takes microseconds; do it when a deployment is loaded, not for every exchange.

use memchr::{memchr, memmem, memrchr};

use super::model::Model;

/// What stands before the first line with a model.
const HEAD_END: &[u8] = b"\"models\": {\n";

/// Providers whose models go by their bare names, in the order in which a bare name is looked for.
const BARE_NAME_PROVIDERS: [&str; 10] = [
    "openai",
    "anthropic",
    "vertex_ai",
    "gemini",
    "cohere",
    "bedrock",
    "deepseek",
    "ai21",
    "amazon_nova",
    "volcengine",
];

/// How names begin that are a provider's own, for models newer than the catalogue.
const NAME_BEGINNINGS: [(&str, &str); 12] = [
    ("gpt-", "openai"),
    ("chatgpt-", "openai"),
    ("o1", "openai"),
    ("o3", "openai"),
    ("o4", "openai"),
    ("ft:gpt-", "openai"),
    ("text-embedding-3", "openai"),
    ("dall-e-", "openai"),
    ("whisper-", "openai"),
    ("tts-", "openai"),
    ("claude-", "anthropic"),
    ("gemini-", "vertex_ai"),
];

/// Provider prefixes whose models stand under another's name: the same service by another wire format.
const SAME_PRICES: [(&str, &str); 8] = [
    ("ai21_chat", "ai21"),
    ("azure_text", "azure"),
    ("bedrock_converse", "bedrock"),
    ("cohere_chat", "cohere"),
    ("ollama_chat", "ollama"),
    ("text-completion-codestral", "codestral"),
    ("text-completion-openai", "openai"),
    ("vertex_ai_beta", "vertex_ai"),
];

/// What LiteLLM's model names carry before the model's own: a route of the provider, or a place.
const ROUTES: [&str; 5] = ["responses/", "chat/", "converse/", "invoke/", "converse_like/"];
const FINE_TUNED: &str = "ft:";
const REGIONS: [&str; 8] = ["us.", "us-gov.", "eu.", "apac.", "au.", "jp.", "ca.", "global."];

/// A catalogue of models. Cheap to copy and to make.
#[derive(Clone, Copy, Debug)]
pub struct Catalogue<'a> {
    /// Lines `"<name>": {…},` sorted by the bytes of their names.
    lines: &'a [u8],
}

impl Catalogue<'static> {
    /// The one in the binary.
    pub fn bundled() -> Catalogue<'static> {
        Catalogue::from_text(include_str!("../../../config/prices.json"))
    }
}

impl<'a> Catalogue<'a> {
    /// A catalogue in the format that `config/CATALOGUES.md` describes. Without the head of one it is empty.
    pub fn from_text(text: &'a str) -> Catalogue<'a> {
        let bytes = text.as_bytes();
        let start = memmem::find(bytes, HEAD_END).map_or(bytes.len(), |head| head + HEAD_END.len());
        Catalogue { lines: &bytes[start..] }
    }

    /// The model that a deployment's exchanges are priced and judged by: the first there is of
    ///
    /// 1. `base_model`, as a whole name, then as the provider's, then as that of the provider it is known by;
    /// 2. the provider's `model`;
    /// 3. the same without what LiteLLM lets stand around a name: route (`converse/`), region (`us.`), fine-tuning
    ///    (`ft:…:org::id`), version (`@20250514`), date (`-2025-08-07`, `-20250514`).
    ///
    /// `provider` and `model` are the two parts of `provider/model` in the configuration. Prices that the deployment
    /// itself gives come before all of these; see [`Prices::from_parameters`](super::Prices::from_parameters).
    pub fn find(&self, provider: &str, model: &str, base_model: Option<&str>) -> Option<Model<'a>> {
        let provider = priced_as(provider);
        base_model
            .and_then(|base| self.find_base(provider, base))
            .or_else(|| self.find_model(provider, model))
    }

    /// The provider that a bare model name, without prefix, is known by: `gpt-4o` is `openai`'s.
    pub fn provider_of(&self, model: &str) -> Option<&'static str> {
        let lists = |provider: &&&str| self.line(&format!("{provider}/{model}")).is_some();
        let begins = |(beginning, _): &&(&str, &str)| model.starts_with(beginning);
        BARE_NAME_PROVIDERS
            .iter()
            .find(lists)
            .copied()
            .or_else(|| NAME_BEGINNINGS.iter().find(begins).map(|(_, provider)| *provider))
    }

    /// The models of a provider, without its prefix, in the order of their names.
    pub fn models_of(&self, provider: &str) -> impl Iterator<Item = &'a str> + use<'a> {
        let prefix = format!("{}/", priced_as(provider));
        let lines = self.lines.split(|byte| *byte == b'\n');
        lines.filter_map(move |line| {
            let (name, _) = split_line(line)?;
            std::str::from_utf8(name).ok()?.strip_prefix(&prefix)
        })
    }

    /// The model of exactly this name, `provider/model`.
    pub fn get(&self, name: &str) -> Option<Model<'a>> {
        let (name, json) = self.line(name)?;
        let mut model: Model = serde_json::from_slice(json).ok()?;
        model.name = name;
        Some(model)
    }

    fn find_base(&self, provider: &str, base: &str) -> Option<Model<'a>> {
        let whole = base.contains('/').then(|| self.get(base)).flatten();
        let known = || self.provider_of(base).and_then(|owner| self.find_model(owner, base));
        whole.or_else(|| self.find_model(provider, base)).or_else(known)
    }

    fn find_model(&self, provider: &str, model: &str) -> Option<Model<'a>> {
        let routeless = without_any(model, &ROUTES);
        let placeless = without_any(routeless, &REGIONS);
        let tuned = without_fine_tuning(placeless);
        let untuned = tuned.strip_prefix(FINE_TUNED).unwrap_or(tuned);
        let mut names = vec![model, routeless, placeless, tuned, untuned, without_version(untuned)];
        // Most names carry none of it, and each step leaves them as they are.
        names.dedup();
        names.iter().find_map(|name| self.get(&format!("{provider}/{name}")))
    }

    /// The name and the JSON of a model's line.
    fn line(&self, name: &str) -> Option<(&'a str, &'a [u8])> {
        let mut lines = self.lines;
        while !lines.is_empty() {
            let middle = lines.len() / 2;
            let start = memrchr(b'\n', &lines[..middle]).map_or(0, |end| end + 1);
            let end = memchr(b'\n', &lines[start..]).map_or(lines.len(), |length| start + length);
            match split_line(&lines[start..end]) {
                Some((found, json)) if found == name.as_bytes() => {
                    return Some((std::str::from_utf8(found).ok()?, json));
                }
                Some((found, _)) if found < name.as_bytes() => lines = lines.get(end + 1..).unwrap_or_default(),
                // The closing brackets after the last line sort after every name.
                _ => lines = &lines[..start],
            }
        }
        None
    }
}

/// `"<name>": {…},` → name and object; `none` for a line that is not of this form.
fn split_line(line: &[u8]) -> Option<(&[u8], &[u8])> {
    let line = line.strip_suffix(b",").unwrap_or(line).strip_prefix(b"\"")?;
    let name_end = memchr(b'"', line)?;
    let json = line[name_end + 1..].strip_prefix(b": ")?;
    Some((&line[..name_end], json))
}

fn priced_as(provider: &str) -> &str {
    SAME_PRICES
        .iter()
        .find(|(prefix, _)| *prefix == provider)
        .map_or(provider, |(_, owner)| owner)
}

fn without_any<'m>(model: &'m str, beginnings: &[&str]) -> &'m str {
    beginnings
        .iter()
        .find_map(|beginning| model.strip_prefix(beginning))
        .unwrap_or(model)
}

/// `ft:gpt-4o-2024-08-06:org::id` → `ft:gpt-4o-2024-08-06`: fine-tuned models of one base cost the same.
fn without_fine_tuning(model: &str) -> &str {
    match model.strip_prefix(FINE_TUNED).and_then(|base| base.find(':')) {
        Some(end) => &model[..FINE_TUNED.len() + end],
        None => model,
    }
}

/// `gpt-5-2025-08-07`, `claude-sonnet-4-5-20250929`, `claude-sonnet-4-5@20250929` → without the end.
fn without_version(model: &str) -> &str {
    if let Some((name, _)) = model.split_once('@') {
        return name;
    }
    ["-dddd-dd-dd", "-dddddddd"]
        .iter()
        .find_map(|pattern| strip_pattern(model, pattern))
        .unwrap_or(model)
}

/// What stands before an end of this form, where `d` is any digit.
fn strip_pattern<'m>(text: &'m str, pattern: &str) -> Option<&'m str> {
    let (name, end) = text.split_at_checked(text.len().checked_sub(pattern.len())?)?;
    let fits = |(byte, form): (u8, u8)| {
        if form == b'd' {
            byte.is_ascii_digit()
        } else {
            byte == form
        }
    };
    end.bytes().zip(pattern.bytes()).all(fits).then_some(name)
}
