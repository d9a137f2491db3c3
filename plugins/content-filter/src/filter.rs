//! Applies all rules to one text: what to block, what to mask, and how much of a stream to hold back.

use std::borrow::Cow;

use sluice_sdk::Violation;

use crate::check::row_of_digits;
use crate::normal::forms;
use crate::pattern::{Pattern, Seen};
use crate::scan::Scan;
use crate::words::{Progress, Words};

/// What to do about a match: block the exchange, or replace the match by a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
pub enum Action {
    #[serde(rename = "block", alias = "BLOCK")]
    Block,
    #[serde(rename = "mask", alias = "MASK")]
    Mask,
}

/// The rules of one use of the plugin.
pub struct Filter {
    patterns: Vec<Pattern>,
    /// Words are stored by action, so that a masked phrase does not hide a blocked word within it.
    blocked_words: Words,
    masked_words: Words,
    /// The tag that replaces a masked word.
    word_tag: String,
    /// The scan for all rules.
    scan: Scan,
    /// Whether normalized forms of a text are inspected too ([`forms`]).
    normalizes: bool,
}

/// The result for one text.
pub struct Outcome {
    /// The text with tags, without the part that is held back; `None` if nothing is masked.
    pub masked: Option<String>,
    /// Number of Unicode scalar values at the end that are held back. It is 0 outside of streams.
    pub hold: u32,
    /// Number of bytes of the text that are not held back.
    kept: usize,
}

/// Why there is no outcome.
pub enum Stop {
    Block(Violation),
    /// An expression was too large to compile when it was first needed.
    Settings(String),
}

impl Outcome {
    /// The part of `text` to send. `text` must be the one that this outcome belongs to.
    pub fn sent(self, mut text: String) -> String {
        self.masked.unwrap_or_else(|| {
            text.truncate(self.kept);
            text
        })
    }
}

/// The range of a text that a rule matches.
struct Finding {
    start: usize,
    end: usize,
    rule: Rule,
}

#[derive(Clone, Copy)]
enum Rule {
    Pattern(usize),
    BlockedWord(usize),
    MaskedWord,
}

impl Finding {
    fn new(start: usize, end: usize, rule: Rule) -> Self {
        Self { start, end, rule }
    }
}

impl Filter {
    pub fn new(
        mut patterns: Vec<Pattern>,
        blocked_words: Words,
        masked_words: Words,
        word_tag: String,
        normalizes: bool,
    ) -> Self {
        let mut scan = Scan::default();
        scan.add_words(&blocked_words);
        scan.add_words(&masked_words);
        if patterns.iter().any(|pattern| pattern.check.digits > 0) {
            scan.add_digits();
        }
        for pattern in &mut patterns {
            let literals = pattern.needed_literals();
            pattern.literals = literals.iter().map(|literal| scan.add_literal(literal)).collect();
        }
        Self {
            patterns,
            blocked_words,
            masked_words,
            word_tag,
            scan,
            normalizes,
        }
    }

    /// Inspects `text`, which follows `before`. If `more` is set, further text will follow: then a possible beginning
    /// of a match is held back, and only matches that later text cannot change are found.
    pub fn read(&mut self, before: &str, text: &str, more: bool) -> Result<Outcome, Stop> {
        let whole = if before.is_empty() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned([before, text].concat())
        };
        let (mut findings, open) = self.find_in_forms(&whole, before.len(), more).map_err(Stop::Settings)?;
        findings.sort_by_key(|finding| (finding.start, usize::MAX - finding.end));
        if let Some(violation) = findings.iter().find_map(|finding| self.violation(finding.rule)) {
            return Err(Stop::Block(violation));
        }
        let spans = merge(findings);
        let cut = if more { cut(&spans, open) } else { whole.len() };
        Ok(Outcome {
            masked: self.mask(&whole[..cut], before.len(), &spans),
            hold: u32::try_from(whole[cut..].chars().count()).unwrap_or(u32::MAX),
            kept: cut - before.len(),
        })
    }

    /// The matches of all rules in a text and in its normalized forms, as ranges of the text; and the start of the
    /// first unfinished match.
    fn find_in_forms(&mut self, text: &str, from: usize, more: bool) -> Result<(Vec<Finding>, usize), String> {
        let (mut findings, mut open) = self.find(text, from, more)?;
        for form in self.normalizes.then(|| forms(text, from)).into_iter().flatten() {
            let (found, open_in_form) = self.find(&form.text, form.from, more)?;
            let placed = |it: Finding| Finding::new(form.origin(it.start), form.end(it.end), it.rule);
            findings.extend(found.into_iter().map(placed));
            open = open.min(form.origin(open_in_form));
        }
        Ok((findings, open))
    }

    /// The matches of all rules from `from` on, and the start of the first match that later text may complete.
    fn find(&mut self, text: &str, from: usize, more: bool) -> Result<(Vec<Finding>, usize), String> {
        let (mut findings, mut words) = (Vec::new(), Vec::new());
        let (seen, mut open) = self.find_words(text, from, more, &mut words);
        for (index, pattern) in self.patterns.iter_mut().enumerate() {
            let note = |start, end| findings.push(Finding::new(start, end, Rule::Pattern(index)));
            open = open.min(pattern.find(text, from, more, &seen, note)?);
        }
        // A pattern takes precedence over a word at the same place.
        findings.append(&mut words);
        Ok((findings, open))
    }

    /// Finds the words, and what patterns need in the text. Returns the start of the first unfinished word too.
    fn find_words(&self, text: &str, from: usize, more: bool, findings: &mut Vec<Finding>) -> (Seen, usize) {
        let bytes = text.as_bytes();
        let mut seen = Seen {
            digits: 0,
            literals: self.scan.none_seen(),
        };
        let mut row_end = from;
        let (mut blocked, mut masked) = (Progress::default(), Progress::default());
        self.scan.places(bytes, from, |at, place| {
            if place.may_be_digit() && at >= row_end {
                let (digits, len) = row_of_digits(&bytes[at..]);
                seen.digits = seen.digits.max(digits);
                row_end = at + len;
            }
            if place.may_be_literal() {
                self.scan.literals_at(bytes, at, &mut seen.literals);
            }
            if place.may_be_word() {
                let note = |start, end, word| findings.push(Finding::new(start, end, Rule::BlockedWord(word)));
                self.blocked_words.look(text, at, more, &mut blocked, note);
                let note = |start, end, _| findings.push(Finding::new(start, end, Rule::MaskedWord));
                self.masked_words.look(text, at, more, &mut masked, note);
            }
        });
        let open = [blocked.open, masked.open].into_iter().flatten().min();
        (seen, open.unwrap_or(text.len()))
    }

    fn violation(&self, rule: Rule) -> Option<Violation> {
        match rule {
            Rule::Pattern(index) => self.patterns[index].violation(),
            Rule::BlockedWord(word) => Some(self.blocked_words.violation(word)),
            Rule::MaskedWord => None,
        }
    }

    fn tag(&self, rule: Rule) -> &str {
        match rule {
            Rule::Pattern(index) => &self.patterns[index].tag,
            Rule::BlockedWord(_) | Rule::MaskedWord => &self.word_tag,
        }
    }

    /// `text` from `from` on, with each range of `spans` replaced by its tag. `None` if there is none.
    fn mask(&self, text: &str, from: usize, spans: &[Finding]) -> Option<String> {
        let mut masked = String::new();
        let mut done = from;
        for span in spans.iter().take_while(|span| span.end <= text.len()) {
            masked.push_str(&text[done..span.start]);
            masked.push_str(self.tag(span.rule));
            done = span.end;
        }
        (done > from).then(|| masked + &text[done..])
    }
}

/// The findings in order. Overlapping ones become one range with the tag of the first.
fn merge(findings: Vec<Finding>) -> Vec<Finding> {
    let mut spans: Vec<Finding> = Vec::with_capacity(findings.len());
    for finding in findings {
        match spans.last_mut() {
            Some(last) if finding.start < last.end => last.end = last.end.max(finding.end),
            _ => spans.push(finding),
        }
    }
    spans
}

/// Where to cut a stream: before every unfinished match, and neither within a span nor directly after one. The next
/// call sees only what was sent, which is a tag there, but whether a word begins there depends on the original text.
fn cut(spans: &[Finding], open: usize) -> usize {
    spans.iter().rev().fold(open, |cut, span| {
        if span.start < cut && cut <= span.end {
            span.start
        } else {
            cut
        }
    })
}
