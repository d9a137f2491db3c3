//! What a text must hold for an expression to match: literals, of which one stands in every match.

use regex_syntax::hir::literal::{Extractor, Seq};
use regex_syntax::hir::{Hir, HirKind};

/// Bytes of a literal that are looked for: the first ones say enough, and a letter in either case doubles them.
const BYTES_MAX: usize = 4;

/// Literals of one expression: more would be found in every text.
const LITERALS_MAX: usize = 64;

/// So long a literal is rare enough in a text: no other place in the expression is tried.
const BYTES_ENOUGH: usize = 3;

/// Places within an expression that are tried, which bounds the time that this takes.
const PLACES_MAX: usize = 16;

/// Literals of which every match holds one; none where that is not known. Of the places in the expression where literals
/// stand, the first with long ones counts, or else the one whose shortest literal is the longest.
pub fn literals(expression: &Hir) -> Vec<Vec<u8>> {
    let parts = match expression.kind() {
        HirKind::Capture(capture) => return literals(&capture.sub),
        HirKind::Concat(parts) => &parts[..],
        _ => std::slice::from_ref(expression),
    };
    let mut best = Vec::new();
    for at in 0..parts.len().min(PLACES_MAX) {
        let found = beginnings(&Hir::concat(parts[at..].to_vec()));
        if shortest(&found) > shortest(&best) {
            best = found;
        }
        if shortest(&best) >= BYTES_ENOUGH {
            break;
        }
    }
    best
}

fn shortest(literals: &[Vec<u8>]) -> usize {
    literals.iter().map(Vec::len).min().unwrap_or(0)
}

/// How matches begin; none where that may be with anything.
fn beginnings(expression: &Hir) -> Vec<Vec<u8>> {
    let mut extractor = Extractor::new();
    extractor.limit_literal_len(BYTES_MAX).limit_total(LITERALS_MAX);
    let found: Seq = extractor.extract(expression);
    let literals = found.literals().unwrap_or_default();
    let mut literals: Vec<Vec<u8>> = literals.iter().map(|literal| literal.as_bytes().to_vec()).collect();
    literals.sort();
    literals.dedup_by(|longer, shorter| longer.starts_with(shorter));
    if literals.first().is_some_and(Vec::is_empty) {
        literals.clear();
    }
    literals
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expression: &str, expected: &[&str]) {
        let found = literals(&regex_syntax::parse(expression).unwrap());
        let found: Vec<_> = found
            .iter()
            .map(|literal| std::str::from_utf8(literal).unwrap())
            .collect();
        assert_eq!(found, expected, "{expression}");
    }

    #[test]
    fn every_match_holds_one_of_the_literals() {
        check(r"emp-[0-9]{4}", &["emp-"]);
        check(r"\b(?:cat|dog)s?\b", &["cat", "dog"]);
        check(r"(?i-u)ab-", &["AB-", "Ab-", "aB-", "ab-"]);
        check(r"[a-z]+@[a-z]+\.example", &[".exa"]);
        check(r"(?i-u)[a-z]+\.cd", &[".CD", ".Cd", ".cD", ".cd"]);
        check(r"([a-z]+@y)", &["@y"]);
        check(r"[a-z]+#", &["#"]);
    }

    #[test]
    fn where_a_match_may_hold_anything_nothing_is_needed() {
        for expression in ["[a-z]+", "(?:secret)?", "a*", "", "[a-z]+(?:@)?"] {
            check(expression, &[]);
        }
    }
}
