//! Logging callbacks: records in, delivered or not.

use std::sync::Arc;
use std::time::Duration;

use super::CallError;
use super::bindings::{Callback as CallbackExports, callback_types};
use super::grants::Grants;
use super::pool::Pool;

/// The longest one delivery may take with everything it waits for.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// One use of a logging callback. It sees the records of many clients by its nature, so its instances are kept; they
/// serve nothing else.
pub struct Callback {
    pool: Arc<Pool<CallbackExports>>,
}

/// Why a batch was not taken.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// To be tried again.
    #[error("{0}")]
    Retry(String),
    /// Never to be taken.
    #[error("{0}")]
    Reject(String),
}

impl From<CallError> for DeliverError {
    /// A trap may be an accident of one instance: the batch gets another.
    fn from(error: CallError) -> Self {
        Self::Retry(error.to_string())
    }
}

impl Callback {
    pub(crate) fn new(pool: Arc<Pool<CallbackExports>>) -> Self {
        Self { pool }
    }

    #[must_use]
    pub fn plugin(&self) -> &str {
        &self.pool.identity().name
    }

    /// The hosts it may reach.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.pool.identity().grants
    }

    /// Hands over a batch of records, oldest first.
    ///
    /// # Errors
    /// The callback did not take it; whether to try again is said.
    pub async fn deliver(&self, records: &[String]) -> Result<(), DeliverError> {
        let answer = tokio::time::timeout(WAIT_MAX, self.call(records)).await;
        let answer =
            answer.map_err(|_| DeliverError::Retry(format!("took longer than {} s", WAIT_MAX.as_secs())))??;
        answer.map_err(|error| match error {
            callback_types::DeliveryError::Retry(reason) => DeliverError::Retry(reason),
            callback_types::DeliveryError::Reject(reason) => DeliverError::Reject(reason),
        })
    }

    async fn call(&self, records: &[String]) -> Result<Result<(), callback_types::DeliveryError>, CallError> {
        let mut lease = self.pool.lease_waiting().await?;
        lease.guest().begin(None);
        let bytes = records.iter().map(String::len).sum();
        lease
            .call_waiting(bytes, async |store, exports| {
                exports.sluice_plugin_callback().call_deliver(store, records).await
            })
            .await
    }
}
