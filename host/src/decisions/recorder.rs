//! Writes decisions to their file, on a thread of its own.

use std::collections::HashMap;
use std::fs::{File, OpenOptions};
use std::io::{BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use prometheus::IntCounter;

use super::{Choice, ChoiceLine, DeploymentLine, ExchangeLine, Line, Start, StrategyLine, VERSION};
use crate::config::settings::Decisions;
use crate::deployment::Deployment;
use crate::moment::Moment;
use crate::plugin::Identity;

/// Lines waiting to be written. Beyond them they are dropped and counted: an exchange never waits for a disk.
const WAITING_MAX: usize = 10_000;

/// Bytes of the requests that waiting lines hold, and that are freed when they are written.
const WAITING_BYTES_MAX: usize = 64 << 20;

/// How long who drops a recorder waits for a disk to take what is waiting.
const FINISH_MAX: Duration = Duration::from_secs(2);

/// Lines gather for this long after a batch was written: a thread that sleeps costs an exchange nothing to wake.
const GATHER: Duration = Duration::from_millis(20);

/// Numbers in use before they begin anew, with a new `start`: reloads leave old ones behind.
const NUMBERS_MAX: usize = 100_000;

/// Where decisions go. What is waiting is written when it is dropped, unless the disk takes nothing.
pub struct Recorder {
    path: PathBuf,
    waiting: Option<SyncSender<Told>>,
    /// Of the requests that are waiting.
    bytes: Arc<AtomicUsize>,
    dropped: IntCounter,
    /// If set, `choice` and `exchange` block on a full queue. For offline use only.
    pub is_patient: bool,
    /// Disconnected when the thread has ended.
    ended: Mutex<Receiver<()>>,
}

enum Told {
    Choice(Box<Choice>),
    Exchange(Box<ExchangeLine>),
}

impl Recorder {
    /// Opens the file, which is made where it is not there and appended to where it is.
    ///
    /// # Errors
    /// It cannot be opened, or no thread be started.
    pub fn open(settings: &Decisions, dropped: IntCounter) -> std::io::Result<Self> {
        let mut writer = Writer::open(&settings.file, settings.bytes_max)?;
        let (waiting, told) = sync_channel(WAITING_MAX);
        let (ends, ended) = sync_channel(0);
        let bytes = Arc::clone(&writer.waiting_bytes);
        let thread = std::thread::Builder::new().name("decisions".into());
        thread.spawn(move || {
            writer.run(&told);
            drop(ends);
        })?;
        Ok(Self {
            path: settings.file.clone(),
            waiting: Some(waiting),
            bytes,
            dropped,
            is_patient: false,
            ended: Mutex::new(ended),
        })
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn choice(&self, choice: Choice) {
        self.tell(Told::Choice(Box::new(choice)));
    }

    pub fn exchange(&self, exchange: ExchangeLine) {
        self.tell(Told::Exchange(Box::new(exchange)));
    }

    fn tell(&self, told: Told) {
        let bytes = told.bytes();
        let before = self.bytes.fetch_add(bytes, Ordering::Relaxed);
        let has_room = before == 0 || before + bytes <= WAITING_BYTES_MAX;
        let is_taken = self.waiting.as_ref().is_some_and(|waiting| match self.is_patient {
            true => waiting.send(told).is_ok(),
            false => has_room && waiting.try_send(told).is_ok(),
        });
        if !is_taken {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            self.dropped.inc();
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        // The thread ends when it has written what was waiting.
        drop(self.waiting.take());
        let ended = self.ended.get_mut();
        if self.is_patient {
            let _ = ended.recv();
        } else if ended.recv_timeout(FINISH_MAX) == Err(RecvTimeoutError::Timeout) {
            let file = self.path.display();
            tracing::warn!(%file, "decisions that were still to be written are left to a disk that takes none");
        }
    }
}

impl Told {
    /// Of the request that it holds.
    fn bytes(&self) -> usize {
        match self {
            Self::Choice(choice) => choice.canonical.body.len(),
            Self::Exchange(_) => 0,
        }
    }
}

struct Writer {
    path: PathBuf,
    bytes_max: u64,
    bytes: u64,
    waiting_bytes: Arc<AtomicUsize>,
    file: BufWriter<File>,
    numbers: Numbers,
    has_failed: bool,
}

/// What has been written, by number.
#[derive(Default)]
struct Numbers {
    deployments: Numbered<Deployment>,
    strategies: Numbered<Identity>,
}

/// By address, which stands for what lies there as long as the weak reference is kept.
struct Numbered<T>(HashMap<usize, (Weak<T>, u32)>);

impl<T> Default for Numbered<T> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<T> Numbered<T> {
    /// The number, and whether it is new.
    fn number(&mut self, of: &Arc<T>) -> (u32, bool) {
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        let (_, number) = self
            .0
            .entry(Arc::as_ptr(of).addr())
            .or_insert_with(|| (Arc::downgrade(of), next));
        (*number, *number == next)
    }
}

impl Writer {
    fn open(path: &Path, bytes_max: u64) -> std::io::Result<Self> {
        let file = append(path)?;
        let bytes = file.metadata()?.len();
        let mut writer = Self {
            path: path.to_owned(),
            bytes_max,
            bytes,
            waiting_bytes: Arc::default(),
            file: BufWriter::new(file),
            numbers: Numbers::default(),
            has_failed: false,
        };
        writer.start()?;
        Ok(writer)
    }

    fn run(&mut self, told: &Receiver<Told>) {
        while let Ok(first) = told.recv() {
            let mut written = Ok(());
            let mut next = Some(first);
            while let Some(line) = next {
                self.waiting_bytes.fetch_sub(line.bytes(), Ordering::Relaxed);
                written = written.and_then(|()| self.write(line));
                next = told.try_recv().ok();
            }
            match written.and_then(|()| self.file.flush()) {
                Ok(()) => self.has_failed = false,
                // Said once, not for every line.
                Err(_) if self.has_failed => {}
                Err(error) => {
                    self.has_failed = true;
                    let file = self.path.display();
                    tracing::error!(%file, %error, "decisions cannot be written: mend the disk, or turn `sluice.decisions` off");
                }
            }
            std::thread::sleep(GATHER);
        }
    }

    fn write(&mut self, told: Told) -> std::io::Result<()> {
        if self.bytes > self.bytes_max {
            self.rotate()?;
        } else if self.numbers.deployments.0.len() > NUMBERS_MAX {
            self.start()?;
        }
        match told {
            Told::Choice(choice) => self.write_choice(*choice),
            Told::Exchange(exchange) => self.line(&Line::Exchange(*exchange)),
        }
    }

    /// The file begins anew; the one before it stays beside it, as `.1`.
    fn rotate(&mut self) -> std::io::Result<()> {
        self.file.flush()?;
        let mut older = self.path.clone().into_os_string();
        older.push(".1");
        std::fs::rename(&self.path, older)?;
        self.file = BufWriter::new(append(&self.path)?);
        self.bytes = 0;
        self.start()
    }

    fn start(&mut self) -> std::io::Result<()> {
        self.numbers = Numbers::default();
        self.line(&Line::Start(Start {
            version: VERSION,
            sluice: env!("CARGO_PKG_VERSION").to_owned(),
            at_ms: Moment::now().millis(),
        }))
    }

    fn write_choice(&mut self, choice: Choice) -> std::io::Result<()> {
        let strategy = choice
            .strategy
            .as_ref()
            .map(|strategy| self.strategy(strategy))
            .transpose()?;
        let deployments = choice.columns.candidates.iter();
        let of = deployments.map(|candidate| self.deployment(&candidate.deployment));
        let of = of.collect::<std::io::Result<_>>()?;
        let canonical = &choice.canonical;
        let (rank, error) = match choice.ranking {
            Ok(rank) => (rank, None),
            Err(error) => (Vec::new(), Some(error)),
        };
        self.line(&Line::Choice(ChoiceLine {
            exchange: canonical.id.to_string(),
            at_ms: choice.at.millis(),
            model: canonical.group.to_string(),
            group: choice.group.to_string(),
            operation: canonical.operation.row().name.to_owned(),
            stream: canonical.is_streaming,
            prompt_tokens: canonical.prompt_tokens(),
            seed: canonical.seed,
            started_ms: canonical.started_ms,
            strategy,
            of,
            reads: choice.reads,
            exclusions: choice.exclusions,
            rank,
            error,
        }))
    }

    fn strategy(&mut self, strategy: &Arc<Identity>) -> std::io::Result<u32> {
        let (number, is_new) = self.numbers.strategies.number(strategy);
        if !is_new {
            return Ok(number);
        }
        self.line(&Line::Strategy(StrategyLine {
            number,
            name: strategy.name.to_string(),
            sha256: strategy.sha256.to_string(),
            settings: strategy.settings.to_string(),
        }))?;
        Ok(number)
    }

    fn deployment(&mut self, deployment: &Arc<Deployment>) -> std::io::Result<u32> {
        let (number, is_new) = self.numbers.deployments.number(deployment);
        if !is_new {
            return Ok(number);
        }
        let info = deployment.settings.info.iter();
        self.line(&Line::Deployment(DeploymentLine {
            number,
            id: deployment.settings.id.clone(),
            provider: deployment.provider.to_string(),
            model: deployment.model.to_string(),
            region: deployment.region.as_deref().unwrap_or_default().to_owned(),
            tags: deployment.tags.clone(),
            info: info.map(|(name, json)| (name.clone(), json.to_string())).collect(),
        }))?;
        Ok(number)
    }

    fn line(&mut self, line: &Line) -> std::io::Result<()> {
        let mut json = serde_json::to_vec(line)?;
        json.push(b'\n');
        self.bytes += json.len() as u64;
        self.file.write_all(&json)
    }
}

/// Only its owner may read it: it says who asked for what.
fn append(path: &Path) -> std::io::Result<File> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)
}
