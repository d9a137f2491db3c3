//! Serializes records in a task outside the workers: a record of a long chat takes milliseconds.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

use super::Sink;

/// Ended exchanges whose records are not serialized yet.
const WAITING_MAX: usize = 4_096;

/// Bytes of their requests and answers. While these are kept, the buffers of their connections cannot be reused.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// How long the task waits for more exchanges after it has serialized some, so that it wakes up once for many of them.
const GATHER: Duration = Duration::from_millis(5);

/// The queue of ended exchanges, and the task that serializes their records.
pub(super) struct Serializer {
    waiting: mpsc::Sender<Job>,
    bytes: Arc<AtomicUsize>,
}

enum Job {
    Record(Unserialized),
    /// Asks for a notice when all earlier records are serialized.
    Flush(oneshot::Sender<()>),
}

/// The record of an ended exchange.
pub struct Unserialized {
    /// Bytes that it keeps in memory.
    pub bytes: usize,
    pub make: Box<dyn FnOnce() -> serde_json::Result<String> + Send>,
    /// The sinks that receive it.
    pub sinks: Vec<Arc<Sink>>,
}

impl Serializer {
    pub(super) fn start(runtime: &Handle) -> Self {
        let (waiting, jobs) = mpsc::channel(WAITING_MAX);
        let bytes = Arc::new(AtomicUsize::new(0));
        runtime.spawn(run(jobs, Arc::clone(&bytes)));
        Self { waiting, bytes }
    }

    /// Adds a record. It never blocks: if there is no room, the record is dropped and counted.
    pub(super) fn push(&self, record: Unserialized) {
        let bytes = record.bytes;
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        // A record that is larger than the bound is accepted if the queue is empty.
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

    /// Waits until all records that were added before are serialized.
    pub(super) async fn flush(&self) {
        let (sender, done) = oneshot::channel();
        if self.waiting.send(Job::Flush(sender)).await.is_ok() {
            // An error means that the runtime has ended; there is nothing left to serialize.
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
                // The receiver may have stopped waiting.
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
        // A panic loses this record, not all later ones.
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
