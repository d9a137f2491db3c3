//! From an expression, the expression of its beginnings: it matches what could become a match if more text came.
//!
//! Anchored at the end of what is known of a stream, it answers the one question that holding back asks: from where on
//! is the text not decided yet? The engine runs it backwards from the end, and stops where nothing fits any more.

use regex_syntax::hir::{Hir, HirKind, Look, Repetition};

/// Every beginning of a match of `expression`, whole matches among them, that ends where the text does.
pub fn of(expression: &Hir) -> Hir {
    Hir::concat(vec![beginnings(expression), Hir::look(Look::End)])
}

/// Matches every beginning of what `expression` matches, the empty one too.
fn beginnings(expression: &Hir) -> Hir {
    match expression.kind() {
        // Whether it holds is for the text to come to say.
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

/// Character by character; bytes that are no text (there are none: the parser keeps to UTF-8) only as a whole.
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

/// Some rounds, fewer than the last, and a beginning of one more.
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
