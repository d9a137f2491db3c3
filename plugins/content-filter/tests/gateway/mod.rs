//! The gateway's part of the guardrail contract for streams: text that was held back is passed again with the text that
//! arrives next.

use content_filter::ContentFilter;
use serde_json::Value;
use sluice_sdk::{Guardrail, Passage, Plugin, Stage, Verdict};

pub fn filter(settings: &Value) -> Result<ContentFilter, String> {
    ContentFilter::new(serde_json::from_value(settings.clone()).map_err(|error| error.to_string())?)
}

/// What the client is sent for each chunk and at the end, until it is blocked; and the code of the violation.
pub fn stream(filter: &mut ContentFilter, chunks: &[&str]) -> (Vec<String>, Option<String>) {
    let (mut all, mut held, mut sent) = (String::new(), String::new(), Vec::new());
    let ends = std::iter::repeat_n(Stage::StreamWindow, chunks.len()).chain([Stage::StreamEnd]);
    for (stage, chunk) in ends.zip(chunks.iter().copied().chain([""])) {
        held += chunk;
        let before = tail(&all, 256).to_owned();
        let passage = Passage {
            role: "assistant".into(),
            before,
            text: held.clone(),
        };
        let (text, hold) = match filter.inspect(stage, vec![passage]).unwrap() {
            Verdict::Pass => (held.clone(), 0),
            Verdict::Hold(counts) => (head(&held, counts[0]).to_owned(), counts[0]),
            Verdict::Rewrite(edits) => (edits[0].text.clone(), edits[0].hold),
            Verdict::Block(violation) => return (sent, Some(violation.code)),
        };
        held = tail(&held, hold as usize).to_owned();
        all += &text;
        sent.push(text);
    }
    assert_eq!(held, "", "nothing may be held at the end");
    (sent, None)
}

fn tail(text: &str, count: usize) -> &str {
    let skipped = text.chars().count().saturating_sub(count);
    text.char_indices().nth(skipped).map_or("", |(at, _)| &text[at..])
}

fn head(text: &str, held: u32) -> &str {
    &text[..text.len() - tail(text, held as usize).len()]
}
