//! Delivery of records to logging callbacks, off the path of every exchange.
//!
//! Each callback has a queue, bounded in records and bytes, and one task that takes batches from it. What a callback will
//! not take, or what finds the queue full, is dropped and counted: an exchange never waits for its log.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use parking_lot::Mutex;
use tokio::runtime::Handle;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::config::settings;
use crate::metrics::Metrics;
use crate::plugin::callback::{Callback, DeliverError};

/// Records waiting for one callback. A callback that is away for longer than it takes to fill this loses the oldest
/// records; raising it keeps more and costs their memory.
const QUEUE_RECORDS_MAX: usize = 10_000;

/// Bytes of those records: records of long chats are large.
const QUEUE_BYTES_MAX: usize = 64 << 20;

/// Records of one batch.
const BATCH_RECORDS_MAX: usize = 100;

/// Bytes of one batch: it crosses into the guest whole.
const BATCH_BYTES_MAX: usize = 4 << 20;

/// How long a batch that is not full waits for more.
const LINGER: Duration = Duration::from_millis(500);

/// Attempts at one batch, with pauses of 0.5 s, 1 s, 2 s, … between them.
const ATTEMPTS_MAX: u32 = 6;

/// What keeps the sinks over reloads.
pub struct Sinks {
    runtime: Handle,
    metrics: Arc<Metrics>,
    open: Mutex<BTreeMap<String, Running>>,
}

struct Running {
    sink: Arc<Sink>,
    task: JoinHandle<()>,
}

/// One callback's queue.
pub struct Sink {
    pub name: Box<str>,
    pub on_success: bool,
    pub on_failure: bool,
    callback: ArcSwap<Callback>,
    queue: Mutex<Queue>,
    arrived: Notify,
    metrics: Arc<Metrics>,
}

#[derive(Default)]
struct Queue {
    records: VecDeque<Arc<str>>,
    bytes: usize,
    is_closed: bool,
}

impl Sinks {
    /// Delivery runs on this runtime.
    pub fn new(runtime: Handle, metrics: Arc<Metrics>) -> Self {
        Self {
            runtime,
            metrics,
            open: Mutex::default(),
        }
    }

    /// The sink of a configured callback: the one that is open keeps its queue and gets the new plugin.
    pub fn get(&self, configured: &settings::Callback, callback: Callback) -> Arc<Sink> {
        let callback = Arc::new(callback);
        let mut open = self.open.lock();
        let key = format!(
            "{} {} {}",
            configured.name, configured.on_success, configured.on_failure
        );
        if let Some(running) = open.get(&key) {
            running.sink.callback.store(callback);
            return Arc::clone(&running.sink);
        }
        let sink = Arc::new(Sink {
            name: configured.name.as_str().into(),
            on_success: configured.on_success,
            on_failure: configured.on_failure,
            callback: ArcSwap::new(callback),
            queue: Mutex::default(),
            arrived: Notify::new(),
            metrics: Arc::clone(&self.metrics),
        });
        let task = self.runtime.spawn(run(Arc::clone(&sink)));
        open.insert(
            key,
            Running {
                sink: Arc::clone(&sink),
                task,
            },
        );
        sink
    }

    /// Closes the sinks that are not among these; they deliver what they have.
    pub fn keep_only(&self, kept: &[Arc<Sink>]) {
        self.open.lock().retain(|_, running| {
            let is_kept = kept.iter().any(|sink| Arc::ptr_eq(sink, &running.sink));
            if !is_kept {
                running.sink.close();
            }
            is_kept
        });
    }

    /// Closes all and waits until they have delivered what they have, as long as the caller waits for it.
    pub async fn finish(&self) {
        let open = std::mem::take(&mut *self.open.lock());
        for running in open.values() {
            running.sink.close();
        }
        for running in open.into_values() {
            // A task that was cancelled has nothing left to deliver.
            let _ = running.task.await;
        }
    }
}

impl Sink {
    /// Adds a record; where there is no room the oldest ones go.
    pub fn push(&self, record: &Arc<str>) {
        let mut queue = self.queue.lock();
        queue.bytes += record.len();
        queue.records.push_back(Arc::clone(record));
        let mut dropped = 0;
        while queue.records.len() > QUEUE_RECORDS_MAX || queue.bytes > QUEUE_BYTES_MAX {
            let Some(oldest) = queue.records.pop_front() else { break };
            queue.bytes -= oldest.len();
            dropped += 1;
        }
        drop(queue);
        if dropped > 0 {
            self.metrics.delivered(&self.name, "queue_full", dropped);
        }
        self.arrived.notify_one();
    }

    /// The plugin that serves it.
    pub fn plugin(&self) -> String {
        self.callback.load().plugin().to_owned()
    }

    /// The hosts it may reach.
    pub fn grants(&self) -> Vec<String> {
        self.callback.load().grants().listed()
    }

    fn close(&self) {
        self.queue.lock().is_closed = true;
        self.arrived.notify_one();
    }

    /// The next batch; `None` when the sink is closed and empty.
    async fn next(&self) -> Option<Vec<String>> {
        loop {
            let arrived = self.arrived.notified();
            {
                let queue = self.queue.lock();
                if !queue.records.is_empty() {
                    break;
                }
                if queue.is_closed {
                    return None;
                }
            }
            arrived.await;
        }
        let is_full = |queue: &Queue| queue.records.len() >= BATCH_RECORDS_MAX || queue.is_closed;
        let linger = tokio::time::sleep(LINGER);
        tokio::pin!(linger);
        while !is_full(&self.queue.lock()) {
            tokio::select! {
                () = self.arrived.notified() => {}
                () = &mut linger => break,
            }
        }
        Some(self.take())
    }

    fn take(&self) -> Vec<String> {
        let mut queue = self.queue.lock();
        let mut batch = Vec::new();
        let mut bytes = 0;
        while let Some(next) = queue.records.front() {
            if !batch.is_empty() && (batch.len() == BATCH_RECORDS_MAX || bytes + next.len() > BATCH_BYTES_MAX) {
                break;
            }
            bytes += next.len();
            batch.extend(queue.records.pop_front().map(|record| record.to_string()));
        }
        queue.bytes -= bytes;
        batch
    }

    /// Delivers one batch, again and again where the callback asks for it.
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

async fn run(sink: Arc<Sink>) {
    while let Some(batch) = sink.next().await {
        sink.deliver(&batch).await;
    }
}
