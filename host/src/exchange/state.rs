//! [`Exchange`]: one request of a client and all that belongs to it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::SystemTime;

use prometheus::IntGauge;

use super::dialect::Dialect;
use super::fetch::{Fetches, Media};
use super::history::History;
use super::policy::{self, GroupNames};
use crate::canonical::Canonical;
use crate::canonical::Operation;
use crate::config::settings::Target;
use crate::metrics::Metrics;
use crate::snapshot::Snapshot;
use crate::upstream::Connections;

/// What the exchanges of one core share. An exchange never leaves its core.
pub struct Worker {
    pub metrics: Arc<Metrics>,
    pub connections: Connections,
    pub media: Media,
}

/// Who asks. It travels with the exchange.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Principal {
    /// Whoever reaches a gateway that has no master key.
    Anyone,
    /// Who has the master key.
    Operator,
}

/// What was admitted: it counts as in progress until it is dropped.
pub struct Permit(IntGauge);

impl Permit {
    pub fn take(metrics: &Metrics) -> Self {
        metrics.in_flight.inc();
        Self(metrics.in_flight.clone())
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.0.dec();
    }
}

/// One client request with its answer and all attempts.
pub struct Exchange {
    pub worker: Arc<Worker>,
    pub snapshot: Arc<Snapshot>,
    pub id: Box<str>,
    pub operation: Operation,
    pub dialect: Arc<dyn Dialect>,
    pub peer: SocketAddr,
    /// `None` until the client has been identified.
    pub principal: Option<Principal>,
    /// Returned at the end.
    pub permit: Option<Permit>,
    pub started_at: SystemTime,
    pub user_agent: Option<Box<str>>,
    /// `None` until the request has been received.
    pub canonical: Option<Arc<Canonical>>,
    /// Media that were fetched for its attempts.
    pub fetches: Fetches,
    /// What has happened so far.
    pub history: History,
}

impl Exchange {
    /// The names under which settings of this request's group are looked up.
    pub fn group_names<'a>(&'a self, canonical: &'a Canonical) -> GroupNames<'a> {
        let [found, tried_last] = self.history.groups_of(&canonical.group);
        GroupNames {
            asked: &canonical.group,
            found,
            tried_last,
        }
    }

    /// The configured fallbacks of this request's group that apply to every kind of failure.
    pub fn fallbacks_after(&self, canonical: &Canonical) -> &[Target] {
        policy::fallback::of_group(&self.snapshot.settings.router.fallbacks, self.group_names(canonical))
    }

    /// Whether the exchange may make another attempt at all.
    pub fn has_attempts_left(&self) -> bool {
        self.history.attempts_made() < self.snapshot.settings.upstream.attempts_max as usize
    }
}

/// A random id in the form of a UUID, version 4 (RFC 9562 §5.4).
pub fn new_id() -> Box<str> {
    let random = fastrand::u128(..);
    let versioned = (random & !(0xf000_u128 << 64) | 0x4000 << 64) & !(0xc000_u128 << 48) | 0x8000 << 48;
    let hex = format!("{versioned:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
    .into()
}
