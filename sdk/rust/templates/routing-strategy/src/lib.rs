//! Prefers the lowest price among the deployments that have room.

use sluice_sdk::candidates::{self, NumberColumn};
use sluice_sdk::{Manifest, NoSettings, Plugin, RoutingError, RoutingStrategy};

pub struct MyStrategy;

impl Plugin for MyStrategy {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new(
            "my-strategy",
            env!("CARGO_PKG_VERSION"),
            "Prefers the lowest price among deployments with room.",
        )
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self)
    }
}

impl RoutingStrategy for MyStrategy {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let exhausted = candidates::exhausted();
        let input = candidates::numbers(NumberColumn::InputPrices);
        let output = candidates::numbers(NumberColumn::OutputPrices);
        let in_flight = candidates::numbers(NumberColumn::InFlight);
        let price = |index: usize| {
            let price = input[index] + output[index];
            // Not known.
            if price.is_nan() { f64::INFINITY } else { price }
        };
        let mut ranked: Vec<usize> = (0..exhausted.len()).collect();
        ranked.sort_by(|&one, &other| {
            let room = exhausted[one].cmp(&exhausted[other]);
            let cheaper = price(one).total_cmp(&price(other));
            room.then(cheaper).then(in_flight[one].total_cmp(&in_flight[other]))
        });
        Ok(ranked
            .into_iter()
            .filter_map(|index| u32::try_from(index).ok())
            .collect())
    }
}

sluice_sdk::export!(MyStrategy: RoutingStrategy);
