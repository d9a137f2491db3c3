//! What all workers share: the snapshot in force, and how the next one comes about.

pub mod checkups;
mod reload;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::watch;

pub use reload::{Failed, Reloader, Source, known, say_faults, say_problems};

use crate::metrics::Metrics;
use crate::snapshot::Snapshot;
use crate::upstream::Connections;

/// The gateway.
pub struct Gateway {
    snapshot: ArcSwap<Snapshot>,
    /// Told whenever another snapshot is in force.
    reloads: watch::Sender<()>,
    /// Snapshots that were replaced and that exchanges may still hold.
    replaced: Mutex<Vec<Arc<Snapshot>>>,
    is_stopping: AtomicBool,
    inquiries: checkups::Inquiries,
    pub metrics: Arc<Metrics>,
    pub started: Instant,
}

/// One core's part of it: an exchange never leaves its worker.
pub struct Worker {
    pub gateway: Arc<Gateway>,
    pub connections: Connections,
    /// Where what is asked of the gateway itself is answered: a long listing holds up no exchange.
    pub administration: Handle,
}

impl Gateway {
    pub fn new(snapshot: Snapshot, metrics: Arc<Metrics>) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            reloads: watch::Sender::new(()),
            replaced: Mutex::default(),
            is_stopping: AtomicBool::new(false),
            inquiries: checkups::Inquiries::default(),
            metrics,
            started: Instant::now(),
        }
    }

    /// The snapshot in force. Who takes one keeps it to the end.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Changes when another snapshot is in force.
    pub fn reloads(&self) -> watch::Receiver<()> {
        self.reloads.subscribe()
    }

    /// Whether a stop was asked for: readiness says no from then on.
    pub fn is_stopping(&self) -> bool {
        self.is_stopping.load(Ordering::Relaxed)
    }

    pub fn begin_stopping(&self) {
        self.is_stopping.store(true, Ordering::Relaxed);
    }

    /// Puts another snapshot in force. The old one is kept until the last exchange that began with it has ended.
    fn swap(&self, next: Snapshot) {
        let old = self.snapshot.swap(Arc::new(next));
        self.reloads.send_replace(());
        self.replaced.lock().push(old);
    }

    /// Drops replaced snapshots that no exchange holds any more. Only the reloading task calls this: unmapping code and
    /// memories takes milliseconds, which an exchange that drops the last reference would take from its worker. Answers
    /// whether there was one.
    fn drop_unused(&self) -> bool {
        // Nobody can take a further reference to a snapshot that is no longer in force.
        let is_unused = |snapshot: &mut Arc<Snapshot>| Arc::strong_count(snapshot) == 1;
        let unused: Vec<_> = self.replaced.lock().extract_if(.., is_unused).collect();
        !unused.is_empty()
    }
}
