//! Fills in a parameter, caps `max_tokens`, and refuses requests that do not say which team sends them.

use serde::Deserialize;
use serde_json::json;
use sluice_sdk::{Changes, Decision, HookError, Manifest, Plugin, Refusal, RequestHook, exchange, notes};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    max_tokens: u32,
}

impl Default for Settings {
    fn default() -> Self {
        Self { max_tokens: 1000 }
    }
}

pub struct MyHook {
    settings: Settings,
}

impl Plugin for MyHook {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "my-hook",
            env!("CARGO_PKG_VERSION"),
            "Fills in a parameter, caps max_tokens, and refuses requests without a header.",
        )
        .settings_schema(include_str!("../settings.schema.json"))
    }

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self { settings })
    }
}

impl RequestHook for MyHook {
    fn prepare(&mut self) -> Result<Decision, HookError> {
        let Some(team) = exchange::attribute("header.x-team") else {
            let message = "Say which team you are with the header x-team.";
            return Ok(Decision::Refuse(Refusal::new(403, "my-hook.header", message)));
        };
        // A fact for the record of the exchange, which callbacks get.
        notes::publish("team", &json!(team).to_string()).map_err(|error| HookError::Other(format!("{error:?}")))?;
        let mut changes = Changes::new();
        if exchange::field("temperature").is_none() {
            changes = changes.set("/temperature", &json!(0.2));
        }
        let most = self.settings.max_tokens;
        let asked = exchange::field("max_tokens").and_then(|json| json.parse::<f64>().ok());
        if asked.is_none_or(|asked| asked > f64::from(most)) {
            changes = changes.set("/max_tokens", &json!(most));
        }
        Ok(changes.into())
    }
}

sluice_sdk::export!(MyHook: RequestHook);
