//! `adaptive`: draws two deployments at random by weight, and ranks first the one whose answer is likely to come
//! sooner, judged by measured times, load, failure rate and weight.
//!
//! **Hook**: `rank`, once for each exchange, before the first attempt; no other hook runs in between.
//! **Reads**: whether the answer streams; `first-token-seconds` or `latency-seconds`, `sample-ages`, `in-flight`,
//! `failure-rates`; `weights`, and only if that column is all zero `request-limits`, then `token-limits`; which
//! candidates are `exhausted`; the exchange's seed. All of this is neutral, so the instance is used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

use serde::Deserialize;
use sluice_sdk::candidates::{self, NumberColumn};
use sluice_sdk::ranking::{self, SplitMix};
use sluice_sdk::{Manifest, Plugin, RoutingError, RoutingStrategy, exchange};

/// The strategy. It keeps only its settings between exchanges.
pub struct Adaptive {
    settings: Settings,
}

/// Settings of the strategy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Age in seconds after which a measurement is ignored. Default: 300.
    #[serde(default = "five_minutes")]
    ttl: f64,
}

fn five_minutes() -> f64 {
    300.0
}

impl Plugin for Adaptive {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "adaptive",
            env!("CARGO_PKG_VERSION"),
            "The better of two drawn by weight, judged by time, load and failures.",
        )
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn new(settings: Settings) -> Result<Self, String> {
        if settings.ttl < 0.0 {
            return Err(format!("settings: `ttl` is {}, and must not be negative", settings.ttl));
        }
        Ok(Self { settings })
    }
}

impl RoutingStrategy for Adaptive {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let exhausted = candidates::exhausted();
        let shares = ranking::shares().unwrap_or_else(|| vec![1.0; exhausted.len()]);
        let scores = scores(times(self.settings.ttl), &shares);
        let mut random = SplitMix::new(exchange::seed());
        let winner = winner(&exhausted, &scores, shares, &mut random);
        let keys = (0..).zip(exhausted).zip(scores).map(|((index, exhausted), score)| {
            // Scores include the shares already, so equal scores are ordered at random.
            (exhausted, Some(index) != winner, score, random.bits())
        });
        Ok(ranking::order(keys))
    }
}

/// Draws two candidates by share among those with capacity left, and returns the one with the lower score. `None` if no
/// such candidate has a share.
fn winner(exhausted: &[bool], scores: &[u64], mut shares: Vec<f64>, random: &mut SplitMix) -> Option<usize> {
    for (share, &exhausted) in shares.iter_mut().zip(exhausted) {
        if exhausted || *share <= 0.0 {
            *share = 0.0;
        }
    }
    let first = random.by_share(&shares)?;
    shares[first] = 0.0;
    let second = random
        .by_share(&shares)
        .filter(|&second| scores[second] < scores[first]);
    second.or(Some(first))
}

/// A sort key for the expected time of each candidate, relative to the others. README.md explains the formula.
fn scores(times: Vec<f64>, shares: &[f64]) -> Vec<u64> {
    let in_flight = candidates::numbers(NumberColumn::InFlight);
    let load = in_flight
        .into_iter()
        .zip(candidates::numbers(NumberColumn::FailureRates));
    let candidates = times.into_iter().zip(shares).zip(load);
    candidates
        .map(|((time, &share), (in_flight, failure_rate))| {
            if share > 0.0 {
                ranking::rising(time * (in_flight + 1.0) / success(failure_rate) / share)
            } else {
                ranking::rising(f64::INFINITY)
            }
        })
        .collect()
}

/// The likely share of successful attempts. The minimum of 0.05 makes sure that a failing deployment is tried again at
/// times.
fn success(failure_rate: f64) -> f64 {
    let failure_rate = if failure_rate > 0.0 { failure_rate } else { 0.0 };
    (1.0 - failure_rate).max(0.05)
}

/// The measured seconds to the first token of a stream, or to the end of another answer. A candidate without a
/// measurement, or with one older than `ttl`, gets the best time of the others, so that it is tried; 1 if no candidate
/// has one.
fn times(ttl: f64) -> Vec<f64> {
    let mut times = if exchange::is_streaming() {
        candidates::numbers(NumberColumn::FirstTokenSeconds)
    } else {
        candidates::numbers(NumberColumn::LatencySeconds)
    };
    for (time, age) in times.iter_mut().zip(candidates::numbers(NumberColumn::SampleAges)) {
        if !(age <= ttl && time.is_finite() && *time > 0.0) {
            *time = f64::NAN;
        }
    }
    let best = times.iter().copied().fold(f64::NAN, f64::min);
    let best = if best.is_nan() { 1.0 } else { best };
    for time in times.iter_mut().filter(|time| time.is_nan()) {
        *time = best;
    }
    times
}

#[cfg(feature = "component")]
sluice_sdk::export!(Adaptive: RoutingStrategy);
