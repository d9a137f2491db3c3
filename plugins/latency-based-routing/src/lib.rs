//! `latency-based-routing`: ranks the fastest deployment first, by what was measured, and tries those not measured yet.
//!
//! **Hook**: `rank`, once an exchange, before the first attempt; nothing runs between it and the attempts.
//! **Reads**: whether the answer streams; `sample-ages` and as many of `first-token-seconds` (for streams),
//! `tokens-per-second` and `latency-seconds` as it needs; who is `exhausted`; for ties `weights`; the exchange's seed.
//! All of it neutral, so the instance stays clean and is used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

mod settings;

use sluice_sdk::candidates::{self, NumberColumn};
use sluice_sdk::ranking::{self, Turns};
use sluice_sdk::{Manifest, Plugin, RoutingError, RoutingStrategy, exchange};

pub use settings::Settings;

/// The strategy; it keeps nothing but its settings from one exchange to the next.
pub struct LatencyBasedRouting {
    settings: Settings,
}

impl Plugin for LatencyBasedRouting {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "latency-based-routing",
            env!("CARGO_PKG_VERSION"),
            "Fastest first, by measured averages; those not measured yet are tried before.",
        )
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn new(settings: Settings) -> Result<Self, String> {
        settings.check()?;
        Ok(Self { settings })
    }
}

impl RoutingStrategy for LatencyBasedRouting {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let exhausted = candidates::exhausted();
        let times = times(exchange::is_streaming(), self.settings.ttl);
        let with_room = exhausted.iter().zip(&times).filter(|(exhausted, _)| !**exhausted);
        let lowest = with_room.map(|(_, &time)| time).fold(f64::INFINITY, f64::min);
        let fast = lowest * (1.0 + self.settings.lowest_latency_buffer);
        let turns = Turns::by(ranking::shares());
        let keys = (0..).zip(exhausted).zip(times).map(|((index, exhausted), time)| {
            let pace = pace(time, fast);
            let turn = match pace {
                TO_BE_TRIED | FAST => turns.of(index),
                // Two that are as slow, to the last bit: shares need not say who is before whom.
                _ => (0, turns.lot(index)),
            };
            (exhausted, pace, turn)
        });
        Ok(ranking::order(keys))
    }
}

const TO_BE_TRIED: u64 = 0;
const FAST: u64 = 1;

/// To be tried, then the fast ones, both in turns; then the slow ones by their time.
fn pace(time: f64, fast: f64) -> u64 {
    if time.is_nan() {
        TO_BE_TRIED
    } else if time <= fast {
        FAST
    } else {
        // Of a time, which is positive, it is always more than 1.
        ranking::rising(time)
    }
}

/// Seconds by the first measure that all candidates have whose sample is no older than `ttl`, so that like is compared
/// with like. NaN for a candidate to be tried: never measured, too long ago, or not by the last measure either.
fn times(is_streaming: bool, ttl: f64) -> Vec<f64> {
    const MEASURES: [fn() -> Vec<f64>; 3] = [
        || candidates::numbers(NumberColumn::FirstTokenSeconds),
        seconds_per_token,
        || candidates::numbers(NumberColumn::LatencySeconds),
    ];
    let ages = candidates::numbers(NumberColumn::SampleAges);
    let mut times = Vec::new();
    for measure in &MEASURES[usize::from(!is_streaming)..] {
        times = measure();
        let mut is_common = true;
        for (time, &age) in times.iter_mut().zip(&ages) {
            let is_fresh = age <= ttl;
            if !is_fresh || !time.is_finite() || *time <= 0.0 {
                *time = f64::NAN;
                is_common &= !is_fresh;
            }
        }
        if is_common {
            break;
        }
    }
    times
}

fn seconds_per_token() -> Vec<f64> {
    let rates = candidates::numbers(NumberColumn::TokensPerSecond);
    rates.into_iter().map(f64::recip).collect()
}

#[cfg(feature = "component")]
sluice_sdk::export!(LatencyBasedRouting: RoutingStrategy);
