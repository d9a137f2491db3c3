//! What came of a simulation.

use std::fmt;
use std::time::Duration;

/// One strategy's figures.
#[derive(Debug, Clone)]
pub struct Report {
    pub strategy: String,
    pub exchanges: u64,
    /// Share that was answered.
    pub success: f64,
    /// Attempts of an exchange that was answered, on average.
    pub attempts: f64,
    /// USD of a thousand answers; NaN where prices are not known.
    pub cost: f64,
    /// Seconds to the whole of an answer, failed attempts before it included.
    pub whole: Percentiles,
    /// Seconds to the first token of a stream.
    pub first_token: Percentiles,
    /// Of the load of deployments in proportion to their capacity, Jain's index: 1 where all are loaded alike, 1/n where one
    /// has everything (<https://arxiv.org/abs/cs/9809099>).
    pub fairness: f64,
    /// Virtual time from the first exchange to the last.
    pub lasted: Duration,
}

/// NaN where nothing was measured.
#[derive(Debug, Clone, Copy)]
pub struct Percentiles {
    pub p50: f64,
    pub p99: f64,
}

/// Counts while a simulation runs.
#[derive(Default)]
pub struct Tally {
    failed: u64,
    attempts: u64,
    cost: f64,
    whole: Vec<f32>,
    first_token: Vec<f32>,
}

impl Tally {
    pub fn answered(&mut self, took: Duration, to_first: Option<Duration>, attempts: u32, cost: f64) {
        self.attempts += u64::from(attempts);
        self.cost += cost;
        self.whole.push(took.as_secs_f32());
        self.first_token.extend(to_first.map(|time| time.as_secs_f32()));
    }

    pub fn failed(&mut self) {
        self.failed += 1;
    }

    #[allow(clippy::cast_precision_loss, reason = "counts, for shares and means")]
    pub fn report(self, strategy: String, lasted: Duration, loads: impl Iterator<Item = f64>) -> Report {
        let answered = self.whole.len() as u64;
        let exchanges = answered + self.failed;
        let each = |sum: f64| sum / answered as f64;
        Report {
            strategy,
            exchanges,
            success: answered as f64 / exchanges as f64,
            attempts: each(self.attempts as f64),
            cost: each(self.cost) * 1e3,
            whole: percentiles(self.whole),
            first_token: percentiles(self.first_token),
            fairness: fairness(loads),
            lasted,
        }
    }
}

fn percentiles(mut samples: Vec<f32>) -> Percentiles {
    samples.sort_unstable_by(f32::total_cmp);
    let at = |percent: usize| {
        let index = (samples.len() * percent / 100).min(samples.len().saturating_sub(1));
        samples.get(index).map_or(f64::NAN, |seconds| f64::from(*seconds))
    };
    Percentiles {
        p50: at(50),
        p99: at(99),
    }
}

#[allow(clippy::cast_precision_loss, reason = "a count of deployments")]
fn fairness(loads: impl Iterator<Item = f64>) -> f64 {
    let (mut count, mut sum, mut squares) = (0_usize, 0.0, 0.0);
    for load in loads {
        count += 1;
        sum += load;
        squares += load * load;
    }
    sum * sum / (count as f64 * squares)
}

/// Rows of one table.
pub struct Table<'r>(pub &'r [Report]);

impl fmt::Display for Table<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            out,
            "| strategy | answered | attempts | USD per 1,000 | first token p50, p99 | whole p50, p99 | fairness |"
        )?;
        writeln!(out, "|---|---:|---:|---:|---:|---:|---:|")?;
        for report in self.0 {
            let Report { first_token, whole, .. } = report;
            writeln!(
                out,
                "| {} | {:.3} % | {:.3} | {:.2} | {:.2} s, {:.2} s | {:.2} s, {:.2} s | {:.2} |",
                report.strategy,
                report.success * 100.0,
                report.attempts,
                report.cost,
                first_token.p50,
                first_token.p99,
                whole.p50,
                whole.p99,
                report.fairness
            )?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fairness_is_one_where_all_are_loaded_alike() {
        assert!((fairness([3.0, 3.0].into_iter()) - 1.0).abs() < 1e-9);
        assert!((fairness([3.0, 0.0, 0.0, 0.0].into_iter()) - 0.25).abs() < 1e-9);
    }

    #[test]
    fn percentiles_are_samples() {
        let found = percentiles((1..=200_u8).rev().map(f32::from).collect());
        assert!((found.p50 - 101.0).abs() < 1e-6 && (found.p99 - 199.0).abs() < 1e-6);
        assert!(percentiles(Vec::new()).p50.is_nan());
    }
}
