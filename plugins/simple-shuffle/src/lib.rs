//! `simple-shuffle`: ranks deployments in weighted random order. LiteLLM's default strategy, and the one the gateway
//! falls back to when another fails.
//!
//! **Hook**: `rank`, once an exchange, before the first attempt; nothing runs between it and the attempts.
//! **Reads**: `weights`, and only where that column is all zero `request-limits`, then `token-limits`; the exchange's
//! seed. All of it neutral, so the instance stays clean and is used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

mod random;

use sluice_sdk::{Manifest, NoSettings, Plugin, RoutingError, RoutingStrategy, candidates, exchange};

use random::SplitMix;

/// The strategy; it keeps nothing from one exchange to the next.
pub struct SimpleShuffle;

impl Plugin for SimpleShuffle {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new(
            "simple-shuffle",
            env!("CARGO_PKG_VERSION"),
            "Random order, weighted by the first of weight, rpm and tpm that is given.",
        )
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self)
    }
}

impl RoutingStrategy for SimpleShuffle {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let mut random = SplitMix::new(exchange::seed());
        Ok(match shares() {
            Some(shares) => weighted_order(&shares, &mut random),
            None => uniform_order(candidates::count(), &mut random),
        })
    }
}

/// The first column that says anything; later ones are not even read.
fn shares() -> Option<Vec<f64>> {
    let given = |column: &Vec<f64>| column.iter().any(|&share| share > 0.0);
    let limits = |column: Vec<u32>| column.into_iter().map(f64::from).collect();
    Some(candidates::weights())
        .filter(given)
        .or_else(|| Some(limits(candidates::request_limits())).filter(given))
        .or_else(|| Some(limits(candidates::token_limits())).filter(given))
}

/// Weighted sampling without replacement, by exponential keys: candidate i comes up after a wait of mean 1/share, and
/// the order of arrival is the order wanted (Efraimidis and Spirakis, 2006, <https://doi.org/10.1016/j.ipl.2005.11.003>).
///
/// A candidate without a share waits for ever: it comes after all that have one, in random order, as a last resort.
fn weighted_order(shares: &[f64], random: &mut SplitMix) -> Vec<u32> {
    let mut waits: Vec<(f64, u64, u32)> = (0_u32..)
        .zip(shares)
        .map(|(index, &share)| {
            let draw = random.next();
            let wait = if share > 0.0 {
                -random::unit(draw).ln() / share
            } else {
                f64::INFINITY
            };
            (wait, draw, index)
        })
        .collect();
    waits.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    waits.into_iter().map(|(_, _, index)| index).collect()
}

/// Fisher and Yates.
fn uniform_order(count: u32, random: &mut SplitMix) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last as usize, random.below(last + 1) as usize);
    }
    order
}

sluice_sdk::export!(SimpleShuffle: RoutingStrategy);
