//! `least-busy`: ranks the deployment with the fewest attempts under way first.
//!
//! **Hook**: `rank`, once for each exchange, before the first attempt; no other hook runs in between.
//! **Reads**: `in-flight`; for ties `weights`, and only if that column is all zero `request-limits`, then
//! `token-limits`; the exchange's seed. All of this is neutral, so the instance is used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

use sluice_sdk::candidates::{self, NumberColumn};
use sluice_sdk::ranking::{self, LiteLlmArgs};
use sluice_sdk::{Manifest, Plugin, RoutingError, RoutingStrategy};

/// The strategy. It keeps no state between exchanges.
pub struct LeastBusy;

impl Plugin for LeastBusy {
    type Settings = LiteLlmArgs;

    fn manifest() -> Manifest {
        Manifest::new(
            "least-busy",
            env!("CARGO_PKG_VERSION"),
            "Fewest attempts under way first; ties at random, by weight.",
        )
        .settings_schema(LiteLlmArgs::SCHEMA)
    }

    fn new(_: LiteLlmArgs) -> Result<Self, String> {
        Ok(Self)
    }
}

impl RoutingStrategy for LeastBusy {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let turns = ranking::turns(ranking::shares());
        let load = candidates::numbers(NumberColumn::InFlight);
        Ok(ranking::order(load.into_iter().map(ranking::rising).zip(turns)))
    }
}

#[cfg(feature = "component")]
sluice_sdk::export!(LeastBusy: RoutingStrategy);
