//! As a periodic task, asks a service which deployment to prefer; as a routing strategy, ranks that one first.

use std::time::Duration;

use serde::Deserialize;
use sluice_sdk::candidates::{self, Fact};
use sluice_sdk::{Manifest, PeriodicTask, Plugin, RoutingError, RoutingStrategy, http, state};

/// Under which the task leaves the deployment's id for the strategy.
const PREFERRED: &str = "preferred";

const PAUSE: Duration = Duration::from_secs(60);

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    address: String,
}

pub struct MyTask {
    settings: Settings,
}

impl Plugin for MyTask {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "my-task",
            env!("CARGO_PKG_VERSION"),
            "Prefers the deployment that a service names.",
        )
        .settings_schema(include_str!("../settings.schema.json"))
        // Whatever the operator names.
        .outbound("*")
    }

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self { settings })
    }
}

impl PeriodicTask for MyTask {
    fn tick(&mut self) -> Result<Duration, String> {
        let asked = http::Request {
            method: "GET".into(),
            url: self.settings.address.clone(),
            headers: Vec::new(),
            body: Vec::new(),
            timeout_ms: 5_000,
        };
        let answer = http::send(&asked).map_err(|error| format!("the service cannot be reached: {error:?}"))?;
        if answer.status != 200 {
            return Err(format!("the service answered {}", answer.status));
        }
        state::set(PREFERRED, &answer.body, 0).map_err(|error| format!("{error:?}"))?;
        Ok(PAUSE)
    }
}

impl RoutingStrategy for MyTask {
    fn rank(&mut self) -> Result<Vec<u32>, RoutingError> {
        let preferred = state::get(PREFERRED).map_err(|error| RoutingError::Other(format!("{error:?}")))?;
        // Before the first round there is none, and the order of the configuration stands.
        let preferred = String::from_utf8_lossy(&preferred.unwrap_or_default())
            .trim()
            .to_owned();
        let is_preferred = candidates::having(Fact::Id, &preferred);
        let mut ranked: Vec<u32> = (0..candidates::count()).collect();
        ranked.sort_by_key(|&index| !is_preferred[index as usize]);
        Ok(ranked)
    }
}

sluice_sdk::export!(MyTask: PeriodicTask, RoutingStrategy);
