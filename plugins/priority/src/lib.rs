//! `priority`: ranks the lowest `order` first, and deployments of the same order at random by weight.
//!
//! **Hook**: `rank`, once for each exchange, before the first attempt; no other hook runs in between.
//! **Reads**: `orders`; `weights`, and only if that column is all zero `request-limits`, then `token-limits`; the
//! exchange's seed. All of this is neutral, so the instance is used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

use sluice_sdk::candidates::{self, NumberColumn};
use sluice_sdk::{Manifest, NoSettings, Plugin, RoutingError, RoutingStrategy, ranking};

/// The strategy. It keeps no state between exchanges.
pub struct Priority;

impl Plugin for Priority {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new(
            "priority",
            env!("CARGO_PKG_VERSION"),
            "Lowest order first; within an order, at random by weight.",
        )
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self)
    }
}

impl RoutingStrategy for Priority {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let turns = ranking::turns(ranking::shares());
        let orders = candidates::numbers(NumberColumn::Orders);
        Ok(ranking::order(orders.into_iter().map(level).zip(turns)))
    }
}

/// The sort key of an order; 0 means "not given" and ranks last.
fn level(order: f64) -> u64 {
    ranking::rising(if order > 0.0 { order } else { f64::INFINITY })
}

#[cfg(feature = "component")]
sluice_sdk::export!(Priority: RoutingStrategy);
