//! One deployment, played.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;

use super::scenario::{Arrival, Behaviour, Trouble};
use crate::deployment::{CheckFailure, Deployment, Finding, Success};
use crate::exchange::{Cause, Refusal};
use crate::moment::Moment;

/// How long a provider takes to say no.
const ERROR_AFTER: Duration = Duration::from_millis(60);
const REFUSED_AFTER: Duration = Duration::from_millis(1);
const LIMITED_AFTER: Duration = Duration::from_millis(20);

/// How much longer answers take while a deployment warms up.
const COLD: f64 = 3.0;

/// A deployment and the provider behind it.
pub struct Site {
    pub deployment: Arc<Deployment>,
    behaviour: Behaviour,
    /// Its minute, as the provider counts: which, requests, tokens.
    minute: (u64, u32, u32),
    /// Seconds that the attempts took in all that it answered.
    pub busy_s: f64,
}

/// What an attempt comes to, and after which time.
pub struct Outcome {
    pub after: Duration,
    pub result: Result<Success, Refusal>,
}

impl Site {
    pub fn new(deployment: Arc<Deployment>, behaviours: &[Behaviour]) -> Self {
        let behaviour = behaviours
            .iter()
            .find(|behaviour| behaviour.fits(&deployment.settings.id));
        Self {
            behaviour: behaviour.cloned().unwrap_or_default(),
            deployment,
            minute: (0, 0, 0),
            busy_s: 0.0,
        }
    }

    pub fn capacity(&self) -> u32 {
        self.behaviour.capacity
    }

    /// One attempt that begins now, `elapsed` seconds after the beginning; it is among those in flight already. It takes no
    /// longer than `limit`.
    pub fn attempt(
        &mut self,
        asked: &Arrival,
        elapsed: f64,
        now: Moment,
        limit: Duration,
        random: &mut Rng,
    ) -> Outcome {
        let in_flight = self.deployment.health.in_flight();
        if let Some(trouble) = self.outage(elapsed) {
            return failed(trouble, limit);
        }
        if let Some(wait) = self.over_limit(asked, now) {
            return trip(LIMITED_AFTER, Cause::RateLimited, Some(wait));
        }
        let refuses_at = self.behaviour.refuses_at.unwrap_or(4 * self.behaviour.capacity);
        if in_flight > refuses_at {
            return trip(LIMITED_AFTER, Cause::Overloaded, None);
        }
        if random.f64() < self.behaviour.failures {
            return failed(Trouble::Error, limit);
        }
        let crowd = (f64::from(in_flight) / f64::from(self.behaviour.capacity)).max(1.0);
        let slow = crowd * if self.is_cold(elapsed) { COLD } else { 1.0 };
        let first = self.behaviour.first_token_ms.draw(random) / 1e3 * slow;
        let rest = f64::from(asked.completion_tokens) / self.behaviour.tokens_per_second * slow;
        let (first, whole) = (seconds(first), seconds(first + rest));
        // A stream must have shown its first token by then, another answer be there.
        if (if asked.is_streaming { first } else { whole }) > limit {
            return trip(limit, Cause::Timeout, None);
        }
        self.busy_s += whole.as_secs_f64();
        Outcome {
            after: whole,
            result: Ok(Success {
                whole,
                first_token: asked.is_streaming.then_some(first),
                completion_tokens: asked.completion_tokens.into(),
            }),
        }
    }

    /// A health check, whose answer is there at once.
    pub fn check_up(&self, elapsed: f64, now: Moment) -> Finding {
        let failure = self.outage(elapsed).map(|trouble| failed(trouble, Duration::ZERO));
        let refusal = failure.and_then(|outcome| outcome.result.err());
        Finding {
            begun: now,
            at: now,
            failure: refusal.map(|refusal| CheckFailure {
                status: refusal.cause.status(),
                class: refusal.cause.class(),
                message: refusal.message,
            }),
        }
    }

    fn outage(&self, elapsed: f64) -> Option<Trouble> {
        let mut outages = self.behaviour.outages.iter();
        let now = outages.find(|outage| (outage.from_s..outage.from_s + outage.for_s).contains(&elapsed));
        now.map(|outage| outage.kind)
    }

    fn is_cold(&self, elapsed: f64) -> bool {
        let ends = self.behaviour.outages.iter().map(|outage| outage.from_s + outage.for_s);
        let warm_up = self.behaviour.warm_up_s;
        std::iter::once(0.0)
            .chain(ends)
            .any(|end| (end..end + warm_up).contains(&elapsed))
    }

    /// The provider counts requests and tokens by the minute; until when, where the limit is reached.
    fn over_limit(&mut self, asked: &Arrival, now: Moment) -> Option<Duration> {
        let minute = now.minute();
        if self.minute.0 != minute {
            self.minute = (minute, 0, 0);
        }
        let tokens = asked.prompt_tokens.saturating_add(asked.completion_tokens);
        let (_, requests, used) = &mut self.minute;
        let settings = &self.deployment.settings;
        if settings.rpm.is_some_and(|most| *requests >= most)
            || settings.tpm.is_some_and(|most| used.saturating_add(tokens) > most)
        {
            let next = Duration::from_secs((minute + 1) * 60);
            return Some(next.saturating_sub(now.since_epoch()).max(Duration::from_millis(1)));
        }
        *requests += 1;
        *used = used.saturating_add(tokens);
        None
    }
}

fn failed(trouble: Trouble, limit: Duration) -> Outcome {
    match trouble {
        Trouble::Error => trip(ERROR_AFTER, Cause::UpstreamError, None),
        Trouble::Refused => trip(REFUSED_AFTER, Cause::Connection, None),
        Trouble::Hang => trip(limit, Cause::Timeout, None),
        Trouble::RateLimit => trip(LIMITED_AFTER, Cause::RateLimited, None),
    }
}

fn trip(after: Duration, cause: Cause, retry_after: Option<Duration>) -> Outcome {
    let refusal = Refusal {
        retry_after,
        ..Refusal::new(cause, "simulated")
    };
    Outcome {
        after,
        result: Err(refusal),
    }
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
