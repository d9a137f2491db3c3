//! Repeats recorded choices: with the strategy that made them, which must choose alike, or with another, to see what it would
//! have chosen.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::StrategyLine;
use super::read::{Decision, ReadError, Reader, Told};
use crate::plugin::columns::{Columns, Number};
use crate::plugin::kinds::strategy::{RankError, Strategy};

/// Differences and unreadable lines that are told one by one; the others are counted.
const TOLD_MAX: usize = 5;

/// Finds the strategy to repeat a choice with.
pub trait Find {
    /// # Errors
    /// It is not there, for the operator.
    fn find(&self, recorded: &StrategyLine) -> Result<Arc<Strategy>, String>;
}

/// What came of it.
#[derive(Debug, Default)]
pub struct Report {
    /// One for each strategy that chose, in the order of their first choice.
    pub strategies: Vec<Replayed>,
    /// Choices without a strategy: there was nothing to choose.
    pub without_choice: u64,
    pub unreadable: Findings,
}

/// So many, the first of them in words.
#[derive(Debug, Default)]
pub struct Findings {
    pub count: u64,
    pub first: Vec<String>,
}

impl Findings {
    fn add(&mut self, sentence: impl FnOnce() -> String) {
        self.count += 1;
        if self.first.len() < TOLD_MAX {
            self.first.push(sentence());
        }
    }
}

/// The choices of one recorded strategy.
#[derive(Debug)]
pub struct Replayed {
    pub recorded: Arc<StrategyLine>,
    /// Name and hash of what repeated them, or why nothing could.
    pub by: Result<(String, String), String>,
    pub alike: u64,
    pub different: Findings,
    /// They read what is not recorded: the whole request, or what the plugin kept.
    pub partial: u64,
    pub then: Outlook,
    pub now: Outlook,
}

/// What the first places of rankings lead to one expects, by what was known when they were made.
#[derive(Debug, Default)]
pub struct Outlook {
    /// First places by deployment id.
    pub load: BTreeMap<String, u64>,
    /// USD, over exchanges whose price is known.
    cost: Mean,
    /// Seconds to the first token of streams and to the whole of other answers, where that had been measured.
    seconds: Mean,
}

#[derive(Debug, Default)]
struct Mean {
    sum: f64,
    count: u64,
}

impl Mean {
    fn add(&mut self, sample: f64) {
        if sample.is_finite() {
            self.sum += sample;
            self.count += 1;
        }
    }

    #[allow(clippy::cast_precision_loss, reason = "a mean to a few digits")]
    fn get(&self) -> f64 {
        self.sum / self.count as f64
    }
}

/// Repeats all choices of a file.
///
/// # Errors
/// The file cannot be opened.
pub fn replay(file: &Path, strategies: &dyn Find) -> Result<Report, ReadError> {
    let tokens = tokens(file)?;
    let mut report = Report::default();
    let mut found = HashMap::new();
    for told in Reader::open(file)? {
        let decision = match told {
            Ok(Told::Choice(decision)) => decision,
            Ok(Told::Exchange(_)) => continue,
            Err(error) => {
                report.unreadable.add(|| error.to_string());
                continue;
            }
        };
        let Some(recorded) = &decision.strategy else {
            report.without_choice += 1;
            continue;
        };
        let key = (recorded.sha256.clone(), recorded.settings.clone());
        let (at, strategy) = found.entry(key).or_insert_with(|| {
            let strategy = strategies.find(recorded);
            report.strategies.push(Replayed::new(recorded, &strategy));
            (report.strategies.len() - 1, strategy.ok())
        });
        if let Some(strategy) = strategy {
            let used = tokens.get(&decision.line.exchange).copied();
            report.strategies[*at].repeat(&decision, strategy, used);
        }
    }
    Ok(report)
}

/// Tokens of prompt and completion, by exchange.
fn tokens(file: &Path) -> Result<HashMap<String, (u64, u64)>, ReadError> {
    let exchanges = Reader::open(file)?.filter_map(|told| match told {
        Ok(Told::Exchange(line)) => Some((line.exchange, (line.prompt_tokens, line.completion_tokens))),
        _ => None,
    });
    Ok(exchanges.collect())
}

impl Replayed {
    fn new(recorded: &Arc<StrategyLine>, found: &Result<Arc<Strategy>, String>) -> Self {
        let by = found.as_ref().map_err(Clone::clone).map(|strategy| {
            let identity = strategy.pool().identity();
            (identity.name.to_string(), identity.sha256.to_string())
        });
        Self {
            recorded: Arc::clone(recorded),
            by,
            alike: 0,
            different: Findings::default(),
            partial: 0,
            then: Outlook::default(),
            now: Outlook::default(),
        }
    }

    /// Whether it was the very same component.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.by
            .as_ref()
            .is_ok_and(|(_, sha256)| *sha256 == self.recorded.sha256)
    }

    fn repeat(&mut self, decision: &Decision, strategy: &Strategy, used: Option<(u64, u64)>) {
        if decision.line.reads.is_partial && self.is_same() {
            self.partial += 1;
            return;
        }
        let columns: Arc<dyn Columns> = Arc::new(decision.columns());
        let ranked = match decision.canonical() {
            Ok(canonical) => strategy
                .rank(&Arc::new(canonical), &columns)
                .map_err(|error: RankError| error.to_string()),
            Err(error) => Err(error.to_string()),
        };
        let recorded = match &decision.line.error {
            None => Ok(decision.line.rank.clone()),
            Some(error) => Err(error.clone()),
        };
        if ranked == recorded {
            self.alike += 1;
        } else {
            self.different
                .add(|| format!("exchange {}: {recorded:?} then, {ranked:?} now", decision.line.exchange));
        }
        let used = used.unwrap_or((u64::from(decision.line.prompt_tokens), 0));
        for (outlook, ranking) in [(&mut self.then, &recorded), (&mut self.now, &ranked)] {
            if let Some(first) = ranking.as_ref().ok().and_then(|ranking| ranking.first()) {
                outlook.add(decision, columns.as_ref(), *first, used);
            }
        }
    }
}

impl Outlook {
    #[allow(clippy::cast_precision_loss, reason = "tokens, for a price")]
    fn add(&mut self, decision: &Decision, columns: &dyn Columns, first: usize, (prompt, completion): (u64, u64)) {
        *self.load.entry(decision.of[first].id.clone()).or_default() += 1;
        let of = |column| columns.numbers(column)[first];
        let cost = of(Number::InputPrices) * prompt as f64 + of(Number::OutputPrices) * completion as f64;
        self.cost.add(cost / 1e6);
        self.seconds.add(of(match decision.line.stream {
            true => Number::FirstTokenSeconds,
            false => Number::LatencySeconds,
        }));
    }
}

impl Report {
    /// Whether every choice that could be repeated with its own strategy came out alike.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.strategies
            .iter()
            .all(|replayed| replayed.is_same() && replayed.different.count == 0)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        for replayed in &self.strategies {
            write!(out, "{replayed}")?;
        }
        if self.without_choice > 0 {
            writeln!(
                out,
                "{} choices had one candidate, or no strategy that could rank",
                self.without_choice
            )?;
        }
        if self.unreadable.count > 0 {
            writeln!(out, "{} lines could not be read:", self.unreadable.count)?;
            for sentence in &self.unreadable.first {
                writeln!(out, "  {sentence}")?;
            }
        }
        Ok(())
    }
}

impl fmt::Display for Replayed {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let recorded = &self.recorded;
        let short = |sha256: &str| sha256.chars().take(12).collect::<String>();
        let total = self.alike + self.different.count + self.partial;
        write!(out, "{} ({})", recorded.name, short(&recorded.sha256))?;
        match &self.by {
            Err(reason) => return writeln!(out, ": not repeated: {reason}"),
            Ok(_) if self.is_same() => writeln!(out, ", {total} choices")?,
            Ok((name, sha256)) => writeln!(out, ", {total} choices, repeated with {name} ({})", short(sha256))?,
        }
        writeln!(out, "  {} alike, {} different", self.alike, self.different.count)?;
        if self.partial > 0 {
            writeln!(
                out,
                "  {} read what is not recorded and cannot be repeated",
                self.partial
            )?;
        }
        if self.is_same() {
            for difference in &self.different.first {
                writeln!(out, "  {difference}")?;
            }
            return Ok(());
        }
        self.compare(out)
    }
}

impl Replayed {
    /// Then and now, side by side.
    #[allow(clippy::cast_precision_loss, reason = "shares to a tenth of a percent")]
    fn compare(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let all = |outlook: &Outlook| outlook.load.values().sum::<u64>().max(1) as f64;
        let share = |outlook: &Outlook, id: &str| {
            let count = outlook.load.get(id).copied().unwrap_or(0);
            format!("{:.1} %", count as f64 * 100.0 / all(outlook))
        };
        let mut ids: Vec<&String> = self.then.load.keys().chain(self.now.load.keys()).collect();
        ids.sort_unstable();
        ids.dedup();
        let width = ids.iter().map(|id| id.chars().count()).max().unwrap_or(0).max(24);
        writeln!(out, "  {:width$}  {:>12}  {:>12}", "first choice", "then", "now")?;
        for id in ids {
            let (then, now) = (share(&self.then, id), share(&self.now, id));
            writeln!(out, "  {id:width$}  {then:>12}  {now:>12}")?;
        }
        let mut row = |name: &str, unit: &str, then: f64, now: f64| match then.is_nan() && now.is_nan() {
            true => Ok(()),
            false => writeln!(out, "  {name:width$}  {then:>12.6}  {now:>12.6}  {unit}"),
        };
        row("mean cost", "USD", self.then.cost.get(), self.now.cost.get())?;
        row(
            "mean expected time",
            "s",
            self.then.seconds.get(),
            self.now.seconds.get(),
        )?;
        writeln!(
            out,
            "  What other choices would have changed in turn (load, times, cooldowns) is not in this: `sluice simulate` shows it."
        )
    }
}
