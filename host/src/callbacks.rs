//! Delivery of records to logging callbacks, outside the path of exchanges.
//!
//! An exchange that has ended hands over the data of its record. A task serializes the record once for all callbacks.
//! Each callback has a queue, bounded in records and bytes, and one task that delivers batches from it. If a queue is
//! full, its oldest records are dropped and counted, and so are batches that the callback rejects. An exchange never
//! waits for its record.

mod serializer;

use std::collections::VecDeque;
use std::sync::{Arc, Weak};
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use serializer::Serializer;

pub use serializer::Unserialized;

use crate::config::settings;
use crate::metrics::Metrics;
use crate::plugin::kinds::callback::{Callback, DeliverError};

/// Records in the queue of one callback. If a callback is unavailable for longer than it takes to fill the queue, the
/// oldest records are lost. A larger queue keeps more records and needs more memory.
const QUEUE_RECORDS_MAX: usize = 10_000;

/// Bytes of those records. Records of long chats are large.
const QUEUE_BYTES_MAX: usize = 64 << 20;

/// Records of one batch.
const BATCH_RECORDS_MAX: usize = 100;

/// Bytes of one batch, which is copied into the guest as a whole.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// How long a batch that is not full waits for more records.
const LINGER: Duration = Duration::from_millis(500);

/// Attempts to deliver one batch, with pauses of 0.5 s, 1 s, 2 s, … between them.
const ATTEMPTS_MAX: u32 = 6;

/// All sinks of the process, kept over reloads.
pub struct Sinks {
    runtime: Handle,
    metrics: Arc<Metrics>,
    serializer: Arc<Serializer>,
    open: Mutex<Vec<Open>>,
}

/// A sink that is configured, or whose task still delivers.
struct Open {
    sink: Weak<Sink>,
    queue: Weak<Queue>,
    task: JoinHandle<()>,
}

/// The destination of a callback's records: one configured callback with its queue. When the last snapshot that holds
/// the sink is dropped, the queue closes; so an exchange that began before a reload is still recorded after it.
pub struct Sink {
    pub on_success: bool,
    pub on_failure: bool,
    queue: Arc<Queue>,
    serializer: Arc<Serializer>,
}

/// The queue of one callback. Its task ends when the queue is closed and empty.
struct Queue {
    name: Box<str>,
    callback: ArcSwap<Callback>,
    waiting: Mutex<Waiting>,
    arrived: Notify,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Waiting {
    records: VecDeque<Arc<str>>,
    bytes: usize,
    is_closed: bool,
}

impl Sinks {
    /// Delivery runs on this runtime.
    pub fn new(runtime: Handle, metrics: Arc<Metrics>) -> Self {
        Self {
            serializer: Arc::new(Serializer::start(&runtime)),
            runtime,
            metrics,
            open: Mutex::default(),
        }
    }

    /// The sink of a configured callback. If one is open already, it keeps its queue and uses the new plugin.
    pub fn get(&self, configured: &settings::Callback, callback: Callback) -> Arc<Sink> {
        let mut open = self.open.lock();
        if let Some(sink) = open
            .iter()
            .filter_map(|open| open.sink.upgrade())
            .find(|sink| sink.is_of(configured))
        {
            sink.queue.callback.store(Arc::new(callback));
            return sink;
        }
        let queue = Arc::new(Queue {
            name: configured.name.as_str().into(),
            callback: ArcSwap::from_pointee(callback),
            waiting: Mutex::default(),
            arrived: Notify::new(),
            metrics: Arc::clone(&self.metrics),
        });
        let sink = Arc::new(Sink {
            on_success: configured.on_success,
            on_failure: configured.on_failure,
            queue: Arc::clone(&queue),
            serializer: Arc::clone(&self.serializer),
        });
        open.push(Open {
            sink: Arc::downgrade(&sink),
            queue: Arc::downgrade(&queue),
            task: self.runtime.spawn(run(queue)),
        });
        sink
    }

    /// Forgets all other sinks as soon as they have delivered their queues.
    pub fn keep_only(&self, kept: &[Arc<Sink>]) {
        self.open.lock().retain(|open| {
            let is_kept = kept.iter().any(|sink| Arc::as_ptr(sink) == open.sink.as_ptr());
            is_kept || !open.task.is_finished()
        });
    }

    /// Closes all queues and waits until they are delivered. The caller limits the wait.
    pub async fn finish(&self) {
        self.serializer.flush().await;
        let open = std::mem::take(&mut *self.open.lock());
        for queue in open.iter().filter_map(|open| open.queue.upgrade()) {
            queue.close();
        }
        for open in open {
            // A task that was cancelled has nothing left to deliver.
            let _ = open.task.await;
        }
    }
}

impl Sink {
    /// Hands over the record of an exchange to be serialized for all its sinks.
    pub fn record(record: Unserialized) {
        if let Some(first) = record.sinks.first() {
            Arc::clone(&first.serializer).push(record);
        }
    }

    /// Adds a serialized record. If the queue is full, the oldest records are dropped.
    fn push(&self, record: &Arc<str>) {
        self.queue.push(record);
    }

    /// The name of the sink's plugin.
    pub fn plugin(&self) -> String {
        self.queue.callback.load().plugin().to_owned()
    }

    /// The hosts that the plugin may connect to.
    pub fn grants(&self) -> Vec<String> {
        self.queue.callback.load().grants().listed()
    }

    fn is_of(&self, configured: &settings::Callback) -> bool {
        *self.queue.name == *configured.name
            && (self.on_success, self.on_failure) == (configured.on_success, configured.on_failure)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.queue.close();
    }
}

impl Queue {
    fn push(&self, record: &Arc<str>) {
        let mut waiting = self.waiting.lock();
        if waiting.is_closed {
            drop(waiting);
            tracing::error!(
                callback = self.name,
                "a record came after the end of deliveries: it is dropped"
            );
            return self.metrics.delivered(&self.name, "dropped", 1);
        }
        waiting.bytes += record.len();
        waiting.records.push_back(Arc::clone(record));
        let mut dropped = 0;
        while waiting.records.len() > QUEUE_RECORDS_MAX || waiting.bytes > QUEUE_BYTES_MAX {
            let Some(oldest) = waiting.records.pop_front() else {
                break;
            };
            waiting.bytes -= oldest.len();
            dropped += 1;
        }
        drop(waiting);
        if dropped > 0 {
            self.metrics.delivered(&self.name, "queue_full", dropped);
        }
        self.arrived.notify_one();
    }

    fn close(&self) {
        self.waiting.lock().is_closed = true;
        self.arrived.notify_one();
    }

    /// The next batch; `None` when the queue is closed and empty.
    async fn next(&self) -> Option<Vec<String>> {
        loop {
            let arrived = self.arrived.notified();
            {
                let waiting = self.waiting.lock();
                if !waiting.records.is_empty() {
                    break;
                }
                if waiting.is_closed {
                    return None;
                }
            }
            arrived.await;
        }
        let is_full = |waiting: &Waiting| waiting.records.len() >= BATCH_RECORDS_MAX || waiting.is_closed;
        let linger = tokio::time::sleep(LINGER);
        tokio::pin!(linger);
        while !is_full(&self.waiting.lock()) {
            tokio::select! {
                () = self.arrived.notified() => {}
                () = &mut linger => break,
            }
        }
        Some(self.take())
    }

    fn take(&self) -> Vec<String> {
        let mut waiting = self.waiting.lock();
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(next) = waiting.records.front() {
            if !batch.is_empty() && (batch.len() == BATCH_RECORDS_MAX || bytes + next.len() > BATCH_BYTES_MAX) {
                break;
            }
            bytes += next.len();
            batch.extend(waiting.records.pop_front().map(|record| record.to_string()));
        }
        waiting.bytes -= bytes;
        batch
    }

    /// Delivers one batch. If the callback asks for a retry, the batch is delivered again.
    async fn deliver(&self, batch: &[String]) {
        let count = batch.len() as u64;
        let mut pause = Duration::from_millis(500);
        for attempt in 1..=ATTEMPTS_MAX {
            let callback = self.callback.load_full();
            match callback.deliver(batch).await {
                Ok(()) => return self.metrics.delivered(&self.name, "delivered", count),
                Err(DeliverError::Retry(reason)) if attempt < ATTEMPTS_MAX => {
                    tracing::warn!(
                        callback = self.name,
                        reason,
                        attempt,
                        "callback did not take a batch: it gets it again"
                    );
                    tokio::time::sleep(pause).await;
                    pause *= 2;
                }
                Err(error) => {
                    tracing::error!(callback = self.name, reason = %error, records = count, "records dropped");
                    return self.metrics.delivered(&self.name, "dropped", count);
                }
            }
        }
    }
}

async fn run(queue: Arc<Queue>) {
    while let Some(batch) = queue.next().await {
        let records = batch.len() as u64;
        // A task of its own: a delivery that panics loses its batch, and the next one is delivered.
        let delivery = tokio::spawn({
            let queue = Arc::clone(&queue);
            async move { queue.deliver(&batch).await }
        });
        if delivery.await.is_err() {
            tracing::error!(
                callback = queue.name,
                records,
                "records dropped: their delivery panicked, and the log has the place"
            );
            queue.metrics.delivered(&queue.name, "dropped", records);
        }
    }
}
