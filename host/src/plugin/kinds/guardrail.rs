//! Guardrails: plugins that inspect text and return a verdict.

use std::sync::Arc;
use std::time::Duration;

use super::{Exports, generated};
use crate::canonical::Canonical;
use crate::canonical::parts::Medium;
use crate::plugin::bindings::{Guardrail as GuardrailExports, GuardrailPre, guardrail_types};
use crate::plugin::crossing::words;
use crate::plugin::grants::Grants;
use crate::plugin::guest::Guest;
use crate::plugin::imports::Import;
use crate::plugin::limits::Limits;
use crate::plugin::pool::{Lease, Pool};
use crate::plugin::{CallError, Kind};

pub use crate::plugin::bindings::guardrail_types::{Edit, Passage, Stage, Verdict, Violation};

/// Time limit of one inspection, including the time for which the plugin waits. A client is waiting too.
const WAIT_MAX: Duration = Duration::from_secs(30);

impl Exports for GuardrailExports {
    const KIND: Kind = Kind::Guardrail;
    /// It may contain a model of its own.
    const LIMITS: Limits = Limits::new(50, 128, 128);
    const WAITS: bool = true;
    const IMPORTS: &[Import] = &[Import::State, Import::Notes, Import::Http, Import::Exchange];

    generated!(GuardrailPre);
}

/// One configured use of a guardrail.
pub struct Guardrail {
    pool: Arc<Pool<GuardrailExports>>,
    looks_at: Vec<Medium>,
}

/// Why there is no verdict.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("guardrail plugin `{plugin}` failed: {reason}")]
    Failed { plugin: Box<str>, reason: String },
    #[error("guardrail plugin `{plugin}` took longer than {} s", WAIT_MAX.as_secs())]
    Waited { plugin: Box<str> },
}

/// An instance that inspects one exchange: its request, its answer, or its stream window by window.
pub struct Inspection {
    lease: Lease<GuardrailExports>,
}

impl Guardrail {
    pub(crate) fn new(pool: Arc<Pool<GuardrailExports>>, looks_at: Vec<Medium>) -> Self {
        Self { pool, looks_at }
    }

    /// The pool of its instances.
    #[must_use]
    pub fn pool(&self) -> &Arc<Pool<GuardrailExports>> {
        &self.pool
    }

    /// What it is shown beside text.
    #[must_use]
    pub fn looks_at(&self) -> &[Medium] {
        &self.looks_at
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

    /// Takes an instance for this exchange.
    ///
    /// # Errors
    /// No instance could be made, or not in time.
    pub async fn begin(&self, exchange: &Arc<Canonical>) -> Result<Inspection, InspectError> {
        let leased = tokio::time::timeout(WAIT_MAX, self.pool.lease_waiting()).await;
        let mut lease = leased.map_err(|_| InspectError::Waited {
            plugin: self.plugin().into(),
        })??;
        lease.guest().begin(Some(Arc::clone(exchange)));
        Ok(Inspection { lease })
    }
}

impl Inspection {
    /// The guardrail's verdict on the passages. It has an edit for each passage, and does not hold back more than there
    /// is text.
    ///
    /// # Errors
    /// The guardrail reports an error, takes too long or breaks its contract, or the guest failed.
    pub async fn inspect(&mut self, stage: Stage, passages: &[Passage]) -> Result<Verdict, InspectError> {
        let guest = self.lease.guest();
        guest.has_read_content = true;
        guest.log_refill();
        let bytes = passages.iter().map(|passage| passage.text.len()).sum();
        let call = self.lease.call_waiting(bytes, async |store, exports| {
            exports
                .sluice_plugin_guardrail()
                .call_inspect(store, stage, passages)
                .await
        });
        let answer = tokio::time::timeout(WAIT_MAX, call).await;
        let plugin = self.lease.identity();
        let verdict = answer.map_err(|_| InspectError::Waited {
            plugin: plugin.name.clone(),
        })??;
        let verdict = verdict.map_err(|error| InspectError::Failed {
            plugin: plugin.name.clone(),
            reason: sentence(error),
        })?;
        check(&verdict, stage, passages).map_err(|reason| plugin.broke_contract(reason))?;
        Ok(words::verdict(verdict))
    }
}

fn sentence(error: guardrail_types::Error) -> String {
    words::sentence(match error {
        guardrail_types::Error::Unavailable(reason) => format!("what it needs is away: {reason}"),
        guardrail_types::Error::BadSettings(reason) => format!("its settings cannot be used: {reason}"),
        guardrail_types::Error::Other(reason) => reason,
    })
}

/// Checks the parts of the contract that WIT cannot express.
fn check(verdict: &Verdict, stage: Stage, passages: &[Passage]) -> Result<(), String> {
    let may_hold = stage == Stage::StreamWindow;
    let holds: Vec<u32> = match verdict {
        Verdict::Pass | Verdict::Block(_) => return Ok(()),
        Verdict::Hold(holds) => holds.clone(),
        Verdict::Rewrite(edits) => edits.iter().map(|edit| edit.hold).collect(),
    };
    if holds.len() != passages.len() {
        return Err(format!("it answered {} passages for {}", holds.len(), passages.len()));
    }
    if !may_hold && holds.iter().any(|&hold| hold > 0) {
        return Err("it holds text back where there is no more to come".into());
    }
    match holds
        .iter()
        .zip(passages)
        .find(|(hold, passage)| **hold as usize > passage.text.chars().count())
    {
        Some((hold, passage)) => Err(format!(
            "it holds {hold} characters of {}",
            passage.text.chars().count()
        )),
        None => Ok(()),
    }
}
