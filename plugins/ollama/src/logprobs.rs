//! Log probabilities, in the form of chat completions (<https://platform.openai.com/docs/api-reference/chat/object>)
//! and in the older form of text completions (<https://platform.openai.com/docs/api-reference/completions/object>).

use sluice_sdk::canonical::{Object, RawValue, Text};

use crate::wire::Logprob;

/// Writes the `logprobs` of a chat's choice, if there are any.
pub fn write_of_chat(choice: &mut Object, tokens: Option<&[Logprob]>) {
    let Some(tokens) = tokens.filter(|tokens| !tokens.is_empty()) else {
        return;
    };
    let mut logprobs = choice.object("logprobs");
    let mut list = logprobs.list("content");
    for token in tokens {
        let mut to = list.object();
        write_token(&mut to, token);
        let mut likeliest = to.list("top_logprobs");
        for token in token.top_logprobs.iter().flatten() {
            write_token(&mut likeliest.object(), token);
        }
    }
    drop(list);
    logprobs.json("refusal", "null");
}

fn write_token(to: &mut Object, token: &Logprob) {
    to.text("token", &text(token)).json("logprob", number(token));
    to.json("bytes", token.bytes.map_or("null", RawValue::get));
}

/// Writes the `logprobs` of a text completion's choice. `offset` is the position of the first token in the text, in
/// characters; it is advanced to the position of the next token.
pub fn write_of_completion(choice: &mut Object, tokens: Option<&[Logprob]>, offset: &mut u64) {
    let Some(tokens) = tokens.filter(|tokens| !tokens.is_empty()) else {
        choice.json("logprobs", "null");
        return;
    };
    let mut logprobs = choice.object("logprobs");
    {
        let mut list = logprobs.list("tokens");
        for token in tokens {
            write_text(list.item(), &text(token));
        }
    }
    {
        let mut list = logprobs.list("token_logprobs");
        for token in tokens {
            list.json(number(token));
        }
    }
    {
        let mut list = logprobs.list("top_logprobs");
        for token in tokens {
            let mut by_token = list.object();
            for token in token.top_logprobs.iter().flatten() {
                by_token.json(text(token).escaped(), number(token));
            }
        }
    }
    let mut list = logprobs.list("text_offset");
    for token in tokens {
        list.json(&offset.to_string());
        *offset += text(token).decoded().chars().count() as u64;
    }
}

fn write_text(out: &mut Vec<u8>, text: &Text) {
    out.push(b'"');
    out.extend_from_slice(text.escaped().as_bytes());
    out.push(b'"');
}

fn text<'a>(token: &Logprob<'a>) -> Text<'a> {
    token.token.clone().unwrap_or_else(|| Text::from_decoded(""))
}

fn number<'a>(token: &Logprob<'a>) -> &'a str {
    token.logprob.map_or("null", RawValue::get)
}
