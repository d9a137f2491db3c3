//! The state that all workers share: the snapshot in force, and the reloads that replace it.

pub mod health_checks;
pub mod periodic;
mod reload;
mod tasks;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::sync::watch;

pub use reload::{Failed, Reloader, Source, known, say_faults, say_problems};
pub use tasks::{Tasks, blocking};

use crate::metrics::Metrics;
use crate::snapshot::Snapshot;

/// The gateway.
pub struct Gateway {
    snapshot: ArcSwap<Snapshot>,
    /// Notified when another snapshot is in force.
    reloads: watch::Sender<()>,
    /// Snapshots that were replaced and may still be held by exchanges.
    replaced: Mutex<Vec<Arc<Snapshot>>>,
    is_stopping: AtomicBool,
    inquiries: health_checks::Inquiries,
    pub tasks: Tasks,
    pub metrics: Arc<Metrics>,
    pub started: Instant,
}

impl Gateway {
    pub fn new(snapshot: Snapshot, metrics: Arc<Metrics>) -> Self {
        Self {
            snapshot: ArcSwap::from_pointee(snapshot),
            reloads: watch::Sender::new(()),
            replaced: Mutex::default(),
            is_stopping: AtomicBool::new(false),
            inquiries: health_checks::Inquiries::default(),
            tasks: Tasks::new(metrics.task_restarts.clone()),
            metrics,
            started: Instant::now(),
        }
    }

    /// The snapshot in force. An exchange keeps the one that it took until its end.
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.snapshot.load_full()
    }

    /// Changes when another snapshot is in force.
    pub fn reloads(&self) -> watch::Receiver<()> {
        self.reloads.subscribe()
    }

    /// Whether a stop was requested. From then on, the readiness check fails.
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

    /// Drops replaced snapshots that no exchange holds any more, and returns whether there was one. Only the reloading
    /// task calls this: it unmaps code and memories, which takes milliseconds, and would block a worker if an exchange
    /// dropped the last reference.
    fn drop_unused(&self) -> bool {
        // The count cannot grow: a snapshot that is no longer in force cannot be taken any more.
        let is_unused = |snapshot: &mut Arc<Snapshot>| Arc::strong_count(snapshot) == 1;
        let unused: Vec<_> = self.replaced.lock().extract_if(.., is_unused).collect();
        !unused.is_empty()
    }
}
