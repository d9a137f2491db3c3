//! One regular expression: compiled when it is first needed, and matched in time linear in the length of the text.

use std::borrow::Cow;

use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Input, meta};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;
use sluice_sdk::{Violation, serde_json};

use crate::check::Check;
use crate::filter::Action;
use crate::{needed, opening};

/// How much of a stream an unbounded expression holds back, in Unicode scalar values, unless `max_length` is given. The
/// value is the length of a long key.
pub const MAX_LENGTH_DEFAULT: usize = 256;

/// Upper bound on what an expression may hold back: with more, a stream would seem to hang.
pub const MAX_LENGTH_MAX: usize = 4096;

/// Maximum size of a compiled expression in bytes: enough for `\w{100}`. Compiling a larger one would exceed the time
/// limit of a guardrail.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Size of the cache for lazily built states of an expression, in bytes. When it is full, it is cleared.
const CACHE_BYTES: usize = 1 << 18;

/// Maximum nesting of groups, since the walk in `opening.rs` is recursive.
const NEST_MAX: u32 = 64;

/// An expression and what to do about its matches.
pub struct Pattern {
    /// The name in tags and violations, as in `pattern_name`.
    pub name: String,
    /// The code of violations, such as `pii.email`.
    pub code: String,
    pub action: Action,
    /// The tag that replaces a masked match.
    pub tag: String,
    pub check: Check,
    /// Numbers of the literals of which a text must contain one (see [`crate::scan`]); empty if there is no such
    /// condition.
    pub literals: Vec<usize>,
    pub expression: Expression,
}

/// What the scan found in a text.
pub struct Seen {
    /// The highest number of digits in a row.
    pub digits: usize,
    /// For each literal, whether the text contains it.
    pub literals: Vec<bool>,
}

impl Pattern {
    /// Calls `note` with start and end of every match from `from` on. Returns the start of the first unfinished match,
    /// or else the end of the text; matches after that place are not reported. `seen` is the scan of the text from
    /// `from` on.
    ///
    /// # Errors
    /// The expression is too large to compile.
    pub fn find(
        &mut self,
        text: &str,
        from: usize,
        more: bool,
        seen: &Seen,
        mut note: impl FnMut(usize, usize),
    ) -> Result<usize, String> {
        let open = if more {
            self.expression.open(text, from)?
        } else {
            text.len()
        };
        if !self.may_match(seen) {
            return Ok(open);
        }
        let matches = self.expression.matches()?;
        let mut at = from;
        while at < open {
            let found = match matches.search(&Input::new(text).range(at..)) {
                Some(found) if found.start() < open => found,
                _ => break,
            };
            match self.check.accept(text, found.range()) {
                Some(end) if end > found.start() => {
                    note(found.start(), end);
                    at = end;
                }
                _ => at = text.ceil_char_boundary(found.start() + 1),
            }
        }
        Ok(open)
    }

    fn may_match(&self, seen: &Seen) -> bool {
        let has_literal = || self.literals.iter().any(|&literal| seen.literals[literal]);
        seen.digits >= self.check.digits && (self.literals.is_empty() || has_literal())
    }

    /// The literals of which every match contains one; empty if they are not known.
    pub fn needed_literals(&self) -> Vec<Vec<u8>> {
        if !self.check.has.is_empty() {
            return self.check.has.iter().map(|sign| sign.as_bytes().to_vec()).collect();
        }
        self.expression
            .parsed
            .as_ref()
            .map(needed::literals)
            .unwrap_or_default()
    }

    /// The violation for a match, if the action is to block.
    pub fn violation(&self) -> Option<Violation> {
        let Self { name, code, .. } = self;
        if self.action == Action::Mask {
            return None;
        }
        Some(Violation {
            code: code.clone(),
            message: format!("content blocked: pattern `{name}` was found"),
            detail: serde_json::json!({"type": "pattern", "pattern_name": name, "action": "BLOCK"}).to_string(),
        })
    }
}

/// A regular expression. It is parsed and compiled when it is first needed.
pub struct Expression {
    text: Cow<'static, str>,
    ignore_case: bool,
    /// Maximum length of a match in Unicode scalar values, if the operator gives one. It takes precedence over what the
    /// expression tells.
    pub max_length: Option<usize>,
    parsed: Option<Hir>,
    /// Matches of the expression.
    matches: Option<meta::Regex>,
    /// Beginnings of matches at the end of a text.
    openings: Option<meta::Regex>,
}

impl Expression {
    pub fn new(text: Cow<'static, str>, ignore_case: bool) -> Self {
        Self {
            text,
            ignore_case,
            max_length: None,
            parsed: None,
            matches: None,
            openings: None,
        }
    }

    /// The start of the first match, from `from` on, that is unfinished at the end of `text`.
    fn open(&mut self, text: &str, from: usize) -> Result<usize, String> {
        let reach = self.reach()?.max(1);
        let floor = text[from..]
            .char_indices()
            .rev()
            .nth(reach - 1)
            .map_or(from, |(at, _)| from + at);
        let openings = self.openings()?;
        Ok(openings
            .search(&Input::new(text).range(floor..))
            .map_or(text.len(), |found| found.start()))
    }

    /// The maximum distance between the start of an unfinished match and the end of the text, in Unicode scalar values.
    fn reach(&mut self) -> Result<usize, String> {
        let declared = self.max_length;
        // The parser's bound is in bytes, which are at least as many.
        let bound = self.parse()?.properties().maximum_len();
        Ok(declared.or(bound).unwrap_or(MAX_LENGTH_DEFAULT).min(MAX_LENGTH_MAX))
    }

    /// Parses the expression, so that mistakes are reported before any text is inspected.
    ///
    /// # Errors
    /// The text is not a regular expression, or uses features that this engine does not have (look-around,
    /// back-references).
    pub fn parse(&mut self) -> Result<&Hir, String> {
        match &mut self.parsed {
            Some(parsed) => Ok(parsed),
            empty => Ok(empty.insert(parse(&self.text, self.ignore_case)?)),
        }
    }

    fn matches(&mut self) -> Result<&meta::Regex, String> {
        let compiled = match self.matches.take() {
            Some(compiled) => compiled,
            None => compile(self.parse()?)?,
        };
        Ok(self.matches.insert(compiled))
    }

    fn openings(&mut self) -> Result<&meta::Regex, String> {
        let compiled = match self.openings.take() {
            Some(compiled) => compiled,
            None => compile(&opening::of(self.parse()?))?,
        };
        Ok(self.openings.insert(compiled))
    }
}

/// Classes such as `\d` and `\w` match ASCII only, which is twenty times cheaper to compile. If the expression needs
/// Unicode (other letters, `.` or a negated class), it is parsed with Unicode classes. `(?u)` at the beginning asks for
/// them too.
fn parse(expression: &str, ignore_case: bool) -> Result<Hir, String> {
    let read = |unicode| {
        let mut parser = ParserBuilder::new();
        parser
            .unicode(unicode)
            .utf8(true)
            .case_insensitive(ignore_case)
            .nest_limit(NEST_MAX);
        parser.build().parse(expression).map_err(explain)
    };
    read(false).or_else(|_| read(true))
}

/// The error without the engine's own text, which shows the expression in several lines.
fn explain(error: regex_syntax::Error) -> String {
    match error {
        regex_syntax::Error::Parse(error) => error.kind().to_string(),
        regex_syntax::Error::Translate(error) => error.kind().to_string(),
        other => other.to_string(),
    }
}

fn compile(parsed: &Hir) -> Result<meta::Regex, String> {
    let config = meta::Config::new()
        .which_captures(WhichCaptures::Implicit)
        .auto_prefilter(false)
        .hybrid_cache_capacity(CACHE_BYTES)
        .nfa_size_limit(Some(COMPILED_BYTES_MAX));
    meta::Builder::new()
        .configure(config)
        .build_from_hir(parsed)
        .map_err(|error| match error.size_limit() {
            Some(limit) => format!("an expression is over {limit} bytes when compiled: make its repetitions smaller"),
            None => error.to_string(),
        })
}
