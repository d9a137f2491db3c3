//! Beta features to enable (<https://docs.anthropic.com/en/api/beta-headers>): those that the client names, and those
//! that the request needs.

use sluice_sdk::canonical::{Fields, RawValue, Text};
use sluice_sdk::exchange;

/// Maximum number of betas: the header must be bounded, and no request needs this many.
const BETAS_MAX: usize = 32;

/// Prefixes of tool types, and the beta that each needs. Other tools need none.
const TOOLS: [(&str, &str); 8] = [
    ("computer_20241022", "computer-use-2024-10-22"),
    ("computer_20250124", "computer-use-2025-01-24"),
    ("computer_20251124", "computer-use-2025-11-24"),
    ("code_execution_", "code-execution-2025-08-25"),
    ("web_fetch_", "web-fetch-2025-09-10"),
    ("memory_", "context-management-2025-06-27"),
    ("tool_search_tool_", "advanced-tool-use-2025-11-20"),
    ("advisor_", "advisor-tool-2026-03-01"),
];

/// Top-level fields, and the beta that each needs.
const FIELDS: [(&str, &str); 3] = [
    ("mcp_servers", "mcp-client-2025-04-04"),
    ("context_management", "context-management-2025-06-27"),
    ("output_format", "structured-outputs-2025-11-13"),
];

/// The betas of one request, without duplicates.
#[derive(Debug, Default)]
pub struct Betas(Vec<String>);

impl Betas {
    pub fn add(&mut self, beta: &str) {
        let beta = beta.trim();
        let is_name = !beta.is_empty()
            && beta
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if is_name && self.0.len() < BETAS_MAX && !self.0.iter().any(|known| known == beta) {
            self.0.push(beta.to_owned());
        }
    }

    /// Adds the betas in the client's own `anthropic-beta` header.
    pub fn add_header(&mut self) {
        if let Some(header) = exchange::attribute("header.anthropic-beta") {
            self.add_list(&header);
        }
    }

    /// Adds the betas in the field `anthropic_beta`: a list, or names separated by commas.
    pub fn add_field(&mut self, value: &RawValue) {
        if let Some(text) = Text::of(value) {
            self.add_list(&text.decoded());
        } else if let Ok(names) = serde_json::from_str::<Vec<String>>(value.get()) {
            names.iter().for_each(|name| self.add(name));
        }
    }

    /// Adds the betas in `extra_headers`. A client may set no other header there.
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
        for (_, beta) in TOOLS.iter().filter(|(start, _)| kind.starts_with(start)) {
            self.add(beta);
        }
    }

    pub fn need_for_field(&mut self, name: &str) {
        for (_, beta) in FIELDS.iter().filter(|(field, _)| *field == name) {
            self.add(beta);
        }
    }

    /// The value of the header, if there is any beta. The names are sorted, so that the value does not depend on the
    /// request's order.
    pub fn header(mut self) -> Option<String> {
        self.0.sort_unstable();
        if self.0.is_empty() {
            None
        } else {
            Some(self.0.join(","))
        }
    }

    fn add_list(&mut self, names: &str) {
        names.split(',').for_each(|name| self.add(name));
    }
}
