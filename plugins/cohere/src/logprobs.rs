//! Log probabilities. Cohere gives them for pieces of text of one or more tokens, OpenAI for tokens. Each piece is
//! written as one token whose log probability is the sum of those of its tokens.

use sluice_sdk::canonical::{List, Object, RawValue, Text};
use sluice_sdk::wire;

sluice_sdk::wire! {
    Item {
        "text" text: Text<'a>,
        "logprobs" logprobs: Vec<&'a RawValue>,
    }
}

/// Writes the fields of OpenAI's `logprobs`.
pub fn write(to: &mut Object, items: &[&RawValue]) {
    {
        let mut content = to.list("content");
        for raw in items {
            if let Ok(item) = wire::read::<Item>(raw.get()) {
                write_item(&mut content, &item);
            }
        }
    }
    to.json("refusal", "null");
}

fn write_item(content: &mut List, item: &Item) {
    let (Some(text), Some(logprobs)) = (&item.text, &item.logprobs) else {
        return;
    };
    let mut token = content.object();
    token.text("token", text);
    match logprobs.as_slice() {
        [one] if one.get().parse::<f64>().is_ok() => token.raw("logprob", one),
        several => {
            let sum: f64 = several.iter().filter_map(|raw| raw.get().parse::<f64>().ok()).sum();
            token.json("logprob", &sum.to_string())
        }
    };
    token.json("bytes", "null").json("top_logprobs", "[]");
}
