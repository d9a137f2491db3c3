//! Request hooks: plugins that see a request first, and may change it, answer it or refuse it.

use std::sync::Arc;
use std::time::Duration;

use super::{Exports, generated};
use crate::canonical::Canonical;
use crate::plugin::bindings::{Hook as HookExports, HookPre, hook_types};
use crate::plugin::crossing::{shapes, words};
use crate::plugin::grants::Grants;
use crate::plugin::guest::Guest;
use crate::plugin::imports::Import;
use crate::plugin::limits::Limits;
use crate::plugin::pool::Pool;
use crate::plugin::{CallError, Kind};

pub use crate::plugin::bindings::hook_types::{Changes, Decision, Edit};
pub use crate::plugin::bindings::types::Refusal;

/// Time limit of one call, including the time for which the plugin waits. A client is waiting too.
const WAIT_MAX: Duration = Duration::from_secs(30);

impl Exports for HookExports {
    const KIND: Kind = Kind::Hook;
    /// It reads a request and writes what differs in it.
    const LIMITS: Limits = Limits::new(20, 64, 16);
    const WAITS: bool = true;
    const IMPORTS: &[Import] = &[Import::State, Import::Notes, Import::Http, Import::Exchange];

    generated!(HookPre);
}

/// One configured use of a request hook.
pub struct Hook {
    pool: Arc<Pool<HookExports>>,
}

/// Why there is no decision.
#[derive(Debug, thiserror::Error)]
pub enum PrepareError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("request hook `{plugin}` failed: {reason}")]
    Failed { plugin: Box<str>, reason: String },
    #[error("request hook `{plugin}` took longer than {} s", WAIT_MAX.as_secs())]
    Waited { plugin: Box<str> },
}

impl Hook {
    pub(crate) fn new(pool: Arc<Pool<HookExports>>) -> Self {
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

    /// What it decides about a request. Whether it may change what it changes is for the caller to see.
    ///
    /// # Errors
    /// The hook reports an error, takes too long or breaks its contract, or the guest failed.
    pub async fn prepare(&self, exchange: &Arc<Canonical>) -> Result<Decision, PrepareError> {
        let answer = tokio::time::timeout(WAIT_MAX, self.call(exchange)).await;
        let decision = answer.map_err(|_| PrepareError::Waited {
            plugin: self.plugin().into(),
        })??;
        let decision = decision.map_err(|error| PrepareError::Failed {
            plugin: self.plugin().into(),
            reason: sentence(error),
        })?;
        shapes::decision(&decision).map_err(|reason| self.pool.identity().broke_contract(reason))?;
        Ok(match decision {
            Decision::Refuse(refusal) => Decision::Refuse(words::refusal(refusal)),
            other => other,
        })
    }

    async fn call(&self, exchange: &Arc<Canonical>) -> Result<Result<Decision, hook_types::Error>, CallError> {
        let mut lease = self.pool.lease_waiting().await?;
        lease.guest().begin(Some(Arc::clone(exchange)));
        // It may read the whole request.
        let bytes = exchange.body.len();
        lease
            .call_waiting(bytes, async |store, exports| {
                exports.sluice_plugin_hook().call_prepare(store).await
            })
            .await
    }
}

fn sentence(error: hook_types::Error) -> String {
    words::sentence(match error {
        hook_types::Error::Unavailable(reason) => format!("what it needs is away: {reason}"),
        hook_types::Error::BadSettings(reason) => format!("its settings cannot be used: {reason}"),
        hook_types::Error::Other(reason) => reason,
    })
}
