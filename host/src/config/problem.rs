//! What is wrong with a configuration, where, and how to mend it.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use super::Strictness;
use super::tree::Place;

/// How bad a problem is. Only errors keep a configuration from being used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Worth knowing; nothing need be done.
    Note,
    /// Likely a mistake; the gateway runs all the same.
    Warning,
    /// The configuration is refused.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        })
    }
}

/// One finding. Prints as one line: `file:line:column: error: what. mend`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    pub severity: Severity,
    /// As the operator named it.
    pub file: Arc<str>,
    /// 1-based; 0 when the file as a whole is meant.
    pub line: u32,
    /// In characters, 1-based.
    pub column: u32,
    pub what: String,
    /// Sentences that say what to do; empty when nothing need be done.
    pub mend: String,
    /// Further places with the same problem; `at` is the first.
    pub more: u32,
}

impl fmt::Display for Problem {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}:", self.file)?;
        if self.line > 0 {
            write!(out, "{}:{}:", self.line, self.column)?;
        }
        write!(out, " {}: {}", self.severity, self.what)?;
        match self.more {
            0 => {}
            1 => out.write_str(" (and 1 more place)")?,
            more => write!(out, " (and {more} more places)")?,
        }
        if !self.mend.is_empty() {
            write!(out, ". {}", self.mend)?;
        }
        Ok(())
    }
}

/// Most problems kept of one configuration. A generated file with a mistake in every entry stays readable.
const PROBLEMS_MAX: usize = 500;

/// Gathers problems, and tells what is found many times only once.
#[derive(Debug, Default)]
pub(super) struct Problems {
    found: Vec<Problem>,
    left_out: u32,
    /// An error may be among what was left out.
    errors: bool,
    strictness: Strictness,
    pub aside: Aside,
}

/// Values that cost no more than themselves: the rest of the configuration is used without them.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// They become null; of a list they are taken out.
    pub values: HashSet<Place>,
    /// Numbers and truth values where a text was meant.
    pub texts: HashSet<Place>,
}

impl Problems {
    pub fn new(strictness: Strictness) -> Self {
        Self {
            strictness,
            ..Self::default()
        }
    }

    /// A mistake with which the gateway runs all the same: an error only where the operator asks for strictness.
    pub fn mistake(&mut self, at: &Place, what: impl Into<String>, mend: impl Into<String>) {
        let severity = match self.strictness {
            Strictness::Strict => Severity::Error,
            Strictness::Lenient => Severity::Warning,
        };
        self.push(severity, at, what.into(), mend.into());
    }

    /// A mistake in a value, which is left aside.
    pub fn leave_aside(&mut self, at: &Place, what: impl fmt::Display, mend: impl Into<String>) {
        self.aside.values.insert(at.clone());
        self.mistake(at, format!("{what}: it is left aside"), mend);
    }

    /// A mistake in an entry, which is left out.
    pub fn leave_out(&mut self, entry: &Place, at: &Place, what: impl fmt::Display, mend: impl Into<String>) {
        self.aside.values.insert(entry.clone());
        self.mistake(at, format!("{what}: this deployment is left out"), mend);
    }

    pub fn error(&mut self, at: &Place, what: impl Into<String>, mend: impl Into<String>) {
        self.push(Severity::Error, at, what.into(), mend.into());
    }

    pub fn warning(&mut self, at: &Place, what: impl Into<String>, mend: impl Into<String>) {
        self.push(Severity::Warning, at, what.into(), mend.into());
    }

    pub fn note(&mut self, at: &Place, what: impl Into<String>, mend: impl Into<String>) {
        self.push(Severity::Note, at, what.into(), mend.into());
    }

    pub fn push(&mut self, severity: Severity, at: &Place, what: String, mend: String) {
        self.errors |= severity == Severity::Error;
        // Errors are listed at every place, since each must be corrected.
        if severity != Severity::Error
            && let Some(same) = self.found.iter_mut().find(|p| p.severity == severity && p.what == what)
        {
            same.more += 1;
            return;
        }
        if self.found.len() == PROBLEMS_MAX {
            self.left_out += 1;
            return;
        }
        self.found.push(Problem {
            severity,
            file: at.file.clone(),
            line: at.line,
            column: at.column,
            what,
            mend,
            more: 0,
        });
    }

    pub fn has_errors(&self) -> bool {
        self.errors
    }

    /// All problems in the order of the file; those of included files come after.
    pub fn into_sorted(mut self, file: &Arc<str>) -> Vec<Problem> {
        self.found.sort_by(|a, b| {
            let key = |p: &Problem| (p.file != *file, p.file.clone(), p.line, p.column);
            key(a).cmp(&key(b))
        });
        if self.left_out > 0 {
            self.found.push(Problem {
                severity: if self.errors {
                    Severity::Error
                } else {
                    Severity::Warning
                },
                file: file.clone(),
                line: 0,
                column: 0,
                what: format!("{} further problems are left out", self.left_out),
                mend: "Mend those above and check again.".to_owned(),
                more: 0,
            });
        }
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(line: u32) -> Place {
        Place {
            file: "a.yaml".into(),
            line,
            column: 3,
        }
    }

    #[test]
    fn a_problem_is_one_line() {
        let mut problems = Problems::default();
        problems.error(&place(4), "`port` must be a number", "Write 4000.");
        let printed: Vec<String> = problems
            .into_sorted(&"a.yaml".into())
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(printed, ["a.yaml:4:3: error: `port` must be a number. Write 4000."]);
    }

    #[test]
    fn the_same_warning_is_told_once_and_the_same_error_each_time() {
        let mut problems = Problems::default();
        for line in 1..=3 {
            problems.warning(&place(line), "odd", "");
            problems.error(&place(line), "wrong", "");
        }
        let found = problems.into_sorted(&"a.yaml".into());
        assert_eq!(found.len(), 4);
        assert_eq!(found[0].to_string(), "a.yaml:1:3: warning: odd (and 2 more places)");
    }

    #[test]
    fn problems_are_bounded() {
        let mut problems = Problems::default();
        for line in 1..=PROBLEMS_MAX as u32 + 7 {
            problems.error(&place(line), "wrong", "");
        }
        let found = problems.into_sorted(&"a.yaml".into());
        assert_eq!(found.len(), PROBLEMS_MAX + 1);
        assert!(found[PROBLEMS_MAX].to_string().contains("7 further problems"));
    }
}
