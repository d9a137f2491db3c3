//! Logging: lines of JSON, or of text where a person watches a terminal.

use std::fs::File;
use std::io::{self, IsTerminal};
use std::os::fd::AsFd;
use std::time::Duration;

use sluice::log::{JsonLines, Lines};
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// How much is logged.
#[derive(Debug, Clone, Copy)]
pub enum Verbosity {
    /// `SLUICE_LOG` or `LITELLM_LOG`: a level, or `target=level` pairs with commas between; else `info`.
    FromEnvironment,
    More,
    Everything,
}

/// How long a stop waits for the last lines to be written.
const FINISH_MAX: Duration = Duration::from_secs(1);

/// The log that was started. Dropped, it writes what still waits.
pub struct Log(Lines);

impl Drop for Log {
    fn drop(&mut self) {
        self.0.finish(FINISH_MAX);
    }
}

/// Starts it, on standard error.
///
/// # Errors
/// The system gives no thread, or standard error is closed.
pub fn start(verbosity: Verbosity) -> io::Result<Log> {
    // A handle of our own: `std::io::Stderr` has a lock, and a blocked write would keep it from everybody.
    let out = File::from(io::stderr().as_fd().try_clone_to_owned()?);
    let lines = Lines::start(out)?;
    let registry = tracing_subscriber::registry().with(targets(verbosity));
    if io::stderr().is_terminal() {
        let text = tracing_subscriber::fmt::layer().with_writer(lines.clone());
        registry.with(text.compact().with_target(false)).init();
    } else {
        registry.with(JsonLines::new(lines.clone())).init();
    }
    log_panics();
    Ok(Log(lines))
}

/// The default hook writes to standard error itself, and waits where that is a full pipe.
fn log_panics() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(ToString::to_string);
        let said = panic.payload_as_str().unwrap_or("a value that is no text");
        tracing::error!(place, panic = said, "a fault of the gateway's: please report it");
    }));
}

/// For commands whose output is their answer.
pub fn silent() {
    tracing_subscriber::registry().init();
}

fn targets(verbosity: Verbosity) -> Targets {
    let text = match verbosity {
        Verbosity::More => "sluice=debug,info".to_owned(),
        Verbosity::Everything => "debug".to_owned(),
        Verbosity::FromEnvironment => {
            let named = ["SLUICE_LOG", "LITELLM_LOG"]
                .into_iter()
                .find_map(|name| std::env::var(name).ok());
            named.map_or_else(|| "info".to_owned(), |text| text.to_ascii_lowercase())
        }
    };
    text.parse().unwrap_or_else(|error| {
        eprintln!("sluice: SLUICE_LOG={text:?} is not understood ({error}): `info` is used");
        Targets::new().with_default(tracing::Level::INFO)
    })
}
