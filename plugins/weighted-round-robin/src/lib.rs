//! `weighted-round-robin`: deployments take turns, by weight. It keeps no turn itself: whoever has had the fewest requests
//! this minute for its weight is next.
//!
//! **Hook**: `rank`, once an exchange, before the first attempt; nothing runs between it and the attempts.
//! **Reads**: `weights`, `requests-this-minute`. Both neutral, so the instance stays clean and is used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

use sluice_sdk::candidates::{self, NumberColumn};
use sluice_sdk::{Manifest, NoSettings, Plugin, RoutingError, RoutingStrategy, ranking};

/// The strategy; it keeps nothing from one exchange to the next.
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

/// Whether it is a last resort, and its requests for its weight if it were next.
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
