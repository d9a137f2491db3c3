//! All rules over one text: what to block, what to mask, and how much of a stream to hold back.

use std::borrow::Cow;

use sluice_sdk::Violation;

use crate::check::digits_in_a_row;
use crate::pattern::Pattern;
use crate::words::Words;

/// Whether a match stops the exchange or is replaced by a tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Deserialize)]
pub enum Action {
    #[serde(rename = "block", alias = "BLOCK")]
    Block,
    #[serde(rename = "mask", alias = "MASK")]
    Mask,
}

/// The rules of one use of the plugin.
pub struct Filter {
    pub patterns: Vec<Pattern>,
    /// Words are two rules, one an action, lest a masked phrase hide a blocked word within it.
    pub blocked_words: Words,
    pub masked_words: Words,
    /// Stands in place of a masked word.
    pub word_tag: String,
}

/// What becomes of one text.
pub struct Outcome {
    /// The text but for what is held, with tags; `None` when nothing in it is masked.
    pub masked: Option<String>,
    /// How many Unicode scalar values at the end are held back. 0 but in a stream.
    pub hold: u32,
    /// Bytes of the text that are not held back.
    kept: usize,
}

/// Why there is no outcome.
pub enum Stop {
    Block(Violation),
    /// An expression turned out to be too large when it was needed.
    Settings(String),
}

impl Outcome {
    /// What is sent of `text`, the text it is the outcome of.
    pub fn sent(self, mut text: String) -> String {
        self.masked.unwrap_or_else(|| {
            text.truncate(self.kept);
            text
        })
    }
}

/// A stretch of text that a rule matches.
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

impl Filter {
    /// Judges `text`, which follows on `before`. With `more`, the text goes on later: what may be the beginning of a
    /// match is held, and only what later text cannot change is found.
    pub fn read(&mut self, before: &str, text: &str, more: bool) -> Result<Outcome, Stop> {
        let whole = if before.is_empty() {
            Cow::Borrowed(text)
        } else {
            Cow::Owned([before, text].concat())
        };
        let (mut findings, open) = self.find(&whole, before.len(), more).map_err(Stop::Settings)?;
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

    /// What all rules find from `from` on, and where the first match may begin that is not over yet.
    fn find(&mut self, text: &str, from: usize, more: bool) -> Result<(Vec<Finding>, usize), String> {
        let mut findings = Vec::new();
        let mut open = text.len();
        let digits = if self.patterns.is_empty() {
            0
        } else {
            digits_in_a_row(&text[from..])
        };
        for (index, pattern) in self.patterns.iter_mut().enumerate() {
            let note = |start, end| {
                findings.push(Finding {
                    start,
                    end,
                    rule: Rule::Pattern(index),
                })
            };
            open = open.min(pattern.find(text, from, more, digits, note)?);
        }
        let note = |start, end, word| {
            findings.push(Finding {
                start,
                end,
                rule: Rule::BlockedWord(word),
            })
        };
        open = open.min(self.blocked_words.find(text, from, more, note));
        let note = |start, end, _| {
            findings.push(Finding {
                start,
                end,
                rule: Rule::MaskedWord,
            })
        };
        open = open.min(self.masked_words.find(text, from, more, note));
        Ok((findings, open))
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

    /// `text` from `from` on with a tag in place of each span in it.
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

/// Findings in order, those that overlap as one under the tag of the first.
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

/// Where to cut a stream: before everything open, through no span, and not right behind one either. What is looked at
/// next sees only what was sent, a tag there, but whether a word begins depends on what stood there.
fn cut(spans: &[Finding], open: usize) -> usize {
    spans.iter().rev().fold(open, |cut, span| {
        if span.start < cut && cut <= span.end {
            span.start
        } else {
            cut
        }
    })
}
