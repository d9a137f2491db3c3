//! `stillborn`: a strategy that traps when it is asked who it is. The host must refuse to load it, and go on.

use sluice_sdk::{Manifest, NoSettings, Plugin, RoutingError, RoutingStrategy};

/// The strategy.
pub struct Stillborn;

impl Plugin for Stillborn {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        panic!("a trap in describe")
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self)
    }
}

impl RoutingStrategy for Stillborn {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        Ok(vec![0])
    }
}

// Linkers of other targets do not take the names of a component's exports.
#[cfg(target_arch = "wasm32")]
sluice_sdk::export!(Stillborn: RoutingStrategy);
