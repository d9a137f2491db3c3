//! Replacing values deep inside a document, many at once: how a guardrail's rewritten passages get back in.

use bytes::Bytes;
use thiserror::Error;

use super::parts::{Assembly, Parts};
use super::value::Span;

/// Spans that cannot be replaced. A mistake of the caller, never of a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum ReplaceError {
    #[error("the span {}..{} begins before the one before it ends, at {before}", span.start, span.end)]
    OutOfOrder { span: Span, before: u32 },
    #[error("the span {}..{} is not inside the document of {document_bytes} bytes", span.start, span.end)]
    Outside { span: Span, document_bytes: usize },
}

/// `document` with each span's bytes replaced by the text beside it, which is JSON where JSON was. What stays is shared
/// where it is long.
///
/// # Errors
/// Spans that overlap, are not in ascending order, or are not inside the document.
pub fn replace<T: AsRef<[u8]>>(document: &Bytes, replacements: &[(Span, T)]) -> Result<Parts, ReplaceError> {
    let mut out = Assembly::new(document);
    let mut done = 0;
    for (span, text) in replacements {
        if span.start < done || span.end < span.start {
            return Err(ReplaceError::OutOfOrder {
                span: *span,
                before: done,
            });
        }
        if span.end as usize > document.len() {
            return Err(ReplaceError::Outside {
                span: *span,
                document_bytes: document.len(),
            });
        }
        out.keep(done as usize..span.start as usize);
        out.write(text.as_ref());
        done = span.end;
    }
    out.keep(done as usize..document.len());
    Ok(out.finish())
}

#[cfg(test)]
mod tests {
    use super::super::find::{elements, member, root};
    use super::super::text::quote;
    use super::*;

    #[test]
    fn every_passage_is_replaced_where_it_stands() {
        let body =
            Bytes::from_static(br#"{"messages":[{"content":"one"},{"content":"two"},{"content":"three"}],"n":1}"#);
        let messages = member(&body, root(&body).unwrap().span, "messages").unwrap();
        let contents = elements(&body, messages.span).map(|message| member(&body, message.span, "content").unwrap());
        let replacements: Vec<(Span, Vec<u8>)> = contents
            .map(|content| (content.span, quote(&content.text(&body).unwrap().repeat(2))))
            .collect();

        let replaced = replace(&body, &replacements).unwrap().into_bytes();

        let expected = r#"{"messages":[{"content":"oneone"},{"content":"twotwo"},{"content":"threethree"}],"n":1}"#;
        assert_eq!(replaced, expected);
    }

    #[test]
    fn nothing_to_replace_gives_back_the_document() {
        let body = Bytes::from_static(b"{}");
        let replaced = replace::<&[u8]>(&body, &[]).unwrap().into_bytes();
        assert_eq!(replaced.as_ptr(), body.as_ptr());
    }

    #[test]
    fn spans_that_overlap_or_lie_outside_are_refused() {
        let body = Bytes::from_static(b"0123456789");
        let check = |spans: &[(u32, u32)]| {
            let edits: Vec<_> = spans.iter().map(|&(start, end)| (Span { start, end }, "x")).collect();
            replace(&body, &edits)
                .map(|parts| parts.into_bytes())
                .map_err(|error| error.to_string())
        };
        assert_eq!(check(&[(0, 1), (1, 2), (9, 10)]).unwrap(), "xx2345678x");
        assert_eq!(
            check(&[(0, 3), (2, 4)]).unwrap_err(),
            "the span 2..4 begins before the one before it ends, at 3"
        );
        assert_eq!(
            check(&[(4, 5), (1, 2)]).unwrap_err(),
            "the span 1..2 begins before the one before it ends, at 5"
        );
        assert_eq!(
            check(&[(3, 2)]).unwrap_err(),
            "the span 3..2 begins before the one before it ends, at 0"
        );
        assert_eq!(
            check(&[(9, 11)]).unwrap_err(),
            "the span 9..11 is not inside the document of 10 bytes"
        );
    }
}
