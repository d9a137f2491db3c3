//! How a deployment is doing: what strategies choose by, metrics show, and cooldowns are decided from.
//!
//! Kept by deployment id over reloads. Numbers are approximate by design: they are updated without locks from every
//! worker, and a lost update changes an average by one sample.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::checkup::Checkup;
use super::cooldown::{Cooldown, Failure, Outage, Own, Standing, Tally};
use crate::config::settings::Cooldowns;

/// Weight of a new sample in the moving averages: the last twenty or so count.
const SAMPLE_WEIGHT: f64 = 0.1;

/// The state of one deployment.
#[derive(Debug)]
pub struct Health {
    in_flight: AtomicU32,
    latency_seconds: Average,
    first_token_seconds: Average,
    tokens_per_second: Average,
    failure_rate: Average,
    minute: Minute,
    /// Milliseconds since the process looked first; 0 when nothing was measured yet.
    measured_at: AtomicU64,
    cooldown: Cooldown,
    /// What the gateway itself found out; no part of the numbers above.
    pub checkup: Checkup,
}

impl Default for Health {
    fn default() -> Self {
        Self {
            in_flight: AtomicU32::new(0),
            latency_seconds: Average::new(),
            first_token_seconds: Average::new(),
            tokens_per_second: Average::new(),
            failure_rate: Average::new(),
            minute: Minute::default(),
            measured_at: AtomicU64::new(0),
            cooldown: Cooldown::default(),
            checkup: Checkup::default(),
        }
    }
}

/// What an attempt that ended well says.
#[derive(Debug, Clone, Copy)]
pub struct Success {
    /// To the last byte.
    pub whole: Duration,
    /// To the first content of a stream.
    pub first_token: Option<Duration>,
    /// As the upstream counted; 0 when it did not say.
    pub completion_tokens: u64,
}

impl Health {
    /// An attempt begins; it is under way until the guard is dropped. Where a probe is due, this is the probe.
    pub fn begin(self: &Arc<Self>) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.minute.requests.add(1);
        InFlight {
            is_probe: self.cooldown.claim_probe(),
            health: Arc::clone(self),
        }
    }

    /// An attempt ended well.
    pub fn succeeded(&self, success: Success) {
        let seconds = success.whole.as_secs_f64();
        self.latency_seconds.add(seconds);
        if let Some(first_token) = success.first_token {
            self.first_token_seconds.add(first_token.as_secs_f64());
        }
        if success.completion_tokens > 0 && seconds > 0.0 {
            self.tokens_per_second.add(success.completion_tokens as f64 / seconds);
        }
        self.failure_rate.add(0.0);
        self.minute.successes.add(1);
        self.measured_at.store(milliseconds(), Ordering::Relaxed);
        self.cooldown.succeeded();
    }

    /// An attempt failed by the upstream's fault; the cooldown that begins with it.
    pub fn failed(&self, failure: &Failure<'_>, is_probe: bool, own: Own, rules: &Cooldowns) -> Option<Outage> {
        self.failure_rate.add(1.0);
        self.minute.failures.add(1);
        let tally = Tally {
            successes: self.minute.successes.read(),
            failures: self.minute.failures.read(),
        };
        self.cooldown.failed(failure, is_probe, tally, own, rules)
    }

    /// Tokens that an exchange used here.
    pub fn used(&self, tokens: u64) {
        self.minute.tokens.add(tokens);
    }

    /// Whether it may be tried.
    pub fn standing(&self) -> Standing {
        self.cooldown.standing()
    }

    /// The cooldown that it is in.
    pub fn outage(&self) -> Option<Outage> {
        self.cooldown.outage()
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

    /// Completion tokens a second of an attempt; NaN when not measured yet.
    pub fn tokens_per_second(&self) -> f64 {
        self.tokens_per_second.get()
    }

    /// Seconds since the last attempt that ended well; NaN when there was none.
    pub fn sample_age(&self) -> f64 {
        match self.measured_at.load(Ordering::Relaxed) {
            0 => f64::NAN,
            at => milliseconds().saturating_sub(at) as f64 / 1e3,
        }
    }

    /// Share of recent attempts that failed by the upstream's fault; 0 when there were none.
    pub fn failure_rate(&self) -> f64 {
        let rate = self.failure_rate.get();
        if rate.is_nan() { 0.0 } else { rate }
    }

    /// Attempts begun in this minute of the clock.
    pub fn requests_this_minute(&self) -> u32 {
        self.minute.requests.read()
    }

    /// Tokens used in this minute of the clock.
    pub fn tokens_this_minute(&self) -> u32 {
        self.minute.tokens.read()
    }
}

/// Milliseconds since the first look, at least 1.
fn milliseconds() -> u64 {
    static FIRST: OnceLock<Instant> = OnceLock::new();
    let since = FIRST.get_or_init(Instant::now).elapsed();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX).saturating_add(1)
}

/// An attempt under way.
#[derive(Debug)]
pub struct InFlight {
    health: Arc<Health>,
    /// It is the one attempt that a cooldown ends with.
    is_probe: bool,
}

impl InFlight {
    pub fn is_probe(&self) -> bool {
        self.is_probe
    }

    /// The attempt was answered, if not to its end; whether the deployment comes back with it. `ramp`: to its full share.
    pub fn answered(&self, ramp: Duration) -> bool {
        self.health.cooldown.answered(self.is_probe, ramp)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.health.in_flight.fetch_sub(1, Ordering::Relaxed);
        if self.is_probe {
            self.health.cooldown.release_probe();
        }
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

/// What happened in the current minute of the clock, as LiteLLM counts.
#[derive(Debug, Default)]
struct Minute {
    requests: Count,
    tokens: Count,
    successes: Count,
    failures: Count,
}

/// A count of one minute: the minute's number in the upper half, the count in the lower.
#[derive(Debug, Default)]
struct Count(AtomicU64);

impl Count {
    fn add(&self, amount: u64) {
        self.add_in(minute(), amount);
    }

    fn read(&self) -> u32 {
        self.read_in(minute())
    }

    fn add_in(&self, minute: u64, amount: u64) {
        let update = |packed: u64| {
            let count = if packed >> 32 == minute {
                packed & u64::from(u32::MAX)
            } else {
                0
            };
            Some(minute << 32 | (count + amount).min(u64::from(u32::MAX)))
        };
        let _ = self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, update);
    }

    fn read_in(&self, minute: u64) -> u32 {
        let packed = self.0.load(Ordering::Relaxed);
        if packed >> 32 == minute {
            u32::try_from(packed & u64::from(u32::MAX)).unwrap_or(u32::MAX)
        } else {
            0
        }
    }
}

fn minute() -> u64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |since| since.as_secs() / 60)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn took(seconds: u64) -> Success {
        Success {
            whole: Duration::from_secs(seconds),
            first_token: None,
            completion_tokens: 0,
        }
    }

    #[test]
    fn what_is_under_way_is_counted_until_it_is_dropped() {
        let health = Arc::new(Health::default());
        let attempt = health.begin();
        assert_eq!((health.in_flight(), health.requests_this_minute()), (1, 1));
        drop(attempt);
        assert_eq!((health.in_flight(), health.requests_this_minute()), (0, 1));
    }

    fn limited() -> Failure<'static> {
        Failure {
            kind: super::super::FailureKind::RateLimit,
            retry_after: None,
            message: "slow down",
            is_alone: false,
            has_fallbacks: false,
        }
    }

    /// A deployment whose cooldown of five seconds is over, and its probe.
    async fn probed(rules: &Cooldowns) -> (Arc<Health>, InFlight) {
        let health = Arc::new(Health::default());
        health.failed(&limited(), false, Own::default(), rules).unwrap();
        tokio::time::advance(rules.time).await;
        let probe = health.begin();
        assert!(probe.is_probe());
        (health, probe)
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_ends_leaves_what_it_found_out() {
        let rules = Cooldowns {
            disabled: false,
            time: Duration::from_secs(5),
            allowed_fails: None,
            policy: std::collections::BTreeMap::new(),
            breaker: None,
            ramp: Duration::from_secs(10),
            refuse_when_all_are_out: false,
        };
        let (health, probe) = probed(&rules).await;
        health.failed(&limited(), probe.is_probe(), Own::default(), &rules);
        drop(probe);
        assert_eq!(health.standing(), Standing::Out(rules.time));

        let (health, probe) = probed(&rules).await;
        assert!(probe.answered(rules.ramp));
        drop(probe);
        assert_eq!(health.standing(), Standing::Ramping(0.0));

        let (health, probe) = probed(&rules).await;
        drop(probe);
        assert_eq!(health.standing(), Standing::DueForProbe, "nobody has an answer");
    }

    #[test]
    fn averages_begin_unknown_and_follow_slowly() {
        let health = Health::default();
        assert!(health.latency_seconds().is_nan() && health.sample_age().is_nan() && health.failure_rate() == 0.0);
        health.succeeded(took(1));
        health.succeeded(took(2));
        assert!((health.latency_seconds() - 1.1).abs() < 1e-9);
        assert!(health.sample_age() >= 0.0);
    }

    #[test]
    fn a_new_minute_begins_at_nothing() {
        let count = Count::default();
        count.add_in(7, 3);
        count.add_in(7, 2);
        assert_eq!((count.read_in(7), count.read_in(8)), (5, 0));
        count.add_in(8, 1);
        assert_eq!(count.read_in(8), 1);
    }
}
