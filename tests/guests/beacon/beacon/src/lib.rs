//! `beacon`: as a periodic task it asks a service which deployment to prefer, as a strategy it ranks that one first. It
//! misbehaves in a round if its settings say so.

use std::time::Duration;

use guest_misdeeds::Misdeed;
use serde::Deserialize;
use sluice_sdk::candidates::{self, Fact};
use sluice_sdk::{Manifest, PeriodicTask, Plugin, RoutingError, RoutingStrategy, http, state};

/// Where the task leaves its finding for the strategy.
const PREFERRED: &str = "preferred";

pub struct Beacon {
    settings: Settings,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The service, which answers the id of a deployment.
    address: String,
    /// Milliseconds between two rounds.
    #[serde(default)]
    pause_ms: u64,
    /// Asks while it ranks, as no strategy may.
    #[serde(default)]
    asks_while_ranking: bool,
    #[serde(default, rename = "do")]
    misdeed: Option<Misdeed>,
}

impl Plugin for Beacon {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "beacon",
            env!("CARGO_PKG_VERSION"),
            "Prefers the deployment that a service names.",
        )
        .settings_schema(r#"{"type":"object","required":["address"]}"#)
        .outbound("*")
    }

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self { settings })
    }
}

impl Beacon {
    fn ask(&self) -> Result<http::Response, http::Error> {
        http::send(&http::Request {
            method: "GET".into(),
            url: self.settings.address.clone(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout_ms: 5_000,
        })
    }
}

impl PeriodicTask for Beacon {
    fn tick(&mut self) -> Result<Duration, String> {
        if let Some(misdeed) = self.settings.misdeed {
            misdeed.commit();
        }
        let answer = self
            .ask()
            .map_err(|error| format!("the service cannot be reached: {error:?}"))?;
        if answer.status != 200 {
            return Err(format!("the service answered {}", answer.status));
        }
        state::set(PREFERRED, &answer.body, 0).map_err(|error| format!("{error:?}"))?;
        Ok(Duration::from_millis(self.settings.pause_ms))
    }
}

impl RoutingStrategy for Beacon {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        if self.settings.asks_while_ranking {
            self.ask().map_err(|error| RoutingError::Other(format!("{error:?}")))?;
        }
        let preferred = state::get(PREFERRED).map_err(|error| RoutingError::Other(format!("{error:?}")))?;
        let preferred = preferred.ok_or_else(|| RoutingError::Other("no round has ended yet".into()))?;
        let preferred = candidates::having(Fact::Id, &String::from_utf8_lossy(&preferred));
        let mut ranked: Vec<(bool, u32)> = preferred.into_iter().map(|is| !is).zip(0..).collect();
        ranked.sort_unstable();
        Ok(ranked.into_iter().map(|(_, index)| index).collect())
    }
}

sluice_sdk::export!(Beacon: PeriodicTask, RoutingStrategy);
