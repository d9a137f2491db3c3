//! Posts the records of exchanges as one JSON array to an endpoint.

use serde::Deserialize;
use sluice_sdk::{DeliveryError, Header, LoggingCallback, Manifest, Plugin, http};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    endpoint: String,
}

pub struct MyCallback {
    settings: Settings,
}

impl Plugin for MyCallback {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "my-callback",
            env!("CARGO_PKG_VERSION"),
            "Posts records as one JSON array.",
        )
        .settings_schema(include_str!("../settings.schema.json"))
        // Whatever the operator names.
        .outbound("*")
    }

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self { settings })
    }
}

impl LoggingCallback for MyCallback {
    fn deliver(&mut self, records: Vec<String>) -> Result<(), DeliveryError> {
        let answer = http::send(&http::Request {
            method: "POST".into(),
            url: self.settings.endpoint.clone(),
            headers: vec![Header {
                name: "content-type".into(),
                value: "application/json".into(),
            }],
            body: format!("[{}]", records.join(",")).into_bytes(),
            timeout_ms: 5_000,
        });
        match answer.map(|answer| answer.status) {
            Ok(200..=299) => Ok(()),
            Ok(status @ (429 | 500..)) => Err(DeliveryError::Retry(format!("the endpoint answered {status}"))),
            Ok(status) => Err(DeliveryError::Reject(format!("the endpoint answered {status}"))),
            Err(error) => Err(DeliveryError::Retry(format!(
                "the endpoint cannot be reached: {error:?}"
            ))),
        }
    }
}

sluice_sdk::export!(MyCallback: LoggingCallback);
