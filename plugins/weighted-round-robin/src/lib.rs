//! `weighted-round-robin`: deployments take turns by weight. It stores no position: the deployment with the fewest
//! requests in the current minute, relative to its weight, is next.
//!
//! **Hook**: `rank`, once for each exchange, before the first attempt; no other hook runs in between.
//! **Reads**: `weights`, `requests-this-minute`. Both are neutral, so the instance is used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

use sluice_sdk::candidates::{self, NumberColumn};
use sluice_sdk::{Manifest, NoSettings, Plugin, RoutingError, RoutingStrategy, ranking};

/// The strategy. It keeps no state between exchanges.
pub struct WeightedRoundRobin;

impl Plugin for WeightedRoundRobin {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new(
            "weighted-round-robin",
            env!("CARGO_PKG_VERSION"),
            "In turns, by weight: fewest requests this minute for its weight first.",
        )
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self)
    }
}

impl RoutingStrategy for WeightedRoundRobin {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let mut weights = candidates::numbers(NumberColumn::Weights);
        if !weights.iter().any(|&weight| weight > 0.0) {
            weights.fill(1.0);
        }
        let requests = candidates::numbers(NumberColumn::RequestsThisMinute);
        Ok(ranking::order(requests.into_iter().zip(weights).map(place)))
    }
}

/// The sort key: whether the candidate is a last resort (no weight), and its requests in the current minute, this one
/// included, divided by its weight.
fn place((requests, weight): (f64, f64)) -> (bool, u64) {
    let requests = requests + 1.0;
    if weight > 0.0 {
        (false, ranking::rising(requests / weight))
    } else {
        (true, ranking::rising(requests))
    }
}

#[cfg(feature = "component")]
sluice_sdk::export!(WeightedRoundRobin: RoutingStrategy);
