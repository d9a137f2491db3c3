//! What the plugins are given: chats and text of the sizes that are measured.

use std::sync::Arc;

use serde_json::json;
use sluice::canonical::Canonical;
use sluice::canonical::Operation;
use sluice::json;

/// Prose as models write and read it: line breaks and quotation marks, which JSON escapes, and nothing that a filter
/// looks for.
const PARAGRAPH: &str = "A gateway stands between those who ask and those who answer. It reads the name of the model, \
    chooses where the question goes, and hands the answer back as it comes; \"nothing more\", as its authors like to \
    say, although they count tokens, money and time as well.\n\nWhat makes it slow is rarely one large thing. It is a \
    copy here, a lock there, and a second look at what the first had seen. ";

/// An address in the middle of prose, and a number that looks worse than it is.
const ADDRESS: &str = " Please write to jane.doe@example.com, ticket 4012 8888 0000 1234. ";

/// What one event of a stream says.
pub const WORDS: &str = " between those who ask";

/// So many bytes of prose.
pub fn prose(bytes: usize) -> String {
    PARAGRAPH.chars().cycle().take(bytes).collect()
}

/// The same with an address in it.
pub fn prose_with_address(bytes: usize) -> String {
    let half = prose((bytes - ADDRESS.len()) / 2);
    format!("{half}{ADDRESS}{half}")
}

/// A chat for a model group: a system message, and about a turn a kilobyte. Its JSON has about so many bytes.
pub fn chat(group: &str, bytes: usize, is_streaming: bool) -> Arc<Canonical> {
    let turns = (bytes >> 10) | 1;
    let document = |text: &str| {
        let mut messages = vec![json!({ "role": "system", "content": "You are a helpful assistant." })];
        messages.extend((0..turns).map(|turn| {
            let role = if turn % 2 == 0 { "user" } else { "assistant" };
            json!({ "role": role, "content": text })
        }));
        json!({
            "model": group,
            "messages": messages,
            "temperature": 0.7,
            "max_tokens": 1024,
            "stream": is_streaming,
        })
        .to_string()
    };
    let envelope = document("").len();
    let body = document(&prose((bytes - envelope) / turns));
    let fields = json::scan(body.as_bytes(), json::Limits::ceiling()).expect("what was just written is JSON");
    Arc::new(Canonical {
        id: "0197e1a2-6f0b-7c44-9d5e-3b8a1c2d4e5f".into(),
        operation: Operation::ChatCompletions,
        group: group.into(),
        is_streaming,
        body: body.into(),
        fields,
        seed: 42,
        started_ms: 1_767_225_600_000,
        ..Canonical::empty()
    })
}
