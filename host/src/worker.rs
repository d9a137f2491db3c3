//! Workers: one thread a core, each with its own runtime, listener, upstream connections and idle plugin instances.
//!
//! An exchange lives on one worker from its first byte to its last, so that nothing on its path is contended. What all
//! must agree on (health, limits, counters, the configuration) is shared and atomic.

use std::cell::Cell;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Threads that have an index of their own: workers, the background thread and those of tests.
pub const COUNT_MAX: usize = 64;

static NEXT: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static INDEX: Cell<Option<usize>> = const { Cell::new(None) };
}

/// This thread's index, below [`COUNT_MAX`]. Threads beyond that share: correct, only contended.
#[must_use]
pub fn index() -> usize {
    INDEX.get().unwrap_or_else(|| {
        let index = NEXT.fetch_add(1, Ordering::Relaxed) % COUNT_MAX;
        INDEX.set(Some(index));
        index
    })
}
