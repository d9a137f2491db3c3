//! `cost-based-routing`: ranks the cheapest deployment first.
//!
//! **Hook**: `rank`, once an exchange, before the first attempt; nothing runs between it and the attempts.
//! **Reads**: `input-prices`, `output-prices`, and who is `exhausted`. All of it neutral, so the instance stays clean and is
//! used again.
//! **Changes**: nothing. **Costs**: O(n log n); a few microseconds for a handful of deployments.

use sluice_sdk::candidates::{self, NumberColumn};
use sluice_sdk::ranking::{self, LiteLlmArgs};
use sluice_sdk::{Manifest, Plugin, RoutingError, RoutingStrategy};

/// The strategy; it keeps nothing from one exchange to the next.
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

/// USD for a million tokens in and a million out. NaN, which ranks last, where either price is unknown or none.
fn price(input: f64, output: f64) -> f64 {
    if input >= 0.0 && output >= 0.0 {
        input + output
    } else {
        f64::NAN
    }
}

#[cfg(feature = "component")]
sluice_sdk::export!(CostBasedRouting: RoutingStrategy);
