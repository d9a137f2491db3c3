//! Betas to switch on (<https://docs.anthropic.com/en/api/beta-headers>): those the client names, and those that the
//! request needs. Both depend on the service: which betas a request needs, and where they are written.

use crate::canonical::{Fields, List, RawValue, Text, write_string};
use crate::exchange;

/// Most betas sent: a header has to end somewhere, and no request needs as many.
const BETAS_MAX: usize = 32;

/// What one server of Claude's knows of betas.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Catalogue {
    /// Those it knows, where it refuses requests that name others.
    known: Option<&'static [&'static str]>,
    /// Tools by how their type begins, and the beta each is part of: the first that fits counts, and the rest are generally
    /// available.
    tools: &'static [(&'static str, &'static str)],
    /// Fields of a function among the tools, and the beta each is part of.
    of_functions: &'static [(&'static str, &'static str)],
    /// Top-level fields, and the beta each is part of.
    fields: &'static [(&'static str, &'static str)],
}

/// Anthropic's own API, and those that imitate it.
pub const ANTHROPIC: Catalogue = Catalogue {
    known: None,
    tools: &[
        ("computer_20241022", "computer-use-2024-10-22"),
        ("computer_20250124", "computer-use-2025-01-24"),
        ("computer_20251124", "computer-use-2025-11-24"),
        ("code_execution_", "code-execution-2025-08-25"),
        ("web_fetch_", "web-fetch-2025-09-10"),
        ("memory_", "context-management-2025-06-27"),
        ("tool_search_tool_", "advanced-tool-use-2025-11-20"),
        ("advisor_", "advisor-tool-2026-03-01"),
    ],
    of_functions: &[
        ("allowed_callers", "advanced-tool-use-2025-11-20"),
        ("input_examples", "advanced-tool-use-2025-11-20"),
    ],
    fields: &[
        ("mcp_servers", "mcp-client-2025-04-04"),
        ("context_management", "context-management-2025-06-27"),
        ("output_format", "structured-outputs-2025-11-13"),
    ],
};

/// Amazon Bedrock
/// (<https://docs.aws.amazon.com/bedrock/latest/userguide/model-parameters-anthropic-claude-messages-request-response.html>).
pub const BEDROCK: Catalogue = Catalogue {
    known: Some(&[
        "computer-use-2024-10-22",
        "computer-use-2025-01-24",
        "computer-use-2025-11-24",
        "context-1m-2025-08-07",
        "context-management-2025-06-27",
        "dev-full-thinking-2025-05-14",
        "effort-2025-11-24",
        "fine-grained-tool-streaming-2025-05-14",
        "interleaved-thinking-2025-05-14",
        "output-128k-2025-02-19",
        "token-efficient-tools-2025-02-19",
        "tool-examples-2025-10-29",
        "tool-search-tool-2025-10-19",
    ]),
    tools: &[
        ("computer_20241022", "computer-use-2024-10-22"),
        ("computer_20251124", "computer-use-2025-11-24"),
        ("computer_", "computer-use-2025-01-24"),
        ("bash_", "computer-use-2025-01-24"),
        ("text_editor_", "computer-use-2025-01-24"),
        ("memory_", "context-management-2025-06-27"),
        ("tool_search_tool", "tool-search-tool-2025-10-19"),
    ],
    of_functions: &[
        ("eager_input_streaming", "fine-grained-tool-streaming-2025-05-14"),
        ("input_examples", "tool-examples-2025-10-29"),
    ],
    fields: &[("context_management", "context-management-2025-06-27")],
};

/// The betas of one request, each once.
#[derive(Debug)]
pub struct Betas {
    catalogue: &'static Catalogue,
    names: Vec<String>,
}

impl Betas {
    /// An empty list for this service.
    #[must_use]
    pub fn at(catalogue: &'static Catalogue) -> Self {
        Self {
            catalogue,
            names: Vec::new(),
        }
    }

    /// Adds one, unless it is there or is no name.
    pub fn add(&mut self, beta: &str) {
        let beta = beta.trim();
        let is_name = !beta.is_empty()
            && beta
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        if is_name && self.names.len() < BETAS_MAX && !self.names.iter().any(|known| known == beta) {
            self.names.push(beta.to_owned());
        }
    }

    /// The client's own `anthropic-beta` header. It is meant for Anthropic's API: where a server refuses what it does not know,
    /// only what it knows is taken from there, while what the body names is sent as it is.
    pub fn add_header(&mut self) {
        let Some(header) = exchange::attribute("header.anthropic-beta") else {
            return;
        };
        let known = self.catalogue.known;
        let is_known = |beta: &&str| known.is_none_or(|known| known.contains(&beta.trim()));
        header.split(',').filter(is_known).for_each(|beta| self.add(beta));
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

    /// Adds what a tool of this type needs.
    pub fn need_for_tool(&mut self, kind: &str) {
        if let Some((_, beta)) = self.catalogue.tools.iter().find(|(start, _)| kind.starts_with(start)) {
            self.add(beta);
        }
    }

    /// Adds what this field of a function needs.
    pub fn need_for_function(&mut self, field: &str) {
        if let Some((_, beta)) = self.catalogue.of_functions.iter().find(|(name, _)| *name == field) {
            self.add(beta);
        }
    }

    /// Adds what this top-level field needs.
    pub fn need_for_field(&mut self, field: &str) {
        if let Some((_, beta)) = self.catalogue.fields.iter().find(|(name, _)| *name == field) {
            self.add(beta);
        }
    }

    /// Whether the request needs none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.names.is_empty()
    }

    /// Writes them as a list of the body's, in the order in which they were added.
    pub fn write(&self, out: &mut Vec<u8>) {
        let mut list = List::begin(out);
        for beta in &self.names {
            write_string(list.item(), beta);
        }
    }

    /// The header's value, where there is any; in one order, whatever the request's was.
    #[must_use]
    pub fn header(mut self) -> Option<String> {
        self.names.sort_unstable();
        (!self.names.is_empty()).then(|| self.names.join(","))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Host;

    #[test]
    fn of_a_clients_header_only_what_the_server_knows_is_sent() {
        let header = "claude-code-20250219, context-1m-2025-08-07,interleaved-thinking-2025-05-14";
        Host {
            attributes: [("header.anthropic-beta".to_owned(), header.to_owned())].into(),
            ..Host::default()
        }
        .install();
        let of = |catalogue| {
            let mut betas = Betas::at(catalogue);
            betas.add_header();
            betas.add("context-1m-2025-08-07");
            betas.names.join(" ")
        };
        assert_eq!(of(&BEDROCK), "context-1m-2025-08-07 interleaved-thinking-2025-05-14");
        assert_eq!(
            of(&ANTHROPIC),
            "claude-code-20250219 context-1m-2025-08-07 interleaved-thinking-2025-05-14"
        );
    }

    #[test]
    fn what_is_no_name_is_left_out() {
        let mut betas = Betas::at(&ANTHROPIC);
        for beta in ["", "a b", "b\r\nx: y", " b ", "a", "b"] {
            betas.add(beta);
        }
        let mut body = Vec::new();
        betas.write(&mut body);
        assert_eq!(body, br#"["b","a"]"#);
        assert_eq!(betas.header().as_deref(), Some("a,b"));
        assert_eq!(Betas::at(&ANTHROPIC).header(), None);
    }

    #[test]
    fn servers_have_betas_of_their_own() {
        let of = |catalogue| {
            let mut betas = Betas::at(catalogue);
            betas.need_for_tool("computer_20250124");
            betas.need_for_tool("tool_search_tool_regex_20251119");
            betas.need_for_tool("web_search_20250305");
            betas.need_for_function("input_examples");
            betas.need_for_field("context_management");
            betas.need_for_field("mcp_servers");
            betas.header().unwrap_or_default()
        };
        assert_eq!(
            of(&ANTHROPIC),
            "advanced-tool-use-2025-11-20,computer-use-2025-01-24,context-management-2025-06-27,mcp-client-2025-04-04"
        );
        assert_eq!(
            of(&BEDROCK),
            "computer-use-2025-01-24,context-management-2025-06-27,tool-examples-2025-10-29,tool-search-tool-2025-10-19"
        );
    }
}
