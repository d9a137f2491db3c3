//! Loads files of the plugins directory, some at once and in the background: a file that takes long delays no other.

use std::collections::VecDeque;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::time::Duration;

use parking_lot::Mutex;

use super::apart::Patience;
use super::load::LoadError;
use super::{Component, Host};

/// Files that are loaded at once: one that takes long must leave room for another.
const THREADS_MIN: usize = 2;
/// Each may need some hundred megabytes.
const THREADS_MAX: usize = 4;

/// A file that was loaded, or could not be. `T` tells the states of one file apart.
pub struct Done<T> {
    pub path: PathBuf,
    pub state: T,
    pub loaded: Result<Component, LoadError>,
}

/// Files that wait to be loaded.
pub struct Queue<T> {
    host: Arc<Host>,
    shared: Arc<Mutex<Shared<T>>>,
    sender: Sender<Done<T>>,
    /// Behind a lock only so that the queue can be shared.
    receiver: Mutex<Receiver<Done<T>>>,
}

struct Shared<T> {
    waiting: VecDeque<Job<T>>,
    threads: usize,
}

struct Job<T> {
    path: PathBuf,
    state: T,
    patience: Patience,
}

impl<T: Clone + Send + 'static> Queue<T> {
    pub fn new(host: Arc<Host>) -> Self {
        let (sender, receiver) = channel();
        let shared = Shared {
            waiting: VecDeque::new(),
            threads: 0,
        };
        Self {
            host,
            shared: Arc::new(Mutex::new(shared)),
            sender,
            receiver: Mutex::new(receiver),
        }
    }

    /// Adds a file, in place of an earlier state of it that still waits.
    pub fn add(&self, path: PathBuf, state: T) {
        let mut shared = self.shared.lock();
        shared.waiting.retain(|job| job.path != path);
        shared.waiting.push_back(Job {
            path,
            state,
            patience: Patience::First,
        });
        if shared.threads < crate::worker::cores().clamp(THREADS_MIN, THREADS_MAX) {
            let (host, own, sender) = (Arc::clone(&self.host), Arc::clone(&self.shared), self.sender.clone());
            let thread = std::thread::Builder::new().name("loading".into());
            match thread.spawn(move || work(&host, &own, &sender)) {
                Ok(_) => shared.threads += 1,
                Err(error) => tracing::error!(%error, "no thread for loading plugins: they wait for one"),
            }
        }
    }

    /// The next file that is done, within this time.
    pub fn next(&mut self, time: Duration) -> Option<Done<T>> {
        self.receiver.get_mut().recv_timeout(time).ok()
    }
}

/// Loads files until none waits.
fn work<T>(host: &Host, shared: &Mutex<Shared<T>>, sender: &Sender<Done<T>>) {
    loop {
        let mut locked = shared.lock();
        let Some(job) = locked.waiting.pop_front() else {
            locked.threads -= 1;
            return;
        };
        drop(locked);
        let loaded = catch_unwind(AssertUnwindSafe(|| host.load_file(&job.path, job.patience)));
        let loaded =
            loaded.unwrap_or_else(|_| Err(LoadError::Apart("loading it panicked: the log has the place".into())));
        if matches!(loaded, Err(LoadError::Slow(_))) && job.patience == Patience::First {
            let patience = Patience::Last;
            shared.lock().waiting.push_back(Job { patience, ..job });
            continue;
        }
        let Job { path, state, .. } = job;
        // Nobody waits for it when the gateway stops.
        let _ = sender.send(Done { path, state, loaded });
    }
}
