//! Tasks that run as long as the gateway does. One that panics is begun anew after a pause, is counted, and is listed in
//! `/health` while it does not run.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use parking_lot::Mutex;
use prometheus::IntCounterVec;

/// The pause before a task is begun anew; doubled each time up to [`PAUSE_MAX`].
const PAUSE_MIN: Duration = Duration::from_secs(1);

const PAUSE_MAX: Duration = Duration::from_secs(60);

/// Which tasks do not run at present.
pub struct Tasks {
    /// `sluice_task_restarts_total`
    restarts: IntCounterVec,
    down: Mutex<BTreeSet<&'static str>>,
}

impl Tasks {
    pub fn new(restarts: IntCounterVec) -> Self {
        Self {
            restarts,
            down: Mutex::default(),
        }
    }

    /// Runs a task until it ends by itself. `begin` begins it, the first time and after each panic.
    pub async fn keep_running<F>(&self, task: &'static str, mut begin: impl FnMut() -> F)
    where
        F: Future<Output = ()>,
    {
        let mut pause = PAUSE_MIN;
        while has_panicked(begin()).await {
            self.restarts.with_label_values(&[task]).inc();
            self.down.lock().insert(task);
            tracing::error!(
                task,
                "a task of the gateway panicked and is begun anew: report the panic that is logged above"
            );
            tokio::time::sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
            self.down.lock().remove(task);
        }
    }

    /// The tasks that do not run, each as a sentence.
    pub fn faults(&self) -> Vec<String> {
        let sentence = |task: &&str| format!("the task `{task}` panicked and is about to be begun anew: see the log");
        self.down.lock().iter().map(sentence).collect()
    }
}

/// Work of a task that may block. A panic of it is the task's.
pub async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let done = tokio::task::spawn_blocking(work).await;
    // It is cancelled only when the runtime ends, and then nobody waits for it.
    done.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// Runs a future to its end; true if it panicked.
async fn has_panicked(future: impl Future<Output = ()>) -> bool {
    let mut future = pin!(future);
    poll_fn(|context| {
        // What a task shares with others is behind locks that a panic does not poison.
        match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(context))) {
            Ok(polled) => polled.map(|()| false),
            Err(_) => Poll::Ready(true),
        }
    })
    .await
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use prometheus::Opts;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn a_task_that_panics_is_begun_anew_and_told_of_meanwhile() {
        let restarts = IntCounterVec::new(Opts::new("restarts", "of tasks"), &["task"]).unwrap();
        let tasks = Tasks::new(restarts.clone());
        let begun = Cell::new(0);
        let kept = tasks.keep_running("test", || {
            begun.set(begun.get() + 1);
            async { assert!(begun.get() > 2, "a panic that the test asks for") }
        });
        let mut kept = pin!(kept);
        // In the middle of the first pause, and in that of the second.
        for (panics, passed) in [(1, PAUSE_MIN / 2), (2, PAUSE_MIN)] {
            assert!(tokio::time::timeout(passed, kept.as_mut()).await.is_err());
            assert_eq!(tasks.faults().len(), 1);
            assert_eq!(restarts.with_label_values(&["test"]).get(), panics);
        }
        kept.await;
        assert_eq!(begun.get(), 3);
        assert!(tasks.faults().is_empty());
    }
}
