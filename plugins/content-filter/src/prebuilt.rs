//! The prebuilt patterns, under LiteLLM's names. They are in `prebuilt.txt`, which is searched line by line when a
//! pattern is used; this costs less than building a table.

use std::borrow::Cow;

use crate::check::{Check, Proof};
use crate::filter::Action;
use crate::pattern::{Expression, Pattern};

const TABLE: &str = include_str!("prebuilt.txt");

/// The names of all patterns, in the order of the file.
pub fn names() -> impl Iterator<Item = &'static str> {
    lines().map(|line| column(line).0)
}

/// The pattern with this name.
///
/// # Errors
/// There is no such pattern; the message lists those that exist.
pub fn pattern(name: &str, action: Action) -> Result<Pattern, String> {
    let Some(line) = lines().find(|line| line.strip_prefix(name).is_some_and(|rest| rest.starts_with(' '))) else {
        let known = names().collect::<Vec<_>>().join(", ");
        return Err(format!(
            "pattern_name `{name}` is not known: write it as `pattern_type: regex` with a `pattern`, or choose among {known}"
        ));
    };
    let (category, rest) = column(column(line).1);
    let (options, expression) = column(rest);
    let mut pattern = Pattern {
        name: name.to_owned(),
        code: format!("{category}.{name}"),
        action,
        tag: String::new(),
        check: Check::default(),
        literals: Vec::new(),
        expression: Expression::new(Cow::Borrowed(expression), false),
    };
    for option in options.split(',').filter(|&option| option != "-") {
        set(&mut pattern, option);
    }
    Ok(pattern)
}

fn lines() -> impl Iterator<Item = &'static str> {
    TABLE.lines().filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The first word of a line, and the rest without leading spaces.
fn column(line: &'static str) -> (&'static str, &'static str) {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    (word, rest.trim_start())
}

/// Sets one option of a line. `tests/prebuilt.rs` reads the whole file, so that a mistake in it fails there.
fn set(pattern: &mut Pattern, option: &'static str) {
    let Check {
        digits,
        has,
        near,
        proof,
    } = &mut pattern.check;
    match option.split_once('=').unwrap_or((option, "")) {
        ("digits", count) => *digits = count.parse().unwrap_or(0),
        ("max", count) => pattern.expression.max_length = count.parse().ok(),
        ("has", signs) => *has = signs.split('|').collect(),
        ("near", words) => *near = words.split('|').map(|word| word.replace('_', " ")).collect(),
        ("luhn", _) => *proof = Proof::Luhn,
        ("mod97", _) => *proof = Proof::Mod97,
        ("ipv6", _) => *proof = Proof::Ipv6,
        (other, _) => debug_assert!(false, "prebuilt.txt: `{other}` is no option"),
    }
}
