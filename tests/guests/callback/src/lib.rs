//! `probe-callback`: does what its settings (`callback_settings.probe-callback`) say, then posts the records to `url` if
//! one is given.

use guest_misdeeds::Misdeed;
use serde::Deserialize;
use sluice_sdk::{DeliveryError, LoggingCallback, Manifest, Plugin, http};

/// The callback.
pub struct Probe {
    settings: Settings,
}

/// What to do with records.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    #[serde(default, rename = "do")]
    misdeed: Option<Misdeed>,
    /// Answers this instead of taking them.
    #[serde(default)]
    answer: Answer,
    #[serde(default)]
    url: String,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Answer {
    #[default]
    Taken,
    Retry,
    Reject,
}

impl Plugin for Probe {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new("probe-callback", env!("CARGO_PKG_VERSION"), "Misbehaves on command.")
            .settings_schema(r#"{"type":"object"}"#)
            .outbound("*")
    }

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self { settings })
    }
}

impl LoggingCallback for Probe {
    fn deliver(&mut self, records: Vec<String>) -> Result<(), DeliveryError> {
        if let Some(misdeed) = self.settings.misdeed {
            misdeed.commit();
        }
        match self.settings.answer {
            Answer::Taken if self.settings.url.is_empty() => Ok(()),
            Answer::Taken => post(&self.settings.url, &records),
            Answer::Retry => Err(DeliveryError::Retry("later, on command".into())),
            Answer::Reject => Err(DeliveryError::Reject("never, on command".into())),
        }
    }
}

fn post(url: &str, records: &[String]) -> Result<(), DeliveryError> {
    let request = http::Request {
        method: "POST".into(),
        url: url.into(),
        headers: Vec::new(),
        body: format!("[{}]", records.join(",")).into_bytes(),
        timeout_ms: 5_000,
    };
    http::send(&request)
        .map(drop)
        .map_err(|error| DeliveryError::Reject(format!("{error:?}")))
}

// Linkers of other targets do not take the names of a component's exports.
#[cfg(target_arch = "wasm32")]
sluice_sdk::export!(Probe: LoggingCallback);
