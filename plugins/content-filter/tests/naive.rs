//! Compares verdicts with those of a naive implementation that tries every expression and every word at every place.
//! Texts are random, from a fixed seed, and made of pieces of matches and near misses.

use std::ops::Range;

use content_filter::ContentFilter;
use regex_automata::{Input, meta};
use serde_json::json;
use sluice_sdk::{Guardrail, Passage, Plugin, Stage, Verdict};

const TEXTS: usize = 3_000;

const PIECES: [&str; 40] = [
    "a",
    "x",
    "emp-",
    "emp",
    "1234",
    "0",
    "jane@",
    "example.",
    "corp",
    "zeta",
    "project ",
    "Zeta",
    " ",
    "\u{3000}",
    "embargo",
    "emb",
    "\u{212A}ey",
    "key",
    "K",
    "ß",
    "Ü",
    "ü",
    "σ",
    "ς",
    "4111 1111 ",
    "-",
    "@",
    "internal",
    "TCK-",
    "tck-",
    "漢字",
    "漢",
    "カナ",
    ".",
    "\n",
    "é",
    "e\u{301}",
    "confidential",
    "conf",
    "abcdefghijklmnopqrstuvwxyz",
];

/// (name, expression as the plugin parses it)
const PATTERNS: [(&str, &str); 6] = [
    ("employee", r"emp-\d{4}"),
    ("host", r"[a-z0-9-]+\.corp"),
    ("mail", r"[a-z]+@internal"),
    ("ticket", r"(?-i)TCK-\d+"),
    ("either", r"x0|(?:a|1)0"),
    ("any", r"(?:conf|emb).?"),
];

const WORDS: [&str; 7] = ["project zeta", "key", "漢字", "ß", "σς", "a-", "Kana カナ"];

/// The ranges that are masked, and the rule of each: patterns take precedence over words, and earlier and longer
/// matches over others.
fn naive(text: &str) -> Vec<(Range<usize>, String)> {
    let mut found: Vec<(Range<usize>, String)> = Vec::new();
    for (name, expression) in PATTERNS {
        let syntax = regex_automata::util::syntax::Config::new()
            .case_insensitive(true)
            .unicode(false)
            .utf8(true);
        let with_unicode = syntax.unicode(true);
        let built = |syntax| meta::Builder::new().syntax(syntax).build(expression).ok();
        let regex = built(syntax).or_else(|| built(with_unicode)).unwrap();
        let mut at = 0;
        while let Some(next) = regex.search(&Input::new(text).range(at..)) {
            found.push((next.range(), format!("[{}_REDACTED]", name.to_uppercase())));
            at = next.end();
        }
    }
    let mut at = 0;
    while at < text.len() {
        let longest = WORDS.iter().filter_map(|word| word_at(&text[at..], word)).max();
        if let Some(len) = longest {
            found.push((at..at + len, "[KEYWORD_REDACTED]".into()));
        }
        at += longest.unwrap_or_else(|| text[at..].chars().next().unwrap().len_utf8());
    }
    found
}

/// The number of bytes at the beginning of the text that match the word, letter by letter.
fn word_at(text: &str, word: &str) -> Option<usize> {
    let mut rest = text.chars();
    for letter in word.chars() {
        if fold(rest.next()?) != fold(letter) {
            return None;
        }
    }
    Some(text.len() - rest.as_str().len())
}

fn fold(char: char) -> String {
    match char {
        'ς' => "σ".into(),
        _ if char.is_whitespace() => " ".into(),
        _ => char.to_lowercase().collect(),
    }
}

fn masked(text: &str, mut found: Vec<(Range<usize>, String)>) -> String {
    found.sort_by_key(|(range, _)| (range.start, usize::MAX - range.end));
    let (mut masked, mut done) = (String::new(), 0);
    for (range, tag) in found {
        if range.start >= done {
            masked.push_str(&text[done..range.start]);
            masked.push_str(&tag);
        }
        done = done.max(range.end);
    }
    masked + &text[done..]
}

#[test]
fn verdicts_are_those_of_trying_every_rule_at_every_place() {
    let patterns = PATTERNS.map(|(name, pattern)| json!({"pattern_type": "regex", "name": name, "pattern": pattern}));
    let settings = json!({"patterns": patterns, "blocked_words": WORDS, "action": "MASK", "normalize": false});
    let mut filter = ContentFilter::new(serde_json::from_value(settings).unwrap()).unwrap();
    let mut seed = 7_u64;
    let mut below = |bound: usize| {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % bound
    };
    let mut changed = 0;
    for _ in 0..TEXTS {
        let text: String = (0..below(24)).map(|_| PIECES[below(PIECES.len())]).collect();
        let passage = Passage {
            role: "user".into(),
            before: String::new(),
            text: text.clone(),
        };
        let sent = match filter.inspect(Stage::Request, vec![passage]).unwrap() {
            Verdict::Pass => text.clone(),
            Verdict::Rewrite(mut edits) => edits.remove(0).text,
            other => panic!("{text:?}: {other:?}"),
        };
        changed += usize::from(sent != text);
        assert_eq!(sent, masked(&text, naive(&text)), "{text:?}");
    }
    assert!(
        (TEXTS / 4..TEXTS).contains(&changed),
        "{changed} of {TEXTS} texts are changed"
    );
}
