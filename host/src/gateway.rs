//! What all workers share: the snapshot in force, and how the next one comes about.

pub mod checkups;
mod reload;

use std::sync::Arc;
use std::time::Instant;

use arc_swap::ArcSwap;
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
    pub metrics: Arc<Metrics>,
    pub started: Instant,
}

/// One core's part of it: an exchange never leaves its worker.
pub struct Worker {
    pub gateway: Arc<Gateway>,
    pub connections: Connections,
}

impl Gateway {
    pub fn new(snapshot: Snapshot, metrics: Arc<Metrics>) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            reloads: watch::Sender::new(()),
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

    /// Puts another one in force. The old one goes when the last exchange that began with it ends.
    fn swap(&self, next: Snapshot) {
        let old = self.snapshot.swap(Arc::new(next));
        self.reloads.send_replace(());
        // Unmapping code and memories takes time; this is the reloading task's thread, not a worker's.
        drop(old);
    }
}
