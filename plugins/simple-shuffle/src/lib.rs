//! `simple-shuffle`: ranks deployments in weighted random order. It is the default strategy, as in LiteLLM, and the one
//! that the gateway uses when another strategy fails.
//!
//! **Hook**: `rank`, once for each exchange, before the first attempt; no other hook runs in between.
//! **Reads**: `weights`, and only if that column is all zero `request-limits`, then `token-limits`; the exchange's
//! seed. All of this is neutral, so the instance is used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

use sluice_sdk::ranking::{self, LiteLlmArgs, SplitMix};
use sluice_sdk::{Manifest, Plugin, RoutingError, RoutingStrategy, candidates, exchange};

/// The strategy. It keeps no state between exchanges.
pub struct SimpleShuffle;

impl Plugin for SimpleShuffle {
    type Settings = LiteLlmArgs;

    fn manifest() -> Manifest {
        Manifest::new(
            "simple-shuffle",
            env!("CARGO_PKG_VERSION"),
            "Random order, weighted by the first of weight, rpm and tpm that is given.",
        )
        .settings_schema(LiteLlmArgs::SCHEMA)
    }

    fn new(_: LiteLlmArgs) -> Result<Self, String> {
        Ok(Self)
    }
}

impl RoutingStrategy for SimpleShuffle {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        Ok(match ranking::shares() {
            Some(shares) => {
                let count = shares.len();
                ranking::order(ranking::turns(Some(shares)).take(count))
            }
            None => uniform_order(candidates::count(), &mut SplitMix::new(exchange::seed())),
        })
    }
}

/// The Fisher–Yates shuffle.
fn uniform_order(count: u32, random: &mut SplitMix) -> Vec<u32> {
    let mut order: Vec<u32> = (0..count).collect();
    for last in (1..count).rev() {
        order.swap(last as usize, random.below(last + 1) as usize);
    }
    order
}

#[cfg(feature = "component")]
sluice_sdk::export!(SimpleShuffle: RoutingStrategy);
