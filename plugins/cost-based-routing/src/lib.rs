//! `cost-based-routing`: ranks the cheapest deployment first.
//!
//! **Hook**: `rank`, once for each exchange, before the first attempt; no other hook runs in between.
//! **Reads**: `input-prices`, `output-prices`, and which candidates are `exhausted`. All of this is neutral, so the
//! instance is used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

use sluice_sdk::candidates::{self, NumberColumn};
use sluice_sdk::ranking::{self, LiteLlmArgs};
use sluice_sdk::{Manifest, Plugin, RoutingError, RoutingStrategy};

/// The strategy. It keeps no state between exchanges.
pub struct CostBasedRouting;

impl Plugin for CostBasedRouting {
    type Settings = LiteLlmArgs;

    fn manifest() -> Manifest {
        Manifest::new(
            "cost-based-routing",
            env!("CARGO_PKG_VERSION"),
            "Cheapest first, by the sum of input and output price; those at their limits last.",
        )
        .settings_schema(LiteLlmArgs::SCHEMA)
    }

    fn new(_: LiteLlmArgs) -> Result<Self, String> {
        Ok(Self)
    }
}

impl RoutingStrategy for CostBasedRouting {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let prices = candidates::numbers(NumberColumn::InputPrices)
            .into_iter()
            .zip(candidates::numbers(NumberColumn::OutputPrices))
            .map(|(input, output)| ranking::rising(price(input, output)));
        Ok(ranking::order(candidates::exhausted().into_iter().zip(prices)))
    }
}

/// The price in USD of a million prompt tokens and a million answer tokens. NaN, which ranks last, if either price is
/// unknown.
fn price(input: f64, output: f64) -> f64 {
    if input >= 0.0 && output >= 0.0 {
        input + output
    } else {
        f64::NAN
    }
}

#[cfg(feature = "component")]
sluice_sdk::export!(CostBasedRouting: RoutingStrategy);
