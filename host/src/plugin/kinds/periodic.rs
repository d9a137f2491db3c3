//! Periodic tasks: plugins that work beside exchanges, again and again.

use std::sync::Arc;
use std::time::Duration;

use super::{Exports, generated};
use crate::plugin::bindings::{Periodic as PeriodicExports, PeriodicPre};
use crate::plugin::crossing::words;
use crate::plugin::grants::Grants;
use crate::plugin::guest::Guest;
use crate::plugin::imports::Import;
use crate::plugin::limits::Limits;
use crate::plugin::pool::Pool;
use crate::plugin::{CallError, Kind};

/// Time limit of one round, including the time for which the plugin waits.
const WAIT_MAX: Duration = Duration::from_secs(60);

/// The pause between two rounds. A plugin that wants none would keep a core busy.
const PAUSE_MIN: Duration = Duration::from_secs(1);

const PAUSE_MAX: Duration = Duration::from_secs(24 * 60 * 60);

/// The pause after a round that failed.
const PAUSE_FAILED: Duration = Duration::from_secs(60);

impl Exports for PeriodicExports {
    const KIND: Kind = Kind::Periodic;
    /// It reads answers of services, and no client waits.
    const LIMITS: Limits = Limits::new(100, 64, 1);
    const WAITS: bool = true;
    const IMPORTS: &[Import] = &[Import::State, Import::Http];

    generated!(PeriodicPre);
}

/// One configured use of a periodic task. It sees no exchange, so its instances are kept.
pub struct Periodic {
    pool: Arc<Pool<PeriodicExports>>,
}

/// Why a round came to nothing.
#[derive(Debug, thiserror::Error)]
pub enum TickError {
    #[error("{0}")]
    Call(#[from] CallError),
    #[error("it took longer than {} s", WAIT_MAX.as_secs())]
    Slow,
    /// What the plugin says itself.
    #[error("{0}")]
    Own(String),
}

impl Periodic {
    pub(crate) fn new(pool: Arc<Pool<PeriodicExports>>) -> Self {
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

    pub(crate) fn pool(&self) -> &Pool<PeriodicExports> {
        &self.pool
    }

    /// Runs a round after the other, until the future is dropped. A round that fails is logged.
    pub async fn run(&self) {
        loop {
            let pause = self.tick().await.unwrap_or_else(|error| {
                let plugin = self.plugin();
                tracing::warn!(plugin, %error, "a round of a periodic task failed");
                PAUSE_FAILED
            });
            tokio::time::sleep(pause.clamp(PAUSE_MIN, PAUSE_MAX)).await;
        }
    }

    /// Runs one round, and returns the pause that the plugin asks for.
    async fn tick(&self) -> Result<Duration, TickError> {
        let answer = tokio::time::timeout(WAIT_MAX, self.call()).await;
        let pause = answer.map_err(|_| TickError::Slow)??;
        let pause = pause.map_err(|reason| TickError::Own(words::sentence(reason)))?;
        Ok(Duration::from_millis(u64::from(pause)))
    }

    async fn call(&self) -> Result<Result<u32, String>, CallError> {
        let mut lease = self.pool.lease_waiting().await?;
        lease.guest().begin(None);
        lease
            .call_waiting(0, async |store, exports| {
                exports.sluice_plugin_periodic().call_tick(store).await
            })
            .await
    }
}
