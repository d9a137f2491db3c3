//! Findings as a person reads them: what is alike is one line, the most important first, and a sentence at the end.

use std::collections::BTreeMap;
use std::fmt;

use super::problem::{Problem, Severity};

/// Places that a line names beside its own; the others are counted.
const PLACES_MAX: usize = 6;

/// Findings that say the same of different names.
pub struct Group<'p> {
    pub first: &'p Problem,
    others: Vec<&'p Problem>,
}

/// Puts together what is alike: errors, then warnings, then notes, each in the order of the file.
#[must_use]
pub fn grouped(problems: &[Problem]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut by_template: BTreeMap<(Severity, String), usize> = BTreeMap::new();
    for problem in problems {
        let key = (problem.severity, template(&problem.what));
        match by_template.get(&key) {
            Some(index) => groups[*index].others.push(problem),
            None => {
                by_template.insert(key, groups.len());
                groups.push(Group {
                    first: problem,
                    others: Vec::new(),
                });
            }
        }
    }
    groups.sort_by_key(|group| std::cmp::Reverse(group.first.severity));
    groups
}

/// A sentence without the names in it: what stands in backticks, in parentheses, and after the reason's colon.
fn template(what: &str) -> String {
    let what = what.split_once("has no effect: ").map_or(what, |(start, _)| start);
    let mut template = String::new();
    let mut until = None;
    for character in what.chars() {
        match (until, character) {
            (Some(end), _) if character == end => until = None,
            (Some(_), _) => {}
            (None, '`') => until = Some('`'),
            (None, '(') => until = Some(')'),
            (None, _) if character.is_ascii_digit() => {}
            (None, _) => template.push(character),
        }
    }
    template
}

/// The first name that a sentence has in backticks.
fn subject(what: &str) -> Option<&str> {
    what.split('`').nth(1)
}

impl fmt::Display for Group<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut first = self.first.clone();
        if !self.others.is_empty() {
            let places = self
                .others
                .iter()
                .take(PLACES_MAX)
                .map(|other| match subject(&other.what) {
                    Some(name) if Some(name) != subject(&self.first.what) => format!("`{name}` on line {}", other.line),
                    _ => format!("line {}", other.line),
                });
            let mut likewise = places.collect::<Vec<_>>().join(", ");
            let more = self.others.len().saturating_sub(PLACES_MAX);
            if more > 0 {
                likewise += &format!(" and {more} more");
            }
            first.what += &format!("; likewise {likewise}");
        }
        write!(out, "{first}")
    }
}

/// What the findings come to, and what to do.
#[must_use]
pub fn verdict(problems: &[Problem], left_out: usize, is_usable: bool) -> String {
    let count = |severity: Severity| problems.iter().filter(|problem| problem.severity == severity).count();
    let (errors, warnings, notes) = (
        count(Severity::Error),
        count(Severity::Warning) + left_out,
        count(Severity::Note),
    );
    match (is_usable, errors, warnings) {
        (false, ..) => format!("The gateway does not start with it. Mend {}.", counted(errors, "error")),
        (true, _, 0) if notes == 0 => "The gateway starts with it, and all of it is in effect.".to_owned(),
        (true, _, 0) => "The gateway starts with it. Nothing needs to be done.".to_owned(),
        (true, ..) => format!(
            "The gateway starts with it. What {} names is left out, or not as somebody may expect.",
            counted(warnings, "warning")
        ),
    }
}

fn counted(count: usize, what: &str) -> String {
    match count {
        1 => format!("the {what} above"),
        count => format!("each of the {count} {what}s above"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problem(severity: Severity, line: u32, what: &str) -> Problem {
        Problem {
            severity,
            file: "a.yaml".into(),
            line,
            column: 1,
            what: what.to_owned(),
            mend: "Mend it.".to_owned(),
            more: 0,
        }
    }

    #[test]
    fn what_is_alike_is_one_line_and_errors_come_first() {
        let problems = [
            problem(Severity::Note, 1, "`a.x` is accepted, not yet in effect (budgets)"),
            problem(
                Severity::Warning,
                2,
                "environment variable `A` is not set; the value is null",
            ),
            problem(Severity::Note, 3, "`a.y` is accepted, not yet in effect (alerting)"),
            problem(Severity::Error, 4, "`model_list` must be a list"),
            problem(
                Severity::Warning,
                5,
                "environment variable `B` is not set; the value is null",
            ),
        ];
        let lines: Vec<String> = grouped(&problems).iter().map(ToString::to_string).collect();
        assert_eq!(
            lines,
            [
                "a.yaml:4:1: error: `model_list` must be a list. Mend it.",
                "a.yaml:2:1: warning: environment variable `A` is not set; the value is null; likewise `B` on line 5. Mend it.",
                "a.yaml:1:1: note: `a.x` is accepted, not yet in effect (budgets); likewise `a.y` on line 3. Mend it.",
            ]
        );
    }

    #[test]
    fn the_end_says_what_to_do() {
        let warning = [problem(Severity::Warning, 1, "w")];
        let note = [problem(Severity::Note, 1, "n")];
        let error = [problem(Severity::Error, 1, "e")];
        assert_eq!(
            verdict(&[], 0, true),
            "The gateway starts with it, and all of it is in effect."
        );
        assert_eq!(
            verdict(&note, 0, true),
            "The gateway starts with it. Nothing needs to be done."
        );
        assert!(verdict(&warning, 1, true).contains("each of the 2 warnings above names"));
        assert_eq!(
            verdict(&error, 0, false),
            "The gateway does not start with it. Mend the error above."
        );
    }
}
