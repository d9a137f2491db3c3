//! Why an exchange went where it went.

use std::fmt;
use std::path::Path;

use super::ExchangeLine;
use super::read::{Decision, ReadError, Reader, Told};
use crate::plugin::columns::Values;

/// All that is recorded of one exchange.
#[derive(Debug, Default)]
pub struct Explanation {
    pub choices: Vec<Decision>,
    /// `None` while it is under way.
    pub end: Option<ExchangeLine>,
}

/// Looks for an exchange by its id (`x-litellm-call-id`); `None` where the file says nothing of it.
///
/// # Errors
/// The file cannot be opened.
pub fn explain(file: &Path, id: &str) -> Result<Option<Explanation>, ReadError> {
    let mut explanation = Explanation::default();
    for told in Reader::open(file)?.flatten() {
        match told {
            Told::Choice(decision) if decision.line.exchange == id => explanation.choices.push(*decision),
            Told::Exchange(end) if end.exchange == id => explanation.end = Some(end),
            Told::Choice(_) | Told::Exchange(_) => {}
        }
    }
    let is_known = !explanation.choices.is_empty() || explanation.end.is_some();
    Ok(is_known.then_some(explanation))
}

impl fmt::Display for Explanation {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(first) = self.choices.first() {
            let line = &first.line;
            let form = if line.stream { "a stream" } else { "a whole answer" };
            writeln!(
                out,
                "exchange {} asked `{}` for {form} ({}, about {} tokens)",
                line.exchange, line.model, line.operation, line.prompt_tokens
            )?;
        }
        for choice in &self.choices {
            write!(out, "{choice}")?;
        }
        match &self.end {
            Some(end) => write!(out, "{end}"),
            None => writeln!(out, "it is under way, or its end was not recorded"),
        }
    }
}

impl fmt::Display for Decision {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let line = &self.line;
        match (&self.strategy, self.of.len()) {
            (Some(strategy), count) => {
                let hash: String = strategy.sha256.chars().take(12).collect();
                writeln!(
                    out,
                    "among {count} deployments of `{}`, {} ({hash}) chose by {}:",
                    line.group,
                    strategy.name,
                    match line.reads.names.is_empty() {
                        true => "nothing but chance".to_owned(),
                        false => line.reads.names.join(", "),
                    }
                )?;
            }
            (None, 1) => writeln!(out, "of `{}`, one deployment was next:", line.group)?,
            (None, _) => writeln!(out, "of `{}`, in the order of the configuration:", line.group)?,
        }
        if let Some(error) = &line.error {
            writeln!(out, "  nothing: {error}")?;
        }
        for (place, index) in line.rank.iter().enumerate() {
            let seen = line.reads.names.iter().filter_map(|name| {
                let value = match line.reads.columns.get(name) {
                    Some(values) => value(values, *index)?,
                    None => "0".to_owned(),
                };
                Some(format!("{name} {value}"))
            });
            let seen: Vec<String> = seen.collect();
            let told = format!("{}. {}  {}", place + 1, self.of[*index].id, seen.join(", "));
            writeln!(out, "  {}", told.trim_end())?;
        }
        for aside in &line.exclusions {
            writeln!(out, "  left aside: {} ({})", aside.deployment, aside.why)?;
        }
        Ok(())
    }
}

fn value(values: &Values, index: usize) -> Option<String> {
    match values {
        Values::Numbers(numbers) => {
            let number = numbers.get(index)?.0;
            Some(match number.is_nan() {
                true => "unknown".to_owned(),
                false => format!("{}", (number * 1e4).round() / 1e4),
            })
        }
        Values::Texts(texts) => texts.get(index).cloned(),
        Values::Lists(lists) => Some(lists.get(index)?.join(" ")),
    }
}

impl fmt::Display for ExchangeLine {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for attempt in &self.attempts {
            let error = attempt.error.as_deref();
            writeln!(
                out,
                "after {:.0} ms: {} {}",
                attempt.begun_ms,
                attempt.deployment,
                error.map_or_else(|| "answered".to_owned(), |error| format!("failed: {error}"))
            )?;
        }
        write!(out, "status {} after {:.0} ms", self.status, self.took_ms)?;
        if let Some(first) = self.first_content_ms {
            write!(out, ", first content after {first:.0} ms")?;
        }
        write!(out, ", {} + {} tokens", self.prompt_tokens, self.completion_tokens)?;
        if let Some(cost) = self.cost_usd {
            write!(out, ", {cost:.6} USD")?;
        }
        if let Some(error) = &self.error {
            write!(out, ": {error}")?;
        }
        writeln!(out)
    }
}
