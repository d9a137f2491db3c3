//! Workers: one thread a core, each with its own runtime, listener, upstream connections and idle plugin instances.
//!
//! An exchange lives on one worker from its first byte to its last, so that nothing on its path is contended. What all
//! must agree on (health, limits, counters, the configuration) is shared and atomic.

use std::cell::Cell;
use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

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

/// Lets the worker's other exchanges come first that can go on now.
///
/// Called between reading and writing: all read what has arrived, then all write. Whoever receives is woken by the first
/// write and still awake for the others, and each wake-up that is saved here is a few microseconds of the kernel's.
pub async fn give_way() {
    let mut has_given = false;
    poll_fn(|cx| {
        if std::mem::replace(&mut has_given, true) {
            return Poll::Ready(());
        }
        // Not `yield_now`, which asks the kernel for news first.
        cx.waker().wake_by_ref();
        Poll::Pending
    })
    .await;
}
