//! One regular expression: compiled when it is first needed, found in time that grows with the text alone.

use std::borrow::Cow;

use regex_automata::nfa::thompson::WhichCaptures;
use regex_automata::{Input, meta};
use regex_syntax::ParserBuilder;
use regex_syntax::hir::Hir;
use sluice_sdk::{Violation, serde_json};

use crate::check::Check;
use crate::filter::Action;
use crate::{needed, opening};

/// How much of a stream an expression without an end of its own holds back, in Unicode scalar values, unless
/// `max_length` says otherwise: the length of a long key.
pub const MAX_LENGTH_DEFAULT: usize = 256;

/// The most that any expression may hold back: more, and a stream would seem to hang.
pub const MAX_LENGTH_MAX: usize = 4096;

/// Bytes of a compiled expression: enough for `\w{100}`. A larger one would cost more time to compile than a guardrail has.
const COMPILED_BYTES_MAX: usize = 1 << 20;

/// Bytes of lazily built states an expression; when they are full, building starts again.
const CACHE_BYTES: usize = 1 << 18;

/// How deep groups may nest; the walk in `opening.rs` is recursive.
const NEST_MAX: u32 = 64;

/// An expression and what to do about its matches.
pub struct Pattern {
    /// As in `pattern_name`, in tags and violations.
    pub name: String,
    /// Of violations, such as `pii.email`.
    pub code: String,
    pub action: Action,
    /// Stands in place of a masked match.
    pub tag: String,
    pub check: Check,
    /// Numbers of the literals of which a text must hold one (see [`crate::scan`]); empty where nothing is known of it.
    pub literals: Vec<usize>,
    pub expression: Expression,
}

/// What the scan saw in a text.
pub struct Seen {
    /// The most digits in a row.
    pub digits: usize,
    /// Of each literal, whether it was there.
    pub literals: Vec<bool>,
}

impl Pattern {
    /// Notes (start, end) of all matches that `text` holds from `from` on. Answers where the first may begin that is not
    /// over yet, or else the end of the text; what comes after is not noted. `seen` is of the text from `from` on.
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

    /// The literals of which every match holds one; none where that is not known.
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

    /// What a match is reported as, where it blocks.
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

/// A regular expression, parsed and compiled as far as it was needed.
pub struct Expression {
    text: Cow<'static, str>,
    ignore_case: bool,
    /// How long a match may be at most, in Unicode scalar values, where the expression itself does not say.
    pub max_length: Option<usize>,
    parsed: Option<Hir>,
    /// Finds matches.
    matches: Option<meta::Regex>,
    /// Finds beginnings of matches at the end of a text.
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

    /// Where the first match may begin that the end of `text` leaves open, from `from` on.
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

    /// How far from the end of a text a match can begin that is not over yet, in Unicode scalar values.
    fn reach(&mut self) -> Result<usize, String> {
        let declared = self.max_length;
        // The parser counts bytes, which are no fewer.
        let bound = self.parse()?.properties().maximum_len();
        Ok(declared.or(bound).unwrap_or(MAX_LENGTH_DEFAULT).min(MAX_LENGTH_MAX))
    }

    /// Reads the expression, so that a mistake in it is told before any text comes.
    ///
    /// # Errors
    /// It is no expression, or one that this engine does not know (look-around, back-references).
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

/// Classes such as `\d` and `\w` mean ASCII, twenty times cheaper to compile, unless the expression cannot do without
/// Unicode: with other letters in it, `.` or a negated class. `(?u)` in front asks for Unicode.
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

/// The engine's own text draws the expression over several lines.
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
