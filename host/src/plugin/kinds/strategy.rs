//! Routing strategies: plugins that order the candidates of a request.

use std::sync::Arc;

use super::{Exports, generated};
use crate::canonical::Canonical;
use crate::plugin::bindings::{Routing, RoutingPre, routing_types};
use crate::plugin::columns::{Columns, Recorded};
use crate::plugin::crossing::words;
use crate::plugin::guest::Guest;
use crate::plugin::imports::Import;
use crate::plugin::limits::Limits;
use crate::plugin::pool::{Lease, Pool};
use crate::plugin::reads::Reads;
use crate::plugin::{CallError, Kind};

impl Exports for Routing {
    const KIND: Kind = Kind::Strategy;
    /// It reads columns and returns indexes.
    const LIMITS: Limits = Limits::new(5, 32, 1);
    const WAITS: bool = false;
    const IMPORTS: &[Import] = &[Import::State, Import::Notes, Import::Exchange, Import::Candidates];

    generated!(RoutingPre);
}

/// One configured use of a routing strategy.
pub struct Strategy {
    pool: Arc<Pool<Routing>>,
    constrains: bool,
}

/// Why a strategy returned no order.
#[derive(Debug, thiserror::Error)]
pub enum RankError {
    #[error(transparent)]
    Call(#[from] CallError),
    #[error("strategy `{plugin}` finds none suitable: {reason}")]
    NoneSuitable { plugin: Box<str>, reason: String },
    #[error("settings of strategy `{plugin}` cannot be used: {reason}")]
    BadSettings { plugin: Box<str>, reason: String },
    #[error("strategy `{plugin}` failed: {reason}")]
    Failed { plugin: Box<str>, reason: String },
}

impl Strategy {
    pub(crate) fn new(pool: Arc<Pool<Routing>>, constrains: bool) -> Self {
        Self { pool, constrains }
    }

    #[must_use]
    pub fn name(&self) -> &str {
        &self.pool.identity().name
    }

    /// Whether deployments that the strategy leaves out must not be tried (`constrains` in `wit/0.2.1/routing.wit`).
    #[must_use]
    pub fn constrains(&self) -> bool {
        self.constrains
    }

    /// The error in its settings, if it reports one when it is called without candidates.
    #[must_use]
    pub fn fault(&self) -> Option<RankError> {
        let nothing: Arc<dyn Columns> = Arc::new(Recorded::default());
        let answer = self.rank(&Arc::new(Canonical::empty()), &nothing);
        answer
            .err()
            .filter(|error| matches!(error, RankError::BadSettings { .. }))
    }

    /// The pool of its instances.
    #[must_use]
    pub fn pool(&self) -> &Arc<Pool<Routing>> {
        &self.pool
    }

    /// The indexes of candidates, best first, each at most once.
    ///
    /// # Errors
    /// The guest failed, or returned the index of a candidate that does not exist.
    pub fn rank(&self, exchange: &Arc<Canonical>, columns: &Arc<dyn Columns>) -> Result<Vec<usize>, RankError> {
        self.rank_with(&mut self.pool.lease()?, exchange, columns)
    }

    /// The same, and what the guest read for it.
    pub fn rank_noting(
        &self,
        exchange: &Arc<Canonical>,
        columns: &Arc<dyn Columns>,
    ) -> (Result<Vec<usize>, RankError>, Reads) {
        let mut lease = match self.pool.lease() {
            Ok(lease) => lease,
            Err(error) => return (Err(error.into()), Reads::default()),
        };
        lease.guest().reads = Some(Reads::default());
        let ranking = self.rank_with(&mut lease, exchange, columns);
        let mut reads = lease.guest().reads.take().unwrap_or_default();
        // Whether a call exceeds its time limit depends on the machine too.
        reads.is_partial |= matches!(ranking, Err(RankError::Call(_)));
        (ranking, reads)
    }

    fn rank_with(
        &self,
        lease: &mut Lease<Routing>,
        exchange: &Arc<Canonical>,
        columns: &Arc<dyn Columns>,
    ) -> Result<Vec<usize>, RankError> {
        let guest = lease.guest();
        guest.begin(Some(Arc::clone(exchange)));
        guest.candidates = Some(Arc::clone(columns));
        // The strategy may read the whole request.
        let bytes = exchange.body.len();
        let answer = lease.call(bytes, |store, routing| routing.sluice_plugin_routing().call_rank(store))?;
        let plugin = || self.name().into();
        let ranking = answer.map_err(|error| match error {
            routing_types::Error::NoneSuitable(reason) => RankError::NoneSuitable {
                plugin: plugin(),
                reason: words::sentence(reason),
            },
            routing_types::Error::BadSettings(reason) => RankError::BadSettings {
                plugin: plugin(),
                reason: words::sentence(reason),
            },
            routing_types::Error::Other(reason) => RankError::Failed {
                plugin: plugin(),
                reason: words::sentence(reason),
            },
        })?;
        check(&ranking, columns.count()).map_err(|reason| self.pool.identity().broke_contract(reason).into())
    }
}

/// Checks that all indexes exist, and removes repeated ones.
fn check(ranking: &[u32], count: usize) -> Result<Vec<usize>, String> {
    let mut seen = vec![false; count];
    let mut kept = Vec::with_capacity(count.min(ranking.len()));
    for &index in ranking {
        let index = index as usize;
        match seen.get_mut(index) {
            Some(true) => {}
            Some(first) => {
                *first = true;
                kept.push(index);
            }
            None => return Err(format!("it ranked candidate {index} of {count}")),
        }
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn a_ranking_names_existing_candidates_once() {
        assert_eq!(check(&[2, 0, 2], 3), Ok(vec![2, 0]));
        assert_eq!(check(&[], 3), Ok(vec![]));
        assert_eq!(check(&[3], 3), Err("it ranked candidate 3 of 3".into()));
    }
}
