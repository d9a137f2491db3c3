//! How a deployment is doing: what strategies choose by, metrics show, and cooldowns will be decided from.
//!
//! Kept by deployment id over reloads. Numbers are approximate by design: they are updated without locks from every
//! worker, and a lost update changes an average by one sample.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Weight of a new sample in the moving averages: the last twenty or so count.
const SAMPLE_WEIGHT: f64 = 0.1;

/// The state of one deployment.
#[derive(Debug)]
pub struct Health {
    in_flight: AtomicU32,
    latency_seconds: Average,
    first_token_seconds: Average,
    failure_rate: Average,
    minute: Minute,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            in_flight: AtomicU32::new(0),
            latency_seconds: Average::new(),
            first_token_seconds: Average::new(),
            failure_rate: Average::new(),
            minute: Minute::default(),
        }
    }
}

impl Health {
    /// An attempt begins; it is under way until the guard is dropped.
    pub fn begin(self: &std::sync::Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.minute.add_request();
        InFlight(std::sync::Arc::clone(self))
    }

    /// An attempt ended well: how long the whole answer took, and the first content of a stream.
    pub fn succeeded(&self, whole: Duration, first_token: Option<Duration>) {
        self.latency_seconds.add(whole.as_secs_f64());
        if let Some(first_token) = first_token {
            self.first_token_seconds.add(first_token.as_secs_f64());
        }
        self.failure_rate.add(0.0);
    }

    /// An attempt failed by the upstream's fault.
    pub fn failed(&self) {
        self.failure_rate.add(1.0);
    }

    /// Tokens that an exchange used here.
    pub fn used(&self, tokens: u64) {
        self.minute.add_tokens(tokens);
    }

    /// Attempts under way.
    pub fn in_flight(&self) -> u32 {
        self.in_flight.load(Ordering::Relaxed)
    }

    /// Seconds to the whole answer; NaN when not measured yet.
    pub fn latency_seconds(&self) -> f64 {
        self.latency_seconds.get()
    }

    /// Seconds to the first token; NaN when not measured yet.
    pub fn first_token_seconds(&self) -> f64 {
        self.first_token_seconds.get()
    }

    /// Share of recent attempts that failed by the upstream's fault; 0 when there were none.
    pub fn failure_rate(&self) -> f64 {
        let rate = self.failure_rate.get();
        if rate.is_nan() { 0.0 } else { rate }
    }

    /// Attempts begun in this minute of the clock.
    pub fn requests_this_minute(&self) -> u32 {
        self.minute.read().0
    }

    /// Tokens used in this minute of the clock.
    pub fn tokens_this_minute(&self) -> u32 {
        self.minute.read().1
    }
}

/// An attempt under way.
#[derive(Debug)]
pub struct InFlight(std::sync::Arc<Health>);

impl Drop for InFlight {
    fn drop(&mut self) {
        self.0.in_flight.fetch_sub(1, Ordering::Relaxed);
    }
}

/// An exponentially weighted moving average, the bits of an `f64`.
#[derive(Debug)]
struct Average(AtomicU64);

impl Average {
    fn new() -> Self {
        Self(AtomicU64::new(f64::NAN.to_bits()))
    }

    fn add(&self, sample: f64) {
        let before = self.get();
        let after = if before.is_nan() {
            sample
        } else {
            before + (sample - before) * SAMPLE_WEIGHT
        };
        self.0.store(after.to_bits(), Ordering::Relaxed);
    }

    fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// Requests and tokens of the current minute of the clock, as LiteLLM counts them. Number of the minute in the upper
/// half, count in the lower.
#[derive(Debug, Default)]
struct Minute {
    requests: AtomicU64,
    tokens: AtomicU64,
}

impl Minute {
    fn add_request(&self) {
        add(&self.requests, now(), 1);
    }

    fn add_tokens(&self, tokens: u64) {
        add(&self.tokens, now(), tokens);
    }

    fn read(&self) -> (u32, u32) {
        let minute = now();
        (read(&self.requests, minute), read(&self.tokens, minute))
    }
}

fn now() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() / 60)
}

fn add(cell: &AtomicU64, minute: u64, amount: u64) {
    let update = |packed: u64| {
        let count = if packed >> 32 == minute {
            packed & u64::from(u32::MAX)
        } else {
            0
        };
        Some(minute << 32 | (count + amount).min(u64::from(u32::MAX)))
    };
    let _ = cell.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
}

fn read(cell: &AtomicU64, minute: u64) -> u32 {
    let packed = cell.load(Ordering::Relaxed);
    if packed >> 32 == minute {
        u32::try_from(packed & u64::from(u32::MAX)).unwrap_or(u32::MAX)
    } else {
        0
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn what_is_under_way_is_counted_until_it_is_dropped() {
        let health = Arc::new(Health::default());
        let attempt = health.begin();
        assert_eq!((health.in_flight(), health.requests_this_minute()), (1, 1));
        drop(attempt);
        assert_eq!((health.in_flight(), health.requests_this_minute()), (0, 1));
    }

    #[test]
    fn averages_begin_unknown_and_follow_slowly() {
        let health = Health::default();
        assert!(health.latency_seconds().is_nan() && health.failure_rate() == 0.0);
        health.succeeded(Duration::from_secs(1), None);
        health.succeeded(Duration::from_secs(2), None);
        assert!((health.latency_seconds() - 1.1).abs() < 1e-9);
    }

    #[test]
    fn a_new_minute_begins_at_nothing() {
        let cell = AtomicU64::new(0);
        add(&cell, 7, 3);
        add(&cell, 7, 2);
        assert_eq!((read(&cell, 7), read(&cell, 8)), (5, 0));
        add(&cell, 8, 1);
        assert_eq!(read(&cell, 8), 1);
    }
}
