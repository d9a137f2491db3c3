//! Events of a stream, written again after guardrails have checked their texts.

use bytes::Bytes;

use super::chunk::{Chunk, Place};
use super::texts;
use crate::json::{self, ReplaceError, Span, find, member, text::quote};

/// The data of an event with its texts replaced; `None` if it would say nothing. Members that repeat the texts in
/// pieces become `null`.
///
/// # Errors
/// The texts were found in another event.
pub fn with_texts<'t>(chunk: &Chunk, text_of: impl Fn(usize) -> &'t str) -> Result<Option<Bytes>, ReplaceError> {
    if !chunk.says_more && (0..chunk.texts.len()).all(|position| text_of(position).is_empty()) {
        return Ok(None);
    }
    let texts = chunk.texts.iter().enumerate();
    let mut replacements: Vec<(Span, Vec<u8>)> = texts
        .map(|(position, text)| (text.span, quote(text_of(position))))
        .collect();
    let echoes = texts::echoes(&chunk.data)
        .into_iter()
        .map(|span| (span, b"null".to_vec()));
    replacements.extend(echoes);
    replacements.sort_by_key(|(span, _)| span.start);
    Ok(Some(json::replace(&chunk.data, &replacements)?.into_bytes()))
}

/// The data of an event with a single text, and with the envelope of another event of its stream: same id, object, time
/// and model.
pub fn alone(envelope: &[u8], place: &Place, text: &str) -> Vec<u8> {
    let mut event = b"{".to_vec();
    let root = find::root(envelope);
    for name in ["id", "object", "created", "model"] {
        if let Some(value) = root.and_then(|root| member(envelope, root.span, name)) {
            event.extend_from_slice(format!("\"{name}\":").as_bytes());
            event.extend_from_slice(value.raw(envelope));
            event.push(b',');
        }
    }
    let text = String::from_utf8(quote(text)).unwrap_or_default();
    let choice = place.alone(&text);
    event.extend_from_slice(format!(r#""choices":[{choice}]}}"#).as_bytes());
    event
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chunk(event: &'static str) -> Chunk {
        Chunk::read(Bytes::from_static(event.as_bytes()), &mut 0).unwrap()
    }

    #[test]
    fn an_event_that_says_nothing_is_left_out() {
        let chunk = chunk(r#"{"choices":[{"index":0,"delta":{"content":"hi"}}]}"#);
        assert_eq!(with_texts(&chunk, |_| "").unwrap(), None);
        let said = with_texts(&chunk, |_| "HI").unwrap().unwrap();
        assert_eq!(said, r#"{"choices":[{"index":0,"delta":{"content":"HI"}}]}"#);
    }

    #[test]
    fn what_repeats_the_text_is_left_out() {
        let chunk =
            chunk(r#"{"choices":[{"index":0,"logprobs":{"content":[{"token":"hi"}]},"delta":{"content":"hi"}}]}"#);
        let said = with_texts(&chunk, |_| "**").unwrap().unwrap();
        assert_eq!(
            said,
            r#"{"choices":[{"index":0,"logprobs":null,"delta":{"content":"**"}}]}"#
        );
    }

    #[test]
    fn a_text_alone_repeats_nothing_else() {
        let event = r#"{"id":"x","model":"m","choices":[{"index":2,"delta":{"content":"hi","tool_calls":[
            {"index":1,"id":"c","function":{"name":"f","arguments":"{"}}]}}]}"#;
        let chunk = chunk(event);
        let alone = |position: usize| {
            let event = alone(&chunk.data, &chunk.texts[position].place, "rest");
            String::from_utf8(event).unwrap()
        };
        // The function's name is a text of its own, which is never held back.
        assert_eq!(chunk.texts.len(), 3);
        assert_eq!(
            alone(0),
            r#"{"id":"x","model":"m","choices":[{"index":2,"delta":{"content":"rest"},"finish_reason":null}]}"#
        );
        assert_eq!(
            alone(2),
            r#"{"id":"x","model":"m","choices":[{"index":2,"delta":{"tool_calls":[{"index":1,"function":{"arguments":"rest"}}]},"finish_reason":null}]}"#
        );
    }
}
