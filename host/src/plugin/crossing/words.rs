//! Bounds of the texts that a component returns for people: sentences for clients and the log, and codes. The host's
//! limit on what a call returns is for answers, and a log line or an error must be shorter.

use crate::plugin::bindings::guardrail_types::{Verdict, Violation};
use crate::plugin::bindings::provider_types::Failure;
use crate::plugin::bindings::types::Refusal;

const SENTENCE_BYTES_MAX: usize = 4 << 10;
const CODE_BYTES_MAX: usize = 256;

/// A sentence, cut if it is too long.
pub(in crate::plugin) fn sentence(text: String) -> String {
    cut(text, SENTENCE_BYTES_MAX)
}

fn code(text: String) -> String {
    cut(text, CODE_BYTES_MAX)
}

fn cut(mut text: String, bytes_max: usize) -> String {
    const MORE: &str = " …";
    if text.len() > bytes_max {
        text.truncate(text.floor_char_boundary(bytes_max - MORE.len()));
        text.push_str(MORE);
        text.shrink_to_fit();
    }
    text
}

/// An adapter's failure, its texts cut.
pub(in crate::plugin) fn failure(failure: Failure) -> Failure {
    Failure {
        message: sentence(failure.message),
        code: failure.code.map(code),
        parameter: failure.parameter.map(code),
        ..failure
    }
}

/// A refusal, its texts cut.
pub(in crate::plugin) fn refusal(refusal: Refusal) -> Refusal {
    Refusal {
        code: code(refusal.code),
        message: sentence(refusal.message),
        ..refusal
    }
}

/// A guardrail's verdict, the texts of a violation cut.
pub(in crate::plugin) fn verdict(verdict: Verdict) -> Verdict {
    match verdict {
        Verdict::Block(violation) => Verdict::Block(Violation {
            code: code(violation.code),
            message: sentence(violation.message),
            detail: sentence(violation.detail),
        }),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_texts_are_cut_between_characters() {
        assert_eq!(sentence("too much".into()), "too much");
        for letter in ["x", "é", "\u{10FFFF}"] {
            let text = sentence(letter.repeat(SENTENCE_BYTES_MAX + 1));
            assert!(
                text.len() <= SENTENCE_BYTES_MAX && text.len() > SENTENCE_BYTES_MAX - 8,
                "{letter}"
            );
            assert!(text.ends_with(" …"));
        }
    }
}
