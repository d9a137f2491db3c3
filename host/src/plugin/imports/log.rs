//! `log`, and what a guest prints: lines in the gateway's log, tagged with the plugin, limited and counted.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use super::Guest;
use super::bindings::log::{Host, Level};
use crate::plugin::Identity;

/// Longer lines are cut. A guest may have read prompts, so its lines must be short.
const LINE_BYTES_MAX: usize = 4 << 10;

/// Lines per call. Further lines are dropped and counted.
const LINES_MAX: u32 = 64;

/// The number of lines that a call may still write.
#[derive(Debug)]
pub struct Budget {
    left: u32,
}

impl Default for Budget {
    fn default() -> Self {
        Self { left: LINES_MAX }
    }
}

impl Budget {
    /// Resets the number at the beginning of a call.
    pub fn refill(&mut self) {
        self.left = LINES_MAX;
    }

    fn take(&mut self) -> bool {
        let allowed = self.left > 0;
        self.left = self.left.saturating_sub(1);
        allowed
    }
}

impl Host for Guest {
    fn write(&mut self, level: Level, message: String) -> wasmtime::Result<()> {
        if self.log.take() {
            let exchange = self.exchange.as_ref().map(|exchange| exchange.id.as_ref());
            say(&self.identity, level, exchange, cut(&message));
        } else {
            self.identity.counters.log_lines_dropped.inc();
        }
        Ok(())
    }
}

/// Standard output and error of a guest. Each write is one line of the log. The limit applies to the life of the
/// instance and not to a call; plugins should use `log` instead.
#[derive(Clone)]
pub struct Printed {
    identity: Arc<Identity>,
    left: Arc<AtomicU32>,
}

impl Printed {
    pub fn new(identity: Arc<Identity>) -> Self {
        Self {
            identity,
            left: Arc::new(AtomicU32::new(LINES_MAX)),
        }
    }

    /// Logs the bytes of one write.
    pub fn print(&self, bytes: &[u8]) {
        let allowed = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| left.checked_sub(1));
        if allowed.is_err() {
            self.identity.counters.log_lines_dropped.inc();
            return;
        }
        let text = String::from_utf8_lossy(&bytes[..bytes.len().min(LINE_BYTES_MAX)]);
        say(&self.identity, Level::Info, None, text.trim_end());
    }
}

/// tracing needs the level at compile time, hence one call per level.
fn say(identity: &Identity, level: Level, exchange: Option<&str>, message: &str) {
    let plugin = identity.name.as_ref();
    match level {
        Level::Debug => tracing::debug!(plugin, exchange, said = message, "plugin says"),
        Level::Info => tracing::info!(plugin, exchange, said = message, "plugin says"),
        Level::Warn => tracing::warn!(plugin, exchange, said = message, "plugin says"),
        Level::Error => tracing::error!(plugin, exchange, said = message, "plugin says"),
    }
}

pub(in crate::plugin) fn cut(message: &str) -> &str {
    &message[..message.floor_char_boundary(LINE_BYTES_MAX)]
}
