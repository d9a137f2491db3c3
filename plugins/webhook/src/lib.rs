//! `webhook`: posts the records of finished exchanges to an HTTP endpoint, as LiteLLM's `generic_api` does.
//!
//! **Hook**: `deliver`, in the background, after `record`; never on the path of an exchange. Callbacks do not see each
//! other, so their order does not matter.
//! **Reads**: its settings; the `status` of each record, only if `event_types` is set.
//! **Changes**: nothing in the gateway. The endpoint gets each record at least once: if the answer to a batch is lost,
//! the batch is posted again.
//! **Costs**: one round trip for each batch (with `log_format: single`, for each record), and one copy of the batch.
//!
//! Headers and the path of the endpoint may be secrets, so errors name only the host of the endpoint.

mod settings;

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use serde::Deserialize;
use sluice_sdk::http::{self, Request};
use sluice_sdk::{DeliveryError, Header, LoggingCallback, Manifest, Plugin};

pub use settings::Settings;
use settings::{EventType, LogFormat};

/// The callback with its settings.
pub struct Webhook {
    endpoint: String,
    /// The host of the endpoint, for errors.
    host: String,
    headers: Vec<Header>,
    format: LogFormat,
    timeout_ms: u32,
    /// The outcomes to send; all if `None`.
    event_types: Option<Vec<EventType>>,
    /// How much of the last batch was posted before a failure, so that the retry continues there.
    progress: Option<Progress>,
}

/// With `log_format: single`, a batch needs many requests, and one in the middle may fail.
#[derive(Clone, Copy)]
struct Progress {
    batch: u64,
    posted: usize,
}

impl Plugin for Webhook {
    type Settings = Settings;

    fn manifest() -> Manifest {
        Manifest::new(
            "webhook",
            env!("CARGO_PKG_VERSION"),
            "Posts the records of finished exchanges to an HTTP endpoint, in batches.",
        )
        .settings_schema(include_str!("../settings.schema.json"))
        .outbound("*")
    }

    fn new(settings: Settings) -> Result<Self, String> {
        Ok(Self {
            host: settings.host()?.to_owned(),
            headers: settings.headers()?,
            endpoint: settings.endpoint,
            format: settings.log_format,
            timeout_ms: settings.timeout_ms,
            event_types: settings.event_types,
            progress: None,
        })
    }
}

impl LoggingCallback for Webhook {
    fn deliver(&mut self, records: Vec<String>) -> Result<(), DeliveryError> {
        let wanted: Vec<&str> = records
            .iter()
            .map(String::as_str)
            .filter(|record| self.wants(record))
            .collect();
        match self.format {
            _ if wanted.is_empty() => Ok(()),
            LogFormat::JsonArray => self.post(format!("[{}]", wanted.join(","))),
            LogFormat::Ndjson => self.post(wanted.join("\n") + "\n"),
            LogFormat::Single => self.post_each(&wanted),
        }
    }
}

impl Webhook {
    fn wants(&self, record: &str) -> bool {
        #[derive(Deserialize)]
        struct Record<'a> {
            #[serde(borrow)]
            status: Cow<'a, str>,
        }
        let Some(wanted) = &self.event_types else { return true };
        // A record whose outcome is unknown is sent, not dropped.
        let Ok(Record { status }) = serde_json::from_str(record) else {
            return true;
        };
        wanted.iter().any(|event| event.status() == status)
    }

    /// Posts one request for each record. A retry of the batch on the same instance does not post again what was posted
    /// before the failure.
    fn post_each(&mut self, records: &[&str]) -> Result<(), DeliveryError> {
        let batch = fingerprint(records);
        let done = self
            .progress
            .take()
            .filter(|last| last.batch == batch)
            .map_or(0, |last| last.posted);
        for (posted, record) in records.iter().enumerate().skip(done) {
            match self.post((*record).to_owned()) {
                // The endpoint will never accept this record, but it may accept the next ones.
                Err(DeliveryError::Reject(sentence)) => sluice_sdk::log::warn(&sentence),
                Err(retry) => {
                    self.progress = Some(Progress { batch, posted });
                    return Err(retry);
                }
                Ok(()) => {}
            }
        }
        Ok(())
    }

    fn post(&self, body: String) -> Result<(), DeliveryError> {
        let answer = http::send(&Request {
            method: "POST".into(),
            url: self.endpoint.clone(),
            headers: self.headers.clone(),
            body: body.into_bytes(),
            timeout_ms: self.timeout_ms,
        });
        match answer {
            Ok(response) => self.judge(response.status),
            Err(error) => Err(self.explain(error)),
        }
    }

    fn judge(&self, status: u16) -> Result<(), DeliveryError> {
        let host = &self.host;
        match status {
            200..=299 => Ok(()),
            408 | 429 | 500.. => Err(DeliveryError::Retry(format!("{host} answered {status}"))),
            300..=399 => Err(DeliveryError::Reject(format!(
                "{host} answered {status}; redirects are not followed: name the final address in `endpoint`"
            ))),
            401 | 403 => Err(DeliveryError::Reject(format!(
                "{host} answered {status}: check the credentials in `headers`"
            ))),
            _ => Err(DeliveryError::Reject(format!(
                "{host} answered {status}: it does not take these records"
            ))),
        }
    }

    /// Translates an error. The host's own message is left out where it could repeat a header or the endpoint's path.
    fn explain(&self, error: http::Error) -> DeliveryError {
        let host = &self.host;
        match error {
            http::Error::AccessDenied => DeliveryError::Reject(format!(
                "may not reach {host}: allow it under `sluice.plugins.webhook.outbound` (private addresses must be \
                 allowed by name)"
            )),
            http::Error::Timeout => DeliveryError::Retry(format!("{host} did not answer in time")),
            http::Error::Unreachable(reason) => DeliveryError::Retry(format!("{host} cannot be reached: {reason}")),
            // The endpoint answered, so it has probably accepted the records; posting again would duplicate them.
            http::Error::TooLarge => DeliveryError::Reject(format!("{host} sent a longer answer than the host allows")),
            http::Error::Invalid(_) => DeliveryError::Reject(
                "the request cannot be sent: check `endpoint`, and the names and values in `headers`".into(),
            ),
            http::Error::Other(_) => DeliveryError::Retry(format!("the request to {host} failed")),
        }
    }
}

fn fingerprint(records: &[&str]) -> u64 {
    let mut hasher = DefaultHasher::new();
    records.hash(&mut hasher);
    hasher.finish()
}

sluice_sdk::export!(Webhook: LoggingCallback);
