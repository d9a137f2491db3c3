//! `dialer`: a strategy that imports `sluice:plugin/http`, which is granted to guardrails and callbacks and not to
//! strategies. The host must refuse to load it.

use sluice_sdk::{Manifest, NoSettings, Plugin, RoutingError, RoutingStrategy, http};

/// The strategy.
pub struct Dialer;

impl Plugin for Dialer {
    type Settings = NoSettings;

    fn manifest() -> Manifest {
        Manifest::new("dialer", env!("CARGO_PKG_VERSION"), "Asks another service.").outbound("*")
    }

    fn new(_: NoSettings) -> Result<Self, String> {
        Ok(Self)
    }
}

impl RoutingStrategy for Dialer {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let request = http::Request {
            method: "GET".into(),
            url: "https://example.com/".into(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout_ms: 0,
        };
        http::send(&request).map_err(|error| RoutingError::Other(format!("{error:?}")))?;
        Ok(vec![0])
    }
}

// Linkers of other targets do not take the names of a component's exports.
#[cfg(target_arch = "wasm32")]
sluice_sdk::export!(Dialer: RoutingStrategy);
