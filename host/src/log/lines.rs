//! The queue of log lines and the thread that writes them.

use std::io::{self, Write};
use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};
use prometheus::IntCounter;
use tracing_subscriber::fmt::MakeWriter;

/// Bytes in the queue: some thousand lines, for a reader that pauses.
const WAITING_BYTES_MAX: usize = 1 << 20;

/// Lines gather for this long after a batch was written: one wake-up of the thread for many lines keeps a line cheap.
const GATHER: Duration = Duration::from_millis(20);

/// The thread writes sooner if so many bytes wait.
const GATHER_BYTES_MAX: usize = WAITING_BYTES_MAX / 4;

static DROPPED: LazyLock<IntCounter> = LazyLock::new(|| {
    let help = "Log lines that found no room, because standard error takes none.";
    IntCounter::new("sluice_log_lines_dropped_total", help).expect("the name is a metric's")
});

/// The number of dropped lines, as a metric.
#[must_use]
pub fn dropped() -> IntCounter {
    DROPPED.clone()
}

/// The queue of lines that are not written yet. Clones share it.
#[derive(Clone)]
pub struct Lines(Arc<Shared>);

#[derive(Default)]
struct Shared {
    queue: Mutex<Queue>,
    arrived: Condvar,
    ended: Condvar,
}

#[derive(Default)]
struct Queue {
    waiting: Vec<u8>,
    /// Lines dropped since the last written batch.
    lost: u64,
    /// An added line wakes the thread if so many bytes wait then; `None` if the thread is awake.
    wakes_at: Option<usize>,
    is_closed: bool,
    has_ended: bool,
}

impl Lines {
    /// Starts the thread, which writes to `out`.
    ///
    /// # Errors
    /// The system cannot start a thread.
    pub fn start(out: impl Write + Send + 'static) -> io::Result<Self> {
        let shared = Arc::new(Shared::default());
        let lines = Self(Arc::clone(&shared));
        std::thread::Builder::new()
            .name("sluice-log".to_owned())
            .spawn(move || shared.write(out))?;
        Ok(lines)
    }

    /// Adds a line, which includes its line end. It never blocks: if the queue is full, the line is dropped and
    /// counted.
    pub fn push(&self, line: &[u8]) {
        let mut queue = self.0.queue.lock();
        if queue.waiting.len() + line.len() > WAITING_BYTES_MAX || queue.has_ended {
            queue.lost += 1;
            drop(queue);
            DROPPED.inc();
            return;
        }
        queue.waiting.extend_from_slice(line);
        let waiting = queue.waiting.len();
        if queue.wakes_at.take_if(|bytes| waiting >= *bytes).is_some() {
            drop(queue);
            self.0.arrived.notify_one();
        }
    }

    /// Closes the queue and waits until its lines are written, for at most `limit`. Lines that are added after the
    /// thread has ended are dropped.
    pub fn finish(&self, limit: Duration) {
        let until = Instant::now() + limit;
        let mut queue = self.0.queue.lock();
        queue.is_closed = true;
        self.0.arrived.notify_one();
        while !queue.has_ended {
            if self.0.ended.wait_until(&mut queue, until).timed_out() {
                return;
            }
        }
    }
}

impl Shared {
    /// The loop of the thread.
    fn write(&self, mut out: impl Write) {
        let mut batch = Vec::new();
        while let Some(lost) = self.take(&mut batch) {
            if out.write_all(&batch).is_err() {
                DROPPED.inc_by(batch.iter().filter(|byte| **byte == b'\n').count() as u64);
            } else if lost > 0 {
                tracing::warn!(
                    lines = lost,
                    "log lines were dropped: standard error took none for a while"
                );
            }
            batch.clear();
            self.gather();
        }
        self.queue.lock().has_ended = true;
        self.ended.notify_all();
    }

    /// Waits while lines gather.
    fn gather(&self) {
        let until = Instant::now() + GATHER;
        let mut queue = self.queue.lock();
        while !queue.is_closed && queue.waiting.len() < GATHER_BYTES_MAX {
            queue.wakes_at = Some(GATHER_BYTES_MAX);
            if self.arrived.wait_until(&mut queue, until).timed_out() {
                break;
            }
        }
        queue.wakes_at = None;
    }

    /// Waits for lines and moves them into the empty `batch`. Returns how many lines were dropped before; `None` at the
    /// end.
    fn take(&self, batch: &mut Vec<u8>) -> Option<u64> {
        let mut queue = self.queue.lock();
        while queue.waiting.is_empty() {
            if queue.is_closed {
                return None;
            }
            queue.wakes_at = Some(1);
            self.arrived.wait(&mut queue);
        }
        queue.wakes_at = None;
        std::mem::swap(batch, &mut queue.waiting);
        Some(std::mem::take(&mut queue.lost))
    }
}

impl<'a> MakeWriter<'a> for Lines {
    type Writer = &'a Self;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

/// Each call of `write` is one line: `tracing-subscriber` writes in this way.
impl Write for &Lines {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.push(line);
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::{Receiver, SyncSender, sync_channel};

    use super::*;

    /// Blocks until the written bytes are read, like a pipe.
    struct Pipe(SyncSender<Vec<u8>>);

    impl Write for Pipe {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.send(bytes.to_vec()).map_err(io::Error::other)?;
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn pipe() -> (Lines, Receiver<Vec<u8>>) {
        let (sender, receiver) = sync_channel(0);
        (Lines::start(Pipe(sender)).unwrap(), receiver)
    }

    #[test]
    fn lines_come_in_their_order() {
        let (lines, read) = pipe();
        let reader = std::thread::spawn(move || read.iter().flatten().collect::<Vec<u8>>());
        for number in 0..1000 {
            lines.push(format!("{number}\n").as_bytes());
        }
        lines.finish(Duration::from_secs(60));
        drop(lines);
        let expected: String = (0..1000).map(|number| format!("{number}\n")).collect();
        assert_eq!(reader.join().unwrap(), expected.into_bytes());
    }

    #[test]
    fn a_pipe_that_nobody_reads_holds_up_nobody() {
        let (lines, read) = pipe();
        let before = dropped().get();
        let line = [b'x'; 1024];
        for _ in 0..10_000 {
            lines.push(&line);
        }
        assert!(dropped().get() > before + 7_000);
        assert!(lines.0.queue.lock().waiting.len() <= WAITING_BYTES_MAX);
        // `finish` does not wait for the pipe either.
        lines.finish(Duration::from_millis(1));
        drop(read);
    }
}
