//! The health of a deployment: statistics for strategies and metrics, and the basis of cooldowns.
//!
//! It is kept by deployment id over reloads. The numbers are approximate by design: every worker updates them without
//! locks, and a lost update changes an average by one sample.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::time::Duration;

use super::cooldown::{Cooldown, Failure, Outage, Own, Probe, Standing, Tally};
use super::health_check::HealthCheck;
use crate::config::settings::Cooldowns;
use crate::moment::Moment;

/// Weight of a new sample in the moving averages: they cover the last twenty samples or so.
const SAMPLE_WEIGHT: f64 = 0.1;

/// The failure rate falls by half in this time, if there are no attempts.
const FAILURE_HALF_LIFE: Duration = Duration::from_secs(60);

/// The state of one deployment.
#[derive(Debug)]
pub struct Health {
    in_flight: AtomicU32,
    latency_seconds: Average,
    first_token_seconds: Average,
    tokens_per_second: Average,
    failure_rate: Average,
    minute: Minute,
    /// Time of the last success in milliseconds since the Unix epoch; 0 before the first.
    measured_at: AtomicU64,
    /// The same for the last attempt that succeeded, or failed by the upstream's fault.
    ended_at: AtomicU64,
    cooldown: Cooldown,
    /// The gateway's own health checks. They do not change the numbers above.
    pub health_check: HealthCheck,
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
            ended_at: AtomicU64::new(0),
            cooldown: Cooldown::default(),
            health_check: HealthCheck::default(),
        }
    }
}

/// The measurements of an attempt that succeeded.
#[derive(Debug, Clone, Copy)]
pub struct Success {
    /// Time to the last byte.
    pub whole: Duration,
    /// Time to the first content of a stream.
    pub first_token: Option<Duration>,
    /// As counted by the upstream; 0 if it did not report them.
    pub completion_tokens: u64,
}

impl Health {
    /// An attempt begins. It is in progress until the guard is dropped. If a probe is due, this attempt is the probe.
    pub fn begin(self: &Arc<Self>, now: Moment) -> InFlight {
        self.in_flight.fetch_add(1, Ordering::Relaxed);
        self.minute.requests.add(1, now);
        InFlight {
            probe: self.cooldown.claim_probe(now),
            health: Arc::clone(self),
        }
    }

    /// An attempt succeeded.
    pub fn succeeded(&self, success: Success, now: Moment) {
        let seconds = success.whole.as_secs_f64();
        self.latency_seconds.add(seconds);
        if let Some(first_token) = success.first_token {
            self.first_token_seconds.add(first_token.as_secs_f64());
        }
        if success.completion_tokens > 0 && seconds > 0.0 {
            self.tokens_per_second.add(success.completion_tokens as f64 / seconds);
        }
        self.ended(0.0, now);
        self.minute.successes.add(1, now);
        self.measured_at.store(now.millis(), Ordering::Relaxed);
        self.cooldown.succeeded();
    }

    /// An attempt failed by the upstream's fault. Returns the cooldown that begins with it, if any.
    pub fn failed(
        &self,
        failure: &Failure<'_>,
        probe: Option<Probe>,
        own: Own,
        rules: &Cooldowns,
        now: Moment,
    ) -> Option<Outage> {
        self.ended(1.0, now);
        self.minute.failures.add(1, now);
        let tally = Tally {
            successes: self.minute.successes.read(now),
            failures: self.minute.failures.read(now),
        };
        self.cooldown.failed(failure, probe, tally, own, rules, now)
    }

    fn ended(&self, failed: f64, now: Moment) {
        if !self.failure_rate.get().is_nan() {
            self.failure_rate.set(self.failure_rate(now));
        }
        self.failure_rate.add(failed);
        self.ended_at.store(now.millis(), Ordering::Relaxed);
    }

    /// Adds the tokens that an exchange used at this deployment.
    pub fn used(&self, tokens: u64, now: Moment) {
        self.minute.tokens.add(tokens, now);
    }

    /// Whether the deployment may be tried.
    pub fn standing(&self, now: Moment) -> Standing {
        self.cooldown.standing(now)
    }

    /// The cooldown in which the deployment is, if any.
    pub fn outage(&self) -> Option<Outage> {
        self.cooldown.outage()
    }

    /// Attempts in progress.
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

    /// Whether there was a health check within this time, or an attempt that succeeded or failed by the upstream's
    /// fault.
    pub fn was_heard_within(&self, age: Duration, now: Moment) -> bool {
        let ended = Duration::from_millis(self.ended_at.load(Ordering::Relaxed));
        let attempted = !ended.is_zero() && now.since(Moment::after_epoch(ended)) <= age;
        attempted
            || self
                .health_check
                .last()
                .is_some_and(|finding| now.since(finding.at) <= age)
    }

    /// Completion tokens per second of an attempt; NaN when not measured yet.
    pub fn tokens_per_second(&self) -> f64 {
        self.tokens_per_second.get()
    }

    /// Seconds since the last attempt that succeeded; NaN when there was none.
    pub fn sample_age(&self, now: Moment) -> f64 {
        age(&self.measured_at, now)
    }

    /// Share of recent attempts that failed by the upstream's fault; 0 when there were none. It falls towards 0 while
    /// there are no attempts.
    pub fn failure_rate(&self, now: Moment) -> f64 {
        match self.failure_rate.get() {
            rate if rate > 0.0 => rate * (-age(&self.ended_at, now) / FAILURE_HALF_LIFE.as_secs_f64()).exp2(),
            _ => 0.0,
        }
    }

    /// Attempts that began in this minute of the clock.
    pub fn requests_this_minute(&self, now: Moment) -> u32 {
        self.minute.requests.read(now)
    }

    /// Tokens used in this minute of the clock.
    pub fn tokens_this_minute(&self, now: Moment) -> u32 {
        self.minute.tokens.read(now)
    }
}

/// Seconds since this time; NaN if it is 0, which means never.
fn age(at: &AtomicU64, now: Moment) -> f64 {
    match at.load(Ordering::Relaxed) {
        0 => f64::NAN,
        at => now.millis().saturating_sub(at) as f64 / 1e3,
    }
}

/// An attempt in progress.
#[derive(Debug)]
pub struct InFlight {
    health: Arc<Health>,
    /// If the attempt is the probe at the end of a cooldown.
    probe: Option<Probe>,
}

impl InFlight {
    pub fn probe(&self) -> Option<Probe> {
        self.probe
    }

    /// The attempt was answered, possibly not completely yet. Returns whether the deployment returns to service with
    /// it. `ramp` is the time until it gets its full share.
    pub fn answered(&self, ramp: Duration, now: Moment) -> bool {
        self.health.cooldown.answered(self.probe, ramp, now)
    }
}

impl Drop for InFlight {
    fn drop(&mut self) {
        self.health.in_flight.fetch_sub(1, Ordering::Relaxed);
        if let Some(probe) = self.probe {
            self.health.cooldown.release_probe(probe);
        }
    }
}

/// An exponentially weighted moving average: the bits of an `f64`.
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
        self.set(after);
    }

    fn set(&self, average: f64) {
        self.0.store(average.to_bits(), Ordering::Relaxed);
    }

    fn get(&self) -> f64 {
        f64::from_bits(self.0.load(Ordering::Relaxed))
    }
}

/// Counts of the current minute of the clock, as LiteLLM counts.
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
    fn add(&self, amount: u64, now: Moment) {
        let minute = now.minute();
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

    fn read(&self, now: Moment) -> u32 {
        let packed = self.0.load(Ordering::Relaxed);
        if packed >> 32 == now.minute() {
            u32::try_from(packed & u64::from(u32::MAX)).unwrap_or(u32::MAX)
        } else {
            0
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A time on some day, with this number of seconds.
    fn at(seconds: u64) -> Moment {
        Moment::after_epoch(Duration::from_secs(86_400 + seconds))
    }

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
        let attempt = health.begin(at(0));
        assert_eq!((health.in_flight(), health.requests_this_minute(at(0))), (1, 1));
        drop(attempt);
        assert_eq!((health.in_flight(), health.requests_this_minute(at(0))), (0, 1));
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

    fn rules() -> Cooldowns {
        Cooldowns {
            disabled: false,
            time: Duration::from_secs(5),
            allowed_fails: None,
            policy: std::collections::BTreeMap::new(),
            breaker: None,
            ramp: Duration::from_secs(10),
            refuse_when_all_are_out: false,
        }
    }

    /// A deployment whose cooldown of five seconds is over after five, and its probe.
    fn probed() -> (Arc<Health>, InFlight) {
        let health = Arc::new(Health::default());
        health
            .failed(&limited(), None, Own::default(), &rules(), at(0))
            .unwrap();
        let probe = health.begin(at(5));
        assert!(probe.probe().is_some());
        (health, probe)
    }

    #[test]
    fn a_probe_that_ends_leaves_what_it_found_out() {
        let rules = rules();
        let (health, probe) = probed();
        health.failed(&limited(), probe.probe(), Own::default(), &rules, at(5));
        drop(probe);
        assert_eq!(health.standing(at(5)), Standing::Out(rules.time));

        let (health, probe) = probed();
        assert!(probe.answered(rules.ramp, at(5)));
        drop(probe);
        assert_eq!(health.standing(at(5)), Standing::Ramping(0.0));

        let (health, probe) = probed();
        drop(probe);
        assert_eq!(health.standing(at(5)), Standing::DueForProbe, "nobody has an answer");
    }

    #[test]
    fn averages_begin_unknown_and_follow_slowly() {
        let health = Health::default();
        assert!(health.latency_seconds().is_nan() && health.sample_age(at(0)).is_nan());
        health.succeeded(took(1), at(0));
        health.succeeded(took(2), at(1));
        assert!((health.latency_seconds() - 1.1).abs() < 1e-9);
        assert!((health.sample_age(at(3)) - 2.0).abs() < 1e-9);
    }

    #[test]
    fn failures_are_forgotten_with_time() {
        let health = Health::default();
        assert!(health.failure_rate(at(0)) == 0.0);
        health.failed(&limited(), None, Own::default(), &rules(), at(0));
        assert!((health.failure_rate(at(0)) - 1.0).abs() < 1e-9);
        assert!((health.failure_rate(at(60)) - 0.5).abs() < 1e-9);
        health.succeeded(took(1), at(60));
        assert!((health.failure_rate(at(60)) - 0.45).abs() < 1e-9);
        assert!((health.failure_rate(at(120)) - 0.225).abs() < 1e-9);
    }

    #[test]
    fn a_new_minute_begins_at_nothing() {
        let count = Count::default();
        count.add(3, at(0));
        count.add(2, at(59));
        assert_eq!((count.read(at(59)), count.read(at(60))), (5, 0));
        count.add(1, at(60));
        assert_eq!(count.read(at(61)), 1);
    }
}
