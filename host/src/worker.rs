//! Workers: one thread a core, each with its own runtime, listener, upstream connections and idle plugin instances.
//!
//! An exchange lives on one worker from its first byte to its last, so that nothing on its path is contended. What all
//! must agree on (health, limits, counters, the configuration) is shared and atomic.

use std::cell::Cell;
use std::future::{Future, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::runtime::Handle;

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

/// Cores that this process may use; at least one.
#[must_use]
pub fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

/// The host needs about a millisecond for this many bytes, and a component three. Other exchanges of the worker wait
/// for work on fewer bytes; to move that work to another thread would cost more than it saves.
const BYTES_MAX: usize = 2 << 20;

/// Whether work on so many bytes is too long for a worker.
#[must_use]
pub fn is_long(bytes: usize) -> bool {
    bytes > BYTES_MAX
}

/// Work on so many bytes: here where it is short, else on a thread beside the workers. A panic goes on here.
pub async fn offload<T: Send + 'static>(bytes: usize, work: impl FnOnce() -> T + Send + 'static) -> T {
    if !is_long(bytes) {
        return work();
    }
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done,
        Err(error) => match error.try_into_panic() {
            Ok(panic) => std::panic::resume_unwind(panic),
            // The runtime is shutting down, and this exchange with it.
            Err(_) => std::future::pending().await,
        },
    }
}

/// The same for work that waits now and then.
pub async fn offload_waiting<T: Send + 'static>(bytes: usize, work: impl Future<Output = T> + Send + 'static) -> T {
    if !is_long(bytes) {
        return work.await;
    }
    let runtime = Handle::current();
    offload(bytes, move || runtime.block_on(work)).await
}

/// Yields once, so that other ready exchanges of this worker run before we write.
///
/// Called between reading and writing: all exchanges read what has arrived, then all write. The first write wakes the
/// receiver, which is still awake for the others. Each wake-up that this saves costs the kernel a few microseconds.
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn long_work_is_done_on_another_thread() {
        let here = std::thread::current().id();
        let thread = || std::thread::current().id();
        assert_eq!(offload(BYTES_MAX, thread).await, here);
        assert_ne!(offload(BYTES_MAX + 1, thread).await, here);
        assert_eq!(offload_waiting(BYTES_MAX, async move { thread() }).await, here);
        assert_ne!(offload_waiting(BYTES_MAX + 1, async move { thread() }).await, here);
    }

    #[tokio::test]
    #[should_panic(expected = "as the work does")]
    async fn it_panics() {
        offload(BYTES_MAX + 1, || panic!("as the work does")).await
    }
}
