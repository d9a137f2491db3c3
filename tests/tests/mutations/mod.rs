//! What is wrong somewhere, through the whole gateway: valid requests of clients and valid answers of upstreams, changed at
//! random from fixed seeds.

mod answers;
mod requests;

use std::io::Write;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use sluice_tests::prelude::*;

/// Changes of each valid request or answer.
const CHANGES: u64 = 1_000;

/// Far longer than an answer that comes at once takes.
const HANGS_AFTER: Duration = Duration::from_secs(30);

/// The deployment's, and no other test's.
const KEY: &str = "sk-mutated-secret-9876543210";

/// Whether a client reads the deployment's credential.
fn tells_key(answer: &Answer) -> bool {
    let is_key = |value: &hyper::header::HeaderValue| value.to_str().is_ok_and(|value| value.contains(KEY));
    answer.text().contains(KEY) || answer.headers.values().any(is_key)
}

/// The log of this process, which is looked at and not kept.
struct Log;

static LOG_SAYS_KEY: AtomicBool = AtomicBool::new(false);

impl Write for Log {
    fn write(&mut self, line: &[u8]) -> std::io::Result<usize> {
        let says_key = line.windows(KEY.len()).any(|part| part == KEY.as_bytes());
        LOG_SAYS_KEY.fetch_or(says_key, Ordering::Relaxed);
        Ok(line.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

fn watch_log() {
    static WATCHED: Once = Once::new();
    WATCHED.call_once(|| {
        let filter = tracing_subscriber::EnvFilter::new("sluice=debug");
        let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(|| Log);
        // Where RUST_LOG is set, a reader looks at the log.
        let _ = log.try_init();
    });
}

fn assert_log_is_clean() {
    assert!(!LOG_SAYS_KEY.load(Ordering::Relaxed), "the log says the credential");
}
