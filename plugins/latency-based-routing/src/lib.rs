//! `latency-based-routing`: ranks the fastest deployment first, by measurements, and tries deployments without one
//! before all others.
//!
//! **Hook**: `rank`, once for each exchange, before the first attempt; no other hook runs in between.
//! **Reads**: whether the answer streams; `sample-ages` and as many of `first-token-seconds` (for streams),
//! `tokens-per-second` and `latency-seconds` as it needs; which candidates are `exhausted`; for ties `weights`; the
//! exchange's seed. All of this is neutral, so the instance is used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

mod settings;

use sluice_sdk::candidates::{self, NumberColumn};
use sluice_sdk::ranking::{self, Turns};
use sluice_sdk::{Manifest, Plugin, RoutingError, RoutingStrategy, exchange};

pub use settings::Settings;

/// The strategy. It keeps only its settings between exchanges.
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
                // Equal times beyond the fast group are rare, so their order need not follow the shares.
                _ => (0, turns.lot(index)),
            };
            (exhausted, pace, turn)
        });
        Ok(ranking::order(keys))
    }
}

const TO_BE_TRIED: u64 = 0;
const FAST: u64 = 1;

/// The first part of a sort key: candidates to be tried, then the fast ones (both ordered by turn), then the others by
/// time.
fn pace(time: f64, fast: f64) -> u64 {
    if time.is_nan() {
        TO_BE_TRIED
    } else if time <= fast {
        FAST
    } else {
        // A time is positive, and the key of a positive number is always more than 1.
        ranking::rising(time)
    }
}

/// Seconds by the first measure that all candidates have whose last sample is no older than `ttl`, so that all are
/// compared by the same measure. NaN for a candidate to be tried: one without a measurement, with an old one, or
/// without the last measure too.
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
