//! The questions asked of every chunk of a stream, each answered by looking at as little of it as will do.
//!
//! A chunk is what an upstream sent and is not checked first. One that is not JSON has no usage, no choices and no
//! model; one that is broken after what was looked for may still give its answer.

use std::sync::LazyLock;

use memchr::memmem::Finder;

use crate::json::find::{member, rest};
use crate::json::{Kind, Span, Value};

/// Whether a look at [`usage`] is worth its while. Of the chunks of a stream only the last few say yes, and saying no
/// costs a search at memory speed. A text that speaks of `"usage"` is taken for one too.
pub fn may_hold_usage(data: &[u8]) -> bool {
    // A key may be written with escapes in theory; no provider does.
    static KEY: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"usage\""));
    KEY.find(data).is_some()
}

/// The span of the top-level `usage`, when it is an object: `null` is what OpenAI sends in all chunks but the last.
pub fn usage(data: &[u8]) -> Option<Span> {
    top_level(data, "usage")
        .filter(|value| value.kind == Kind::Object)
        .map(|value| value.span)
}

/// Whether the top-level `choices` is an empty array, as in the chunk that brings only usage.
pub fn choices_is_empty(data: &[u8]) -> bool {
    let inside = top_level(data, "choices").and_then(|value| value.raw(data).strip_prefix(b"[")?.strip_suffix(b"]"));
    inside.is_some_and(|inside| inside.trim_ascii().is_empty())
}

/// The span of the top-level `model`, when it is a string; quotes included.
pub fn model(data: &[u8]) -> Option<Span> {
    top_level(data, "model")
        .filter(|value| value.kind == Kind::String)
        .map(|value| value.span)
}

/// The top-level `service_tier`: what the answer was served in.
pub fn service_tier(data: &[u8]) -> Option<String> {
    Some(top_level(data, "service_tier")?.text(data)?.into_owned())
}

fn top_level(data: &[u8], name: &str) -> Option<Value> {
    member(data, rest(data)?, name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn usage_text(data: &str) -> Option<&str> {
        usage(data.as_bytes()).map(|span| &data[span.range()])
    }

    #[test]
    fn usage_is_found_where_it_is_an_object_at_the_top() {
        assert_eq!(
            usage_text(r#"{"choices":[],"usage":{"total_tokens":3}}"#),
            Some(r#"{"total_tokens":3}"#)
        );
        assert_eq!(usage_text(r#" {"\u0075sage" : { } } "#), Some("{ }"));
        assert_eq!(usage_text(r#"{"choices":[{"usage":{}}],"usage":null}"#), None);
        assert_eq!(
            usage_text(r#"{"choices":[{"delta":{"content":"\"usage\":{}"}}]}"#),
            None
        );
        assert_eq!(usage_text(r#"[{"usage":{}}]"#), None);
    }

    #[test]
    fn a_chunk_without_the_word_holds_no_usage() {
        assert!(may_hold_usage(br#"{"choices":[],"usage":{}}"#));
        assert!(may_hold_usage(br#"{"usage":null}"#));
        assert!(!may_hold_usage(br#"{"choices":[{"delta":{"content":"the usage"}}]}"#));
    }

    #[test]
    fn only_an_empty_array_of_choices_is_empty() {
        assert!(choices_is_empty(br#"{"id":"x","choices":[ ],"usage":{}}"#));
        for data in [
            r#"{"choices":[{}]}"#,
            r#"{"choices":{}}"#,
            r#"{"choices":null}"#,
            r#"{"choices":[x]}"#,
            "{}",
        ] {
            assert!(!choices_is_empty(data.as_bytes()), "{data}");
        }
    }

    #[test]
    fn the_model_is_a_string_at_the_top() {
        let data = br#"{"id":"1","model":"gpt-4o","choices":[]}"#;
        assert_eq!(model(data).unwrap().of(data), br#""gpt-4o""#);
        assert_eq!(model(br#"{"model":4}"#), None);
        assert_eq!(model(br#"{"choices":[{"model":"x"}]}"#), None);
    }

    #[test]
    fn what_is_not_json_answers_nothing() {
        for data in [
            "",
            "[DONE]",
            "{",
            r#"{"usage"#,
            r#"{"usage":"#,
            r#"{"usage":{"#,
            "\u{feff}{}",
            "usage: {}",
        ] {
            assert_eq!(usage_text(data), None, "{data}");
            assert_eq!(model(data.as_bytes()), None, "{data}");
            assert!(!choices_is_empty(data.as_bytes()), "{data}");
        }
    }

    #[test]
    fn what_is_broken_further_on_still_answers() {
        assert_eq!(usage(b"{\"usage\":{\xff},"), Some(Span { start: 9, end: 12 }));
    }
}
