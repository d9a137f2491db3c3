//! Serializes records off the workers: a record of a long chat takes milliseconds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::Sink;

/// Ended exchanges whose records are still to be serialized.
const WAITING_MAX: usize = 4_096;

/// Bytes of their requests and answers. They keep the buffers of their connections from being used again.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// How long exchanges gather after some were serialized: one wake-up of the task for many exchanges.
const GATHER: Duration = Duration::from_millis(5);

/// The queue of ended exchanges, and the task that takes from it.
pub(super) struct Serializer {
    waiting: mpsc::Sender<Job>,
    bytes: Arc<AtomicUsize>,
}

enum Job {
    Record(Unserialized),
    /// Told when everything before it has been serialized.
    Flush(oneshot::Sender<()>),
}

/// The record of an ended exchange.
pub struct Unserialized {
    /// Bytes that it keeps in memory.
    pub bytes: usize,
    pub make: Box<dyn FnOnce() -> serde_json::Result<String> + Send>,
    /// Who gets it.
    pub sinks: Vec<Arc<Sink>>,
}

impl Serializer {
    pub(super) fn start(runtime: &Handle) -> Self {
        let (waiting, jobs) = mpsc::channel(WAITING_MAX);
        let bytes = Arc::new(AtomicUsize::new(0));
        runtime.spawn(run(jobs, Arc::clone(&bytes)));
        Self { waiting, bytes }
    }

    /// Never waits: where there is no room the record is dropped and counted.
    pub(super) fn push(&self, record: Unserialized) {
        let bytes = record.bytes;
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // A record that is larger than the bound is taken where nothing else waits.
        if before > 0 && before + bytes > WAITING_BYTES_MAX {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            return record.drop_for("queue_full");
        }
        if let Err(error) = self.waiting.try_send(Job::Record(record)) {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            if let Job::Record(record) = error.into_inner() {
                record.drop_for("queue_full");
            }
        }
    }

    /// Waits until everything that was pushed before is serialized.
    pub(super) async fn flush(&self) {
        let (sender, done) = oneshot::channel();
        if self.waiting.send(Job::Flush(sender)).await.is_ok() {
            // Without an answer the runtime has ended, and with it what could be flushed.
            let _ = done.await;
        }
    }
}

async fn run(mut jobs: mpsc::Receiver<Job>, bytes: Arc<AtomicUsize>) {
    while let Some(first) = jobs.recv().await {
        let mut next = Some(first);
        while let Some(job) = next {
            match job {
                Job::Record(record) => {
                    let held = record.bytes;
                    record.serialize();
                    bytes.fetch_sub(held, Ordering::Relaxed);
                }
                // Who asked may wait no more.
                Job::Flush(done) => drop(done.send(())),
            }
            next = jobs.try_recv().ok();
        }
        tokio::time::sleep(GATHER).await;
    }
}

impl Unserialized {
    fn serialize(self) {
        let Self { make, sinks, .. } = self;
        // A panic costs this record, not all that come after it.
        match catch_unwind(AssertUnwindSafe(make)) {
            Ok(Ok(json)) => {
                let json: Arc<str> = json.into();
                sinks.iter().for_each(|sink| sink.push(&json));
            }
            Ok(Err(error)) => {
                tracing::error!(%error, "a record could not be written: it is dropped");
                drop_for(&sinks, "dropped");
            }
            Err(_) => drop_for(&sinks, "dropped"),
        }
    }

    fn drop_for(self, outcome: &'static str) {
        drop_for(&self.sinks, outcome);
    }
}

fn drop_for(sinks: &[Arc<Sink>], outcome: &'static str) {
    for sink in sinks {
        sink.queue.metrics.delivered(&sink.queue.name, outcome, 1);
    }
}
