//! Logging callbacks: plugins that receive records.

use std::sync::Arc;
use std::time::Duration;

use super::{Exports, generated};
use crate::plugin::bindings::{Callback as CallbackExports, CallbackPre, callback_types};
use crate::plugin::crossing::words;
use crate::plugin::grants::Grants;
use crate::plugin::guest::Guest;
use crate::plugin::imports::Import;
use crate::plugin::limits::Limits;
use crate::plugin::pool::Pool;
use crate::plugin::{CallError, Kind};

/// Time limit of one delivery, including the time for which the plugin waits.
const WAIT_MAX: Duration = Duration::from_secs(60);

impl Exports for CallbackExports {
    const KIND: Kind = Kind::Callback;
    /// It delivers batches, and no client waits.
    const LIMITS: Limits = Limits::new(100, 64, 16);
    const WAITS: bool = true;
    const IMPORTS: &[Import] = &[Import::State, Import::Http];

    generated!(CallbackPre);
}

/// One configured use of a logging callback. By its nature it sees the records of many clients, so its instances are
/// kept; they serve nothing else.
pub struct Callback {
    pool: Arc<Pool<CallbackExports>>,
}

/// Why a batch was not delivered.
#[derive(Debug, thiserror::Error)]
pub enum DeliverError {
    /// The batch should be delivered again.
    #[error("{0}")]
    Retry(String),
    /// The batch will never be accepted.
    #[error("{0}")]
    Reject(String),
}

impl From<CallError> for DeliverError {
    /// A trap may concern only one instance: the batch is delivered again, to another instance.
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

    /// The hosts that it may connect to.
    #[must_use]
    pub fn grants(&self) -> &Grants {
        &self.pool.identity().grants
    }

    /// Delivers a batch of records, oldest first.
    ///
    /// # Errors
    /// The callback did not accept it; the error says whether to try again.
    pub async fn deliver(&self, records: &[String]) -> Result<(), DeliverError> {
        let answer = tokio::time::timeout(WAIT_MAX, self.call(records)).await;
        let answer =
            answer.map_err(|_| DeliverError::Retry(format!("took longer than {} s", WAIT_MAX.as_secs())))??;
        answer.map_err(|error| match error {
            callback_types::DeliveryError::Retry(reason) => DeliverError::Retry(words::sentence(reason)),
            callback_types::DeliveryError::Reject(reason) => DeliverError::Reject(words::sentence(reason)),
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
