//! Headers of GitHub Copilot that depend on the messages. <https://docs.github.com/copilot>

use sluice_sdk::{Header, exchange};

/// Adds headers that say whether a person or an agent sends the request, which Copilot bills differently, and whether
/// it has an image.
pub fn push_headers(headers: &mut Vec<Header>) {
    let messages = exchange::field("messages").unwrap_or_default();
    let has_role = |role: &str| {
        let after_colon = |rest: &str| {
            rest.trim_start()
                .strip_prefix(':')
                .is_some_and(|rest| rest.trim_start().starts_with(role))
        };
        messages.split("\"role\"").skip(1).any(after_colon)
    };
    let is_agent = has_role("\"assistant\"") || has_role("\"tool\"");
    push(headers, "x-initiator", if is_agent { "agent" } else { "user" });
    if messages.contains("\"image_url\"") {
        push(headers, "copilot-vision-request", "true");
    }
}

fn push(headers: &mut Vec<Header>, name: &str, value: &str) {
    headers.push(Header {
        name: name.to_owned(),
        value: value.to_owned(),
    });
}
