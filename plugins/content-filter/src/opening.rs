//! Makes from an expression another one that matches the beginnings of its matches: texts that could become a match if
//! more text came.
//!
//! This expression is anchored at the end of the text that is known of a stream, and finds the place from which on the
//! text must be held back. The engine runs it backwards from the end, and stops when nothing matches any more.

use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

/// Matches every beginning of a match of `expression`, complete matches included, that ends at the end of the text.
pub fn of(expression: &Hir) -> Hir {
    Hir::concat(vec![beginnings(expression), Hir::look(Look::End)])
}

/// Matches every beginning of what `expression` matches, the empty one included.
fn beginnings(expression: &Hir) -> Hir {
    match expression.kind() {
        // An assertion may depend on the text to come, so it may still hold.
        HirKind::Empty | HirKind::Look(_) => Hir::empty(),
        HirKind::Literal(literal) => of_literal(&literal.0),
        HirKind::Class(_) => optional(expression.clone()),
        HirKind::Repetition(repetition) => of_repetition(repetition),
        HirKind::Capture(capture) => beginnings(&capture.sub),
        HirKind::Alternation(choices) => Hir::alternation(choices.iter().map(beginnings).collect()),
        // ab…: a beginning of a, or all of a and a beginning of what follows.
        HirKind::Concat(parts) => parts.iter().rev().fold(Hir::empty(), |rest, part| {
            Hir::alternation(vec![Hir::concat(vec![part.clone(), rest]), beginnings(part)])
        }),
    }
}

fn optional(expression: Hir) -> Hir {
    Hir::alternation(vec![expression, Hir::empty()])
}

/// Character by character. Bytes that are not UTF-8 could be matched only as a whole, but the parser produces none.
fn of_literal(bytes: &[u8]) -> Hir {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return optional(Hir::literal(bytes));
    };
    text.chars().rev().fold(Hir::empty(), |rest, char| {
        optional(Hir::concat(vec![
            Hir::literal(char.encode_utf8(&mut [0; 4]).as_bytes()),
            rest,
        ]))
    })
}

/// All repetitions but the last, and a beginning of one more.
fn of_repetition(repetition: &Repetition) -> Hir {
    let rounds = match repetition.max {
        Some(0) => return Hir::empty(),
        max => Repetition {
            min: 0,
            max: max.map(|max| max - 1),
            ..repetition.clone()
        },
    };
    Hir::concat(vec![Hir::repetition(rounds), beginnings(&repetition.sub)])
}
