//! Finds literals for an expression such that every match contains one of them.

use regex_syntax::hir::literal::{Extractor, Seq};
use regex_syntax::hir::{Hir, HirKind};

/// Maximum length of a literal in bytes. Longer ones are cut, since the first bytes are selective enough and each
/// letter in either case doubles the number of literals.
const BYTES_MAX: usize = 4;

/// Maximum number of literals for one expression: with more, nearly every text would contain one.
const LITERALS_MAX: usize = 64;

/// A literal of this length is rare enough in texts, so that no other place in the expression is tried.
const BYTES_ENOUGH: usize = 3;

/// Maximum number of places within an expression that are tried, which bounds the time.
const PLACES_MAX: usize = 16;

/// The literals of which every match contains one; empty if they are not known. Among the places in the expression
/// where literals stand, the first with long literals is chosen, or else the one whose shortest literal is longest.
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

/// The literals that matches begin with; empty if a match may begin with anything.
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
