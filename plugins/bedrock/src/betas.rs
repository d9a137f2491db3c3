//! Claude's betas, which Bedrock takes as `anthropic_beta` in `additionalModelRequestFields`
//! (<https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html>).

use sluice_sdk::canonical::{Fields, List, RawValue, Text};
use sluice_sdk::exchange;

/// Most betas sent; no request needs as many.
const BETAS_MAX: usize = 32;

/// Those that Bedrock knows. A client's header is meant for Anthropic's own API, and one that Bedrock does not know makes
/// it refuse the request, so that others are left out; what the body names is sent as it is.
const KNOWN: [&str; 12] = [
    "computer-use-2024-10-22",
    "computer-use-2025-01-24",
    "computer-use-2025-11-24",
    "context-1m-2025-08-07",
    "context-management-2025-06-27",
    "dev-full-thinking-2025-05-14",
    "effort-2025-11-24",
    "interleaved-thinking-2025-05-14",
    "output-128k-2025-02-19",
    "token-efficient-tools-2025-02-19",
    "tool-examples-2025-10-29",
    "tool-search-tool-2025-10-19",
];

/// Tools by how their type begins, and the beta each is part of.
const TOOLS: [(&str, &str); 6] = [
    ("computer_20241022", "computer-use-2024-10-22"),
    ("computer_20251124", "computer-use-2025-11-24"),
    ("computer_", "computer-use-2025-01-24"),
    ("bash_", "computer-use-2025-01-24"),
    ("text_editor_", "computer-use-2025-01-24"),
    ("memory_", "context-management-2025-06-27"),
];

/// The betas of one request, each once.
#[derive(Debug, Default)]
pub struct Betas(Vec<String>);

impl Betas {
    pub fn add(&mut self, beta: &str) {
        let beta = beta.trim();
        if !beta.is_empty() && self.0.len() < BETAS_MAX && !self.0.iter().any(|known| known == beta) {
            self.0.push(beta.to_owned());
        }
    }

    /// The client's own `anthropic-beta` header.
    pub fn add_header(&mut self) {
        if let Some(header) = exchange::attribute("header.anthropic-beta") {
            let known = header.split(',').filter(|beta| KNOWN.contains(&beta.trim()));
            known.for_each(|beta| self.add(beta));
        }
    }

    /// `anthropic_beta`: a list, or names with commas between them.
    pub fn add_field(&mut self, value: &RawValue) {
        if let Some(text) = Text::of(value) {
            text.decoded().split(',').for_each(|name| self.add(name));
        } else if let Ok(names) = serde_json::from_str::<Vec<String>>(value.get()) {
            names.iter().for_each(|name| self.add(name));
        }
    }

    /// `extra_headers`, of which only this one is the client's to set.
    pub fn add_extra_headers(&mut self, value: &RawValue) {
        let Ok(Fields(headers)) = serde_json::from_str(value.get()) else {
            return;
        };
        for (_, value) in headers
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("anthropic-beta"))
        {
            self.add_field(value);
        }
    }

    pub fn need_for_tool(&mut self, kind: &str) {
        if let Some((_, beta)) = TOOLS.iter().find(|(start, _)| kind.starts_with(start)) {
            self.add(beta);
        }
    }

    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub fn write(&self, out: &mut Vec<u8>) {
        let mut list = List::begin(out);
        for beta in &self.0 {
            sluice_sdk::canonical::write_string(list.item(), beta);
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_sdk::testing::Host;

    use super::*;

    #[test]
    fn of_a_clients_header_only_what_bedrock_knows_is_sent() {
        let header = "claude-code-20250219, context-1m-2025-08-07,interleaved-thinking-2025-05-14";
        Host {
            attributes: [("header.anthropic-beta".to_owned(), header.to_owned())].into(),
            ..Host::default()
        }
        .install();
        let mut betas = Betas::default();
        betas.add_header();
        betas.add("context-1m-2025-08-07");
        assert_eq!(betas.0, ["context-1m-2025-08-07", "interleaved-thinking-2025-05-14"]);
    }
}
