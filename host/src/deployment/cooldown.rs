//! Cooldowns: when a deployment is taken out of service, and how it returns.
//!
//! The rules are LiteLLM's (<https://docs.litellm.ai/docs/routing#cooldowns>), together with a circuit breaker on
//! consecutive failures. A cooldown ends with one probe: a single exchange is sent to the deployment while others avoid
//! it. When the probe is answered, the deployment returns to service, first with a small share of the traffic.

use std::collections::HashMap;
use std::time::Duration;

use crate::config::settings::Cooldowns;
use crate::moment::Moment;
use crate::sync::{AtomicBool, AtomicU32, Mutex, Ordering};

/// The kind of an attempt's failure, as far as it concerns the deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The provider refuses the deployment's credential.
    Authentication,
    /// The model or the address does not exist.
    NotFound,
    RateLimit,
    Timeout,
    /// The provider failed, or could not be reached.
    InternalServer,
}

impl Kind {
    /// LiteLLM's name in its policies.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Authentication => "Authentication",
            Self::NotFound => "NotFound",
            Self::RateLimit => "RateLimit",
            Self::Timeout => "Timeout",
            Self::InternalServer => "InternalServer",
        }
    }

    /// Whether retries cannot succeed until someone corrects the deployment.
    fn is_lasting(self) -> bool {
        matches!(self, Self::Authentication | Self::NotFound)
    }
}

/// A failure, and the facts that the rules need.
#[derive(Debug, Clone, Copy)]
pub struct Failure<'a> {
    pub kind: Kind,
    /// The provider's `Retry-After`.
    pub retry_after: Option<Duration>,
    /// What went wrong, for people.
    pub message: &'a str,
    /// The group has no other deployment.
    pub is_alone: bool,
    /// The group has fallbacks.
    pub has_fallbacks: bool,
}

/// The number of this minute's attempts that have ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tally {
    pub successes: u32,
    pub failures: u32,
}

/// A deployment's own settings. They take precedence over the router's.
#[derive(Debug, Clone, Copy, Default)]
pub struct Own {
    pub time: Option<Duration>,
    pub allowed_fails: Option<u32>,
}

/// LiteLLM's default rule: a cooldown begins if more than half of this minute's attempts failed and there were at least
/// this many…
const FAILING_ATTEMPTS_MIN: u32 = 5;

/// … and, if there is no other deployment, if all of at least this many failed.
const ALONE_ATTEMPTS_MIN: u32 = 1_000;

/// A longer `Retry-After` is a mistake of the provider, or a quota that nobody waits for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// A cooldown, as `/health` and the log show it.
#[derive(Debug, Clone, PartialEq)]
pub struct Outage {
    pub kind: Kind,
    pub message: String,
    pub since: Moment,
    pub time: Duration,
    until: Moment,
}

impl Outage {
    /// The time until the probe.
    #[must_use]
    pub fn remaining(&self, now: Moment) -> Duration {
        self.until.since(now)
    }
}

/// Whether a deployment is in service.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Standing {
    In,
    /// It has returned to service and gets this share of the exchanges that it would get otherwise.
    Ramping(f64),
    /// Its cooldown is over, and it has not been tried yet.
    DueForProbe,
    /// It is out of service for this time. While its probe is in progress, it is out of service too.
    Out(Duration),
}

/// The right to be the one exchange that tries a deployment after its cooldown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probe(u32);

#[derive(Debug, Default)]
enum Phase {
    #[default]
    In,
    Out(Outage),
    /// The probe is in progress. An earlier one may be too, if a cooldown began while it was: it has no say any more.
    Probing(Outage, Probe),
    Ramping {
        since: Moment,
        length: Duration,
    },
}

/// The cooldown state of one deployment.
#[derive(Debug, Default)]
pub struct Cooldown {
    /// Whether the phase is anything other than [`Phase::In`]. Most exchanges look at this flag only.
    is_special: AtomicBool,
    /// Consecutive failures.
    in_a_row: AtomicU32,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    phase: Phase,
    /// The probes so far.
    probes: u32,
    /// Failures within the time of a cooldown: the time of the first one, and their number.
    counted: HashMap<Option<Kind>, (Moment, u32)>,
}

impl Cooldown {
    #[must_use]
    pub fn standing(&self, now: Moment) -> Standing {
        if !self.is_special.load(Ordering::Acquire) {
            return Standing::In;
        }
        let mut state = self.state.lock();
        match &state.phase {
            Phase::In => Standing::In,
            Phase::Out(outage) if outage.until <= now => Standing::DueForProbe,
            Phase::Out(outage) => Standing::Out(outage.remaining(now)),
            Phase::Probing(outage, _) => Standing::Out(outage.remaining(now)),
            Phase::Ramping { since, length } => {
                let share = now.since(*since).as_secs_f64() / length.as_secs_f64();
                if share < 1.0 {
                    return Standing::Ramping(share);
                }
                self.enter(&mut state, Phase::In);
                Standing::In
            }
        }
    }

    /// The cooldown in which the deployment is, if any.
    #[must_use]
    pub fn outage(&self) -> Option<Outage> {
        match &self.state.lock().phase {
            Phase::Out(outage) | Phase::Probing(outage, _) => Some(outage.clone()),
            Phase::In | Phase::Ramping { .. } => None,
        }
    }

    /// Takes the probe, if it is due and no other attempt has it.
    pub(super) fn claim_probe(&self, now: Moment) -> Option<Probe> {
        if !self.is_special.load(Ordering::Acquire) {
            return None;
        }
        let mut state = self.state.lock();
        let outage = match &state.phase {
            Phase::Out(outage) if outage.until <= now => outage.clone(),
            _ => return None,
        };
        state.probes = state.probes.wrapping_add(1);
        let probe = Probe(state.probes);
        state.phase = Phase::Probing(outage, probe);
        Some(probe)
    }

    /// The probe was given up without an answer: it is due again.
    pub(super) fn release_probe(&self, probe: Probe) {
        let mut state = self.state.lock();
        if let Phase::Probing(outage, present) = &state.phase
            && *present == probe
        {
            state.phase = Phase::Out(outage.clone());
        }
    }

    /// An attempt was answered. Returns whether the deployment returns to service with it.
    pub(super) fn answered(&self, probe: Option<Probe>, ramp: Duration, now: Moment) -> bool {
        if !self.is_special.load(Ordering::Acquire) {
            return false;
        }
        let mut state = self.state.lock();
        // An answer to an attempt from before the cooldown says nothing about the present state.
        if !state.is_probed_by(probe) {
            return false;
        }
        state.counted.clear();
        let phase = match ramp.is_zero() {
            true => Phase::In,
            false => Phase::Ramping {
                since: now,
                length: ramp,
            },
        };
        self.enter(&mut state, phase);
        true
    }

    /// An attempt succeeded completely.
    pub(super) fn succeeded(&self) {
        if self.in_a_row.load(Ordering::Relaxed) > 0 {
            self.in_a_row.store(0, Ordering::Relaxed);
        }
    }

    /// An attempt failed. Returns the cooldown that begins with it, if any.
    pub(super) fn failed(
        &self,
        failure: &Failure<'_>,
        probe: Option<Probe>,
        tally: Tally,
        own: Own,
        rules: &Cooldowns,
        now: Moment,
    ) -> Option<Outage> {
        let mut state = self.state.lock();
        let in_a_row = self.in_a_row.fetch_add(1, Ordering::Relaxed) + 1;
        let time = own
            .time
            .or(failure.retry_after.map(|wait| wait.min(RETRY_AFTER_MAX)))
            .unwrap_or(rules.time);
        let window = own.time.unwrap_or(rules.time);
        if rules.disabled || window.is_zero() {
            return None;
        }
        let paused = rules
            .breaker
            .filter(|breaker| in_a_row >= breaker.failures)
            .map(|breaker| breaker.pause);
        let failed_again = state.is_probed_by(probe);
        let is_out = failed_again || state.is_too_much(failure, tally, own, window, rules, now);
        let time = match (paused, is_out) {
            (Some(pause), _) => pause.max(time),
            (None, true) => time,
            (None, false) => return None,
        };
        let until = now + time;
        let outage = Outage {
            kind: failure.kind,
            message: failure.message.chars().take(300).collect(),
            since: now,
            time,
            until,
        };
        if let Phase::Out(earlier) = &mut state.phase {
            // The failures of attempts that were in progress when the cooldown began. A longer cooldown replaces a
            // shorter one, but only the first is returned, so that it is logged once.
            if earlier.until < until {
                *earlier = outage;
            }
            return None;
        }
        state.counted.clear();
        self.enter(&mut state, Phase::Out(outage.clone()));
        Some(outage)
    }

    fn enter(&self, state: &mut State, phase: Phase) {
        self.is_special.store(!matches!(phase, Phase::In), Ordering::Release);
        state.phase = phase;
    }
}

impl State {
    /// Whether this is the probe that decides.
    fn is_probed_by(&self, probe: Option<Probe>) -> bool {
        matches!(self.phase, Phase::Probing(_, present) if Some(present) == probe)
    }

    /// Whether a cooldown begins, by LiteLLM's rules.
    fn is_too_much(
        &mut self,
        failure: &Failure<'_>,
        tally: Tally,
        own: Own,
        window: Duration,
        rules: &Cooldowns,
        now: Moment,
    ) -> bool {
        if let Some(&allowed) = rules.policy.get(failure.kind.name()) {
            return self.count(Some(failure.kind), window, now) > allowed;
        }
        if failure.kind.is_lasting() {
            return true;
        }
        if let Some(allowed) = own.allowed_fails.or(rules.allowed_fails) {
            let count = self.count(None, window, now);
            return count > allowed && (failure.has_fallbacks || !failure.is_alone);
        }
        let Tally { successes, failures } = tally;
        let attempts = successes + failures;
        match failure.is_alone {
            true => successes == 0 && attempts >= ALONE_ATTEMPTS_MIN,
            false if failure.kind == Kind::RateLimit => true,
            false => attempts >= FAILING_ATTEMPTS_MIN && 2 * failures > attempts,
        }
    }

    /// Counts a failure and returns the number within the window, this one included.
    fn count(&mut self, kind: Option<Kind>, window: Duration, now: Moment) -> u32 {
        let (since, count) = self.counted.entry(kind).or_insert((now, 0));
        if now.since(*since) > window {
            (*since, *count) = (now, 0);
        }
        *count += 1;
        *count
    }
}

#[cfg(test)]
mod tests;
