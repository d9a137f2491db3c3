//! Whether another attempt follows a failed one, and after which wait. The rules are LiteLLM's
//! (<https://docs.litellm.ai/docs/proxy/reliability>).

use std::time::Duration;

use super::{Exchange, Refusal};
use crate::canonical::Canonical;
use crate::config::settings::ByKind;

/// The first wait before the same deployments are tried again. The wait doubles with each attempt …
const WAIT_FIRST: Duration = Duration::from_millis(500);

/// … up to this.
const WAIT_MAX: Duration = Duration::from_secs(8);

/// If a provider's `Retry-After` is longer, the gateway does not wait for it.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// A random wait of up to this share of [`WAIT_FIRST`] is added, so that requests that failed together are not repeated
/// together.
const JITTER: f64 = 0.75;

/// The retries of one model group.
pub struct Retries {
    /// `num_retries` of the request; 0 disables retries, whatever a policy says.
    asked: Option<u32>,
    /// Otherwise: `num_retries` of the first deployment, else the router's.
    configured: u32,
    /// Number of waits so far.
    waits: usize,
}

impl Retries {
    /// `own`: `num_retries` of the deployment that is tried first.
    pub fn new(exchange: &Exchange, canonical: &Canonical, own: Option<u32>) -> Self {
        let field = canonical.field("num_retries").and_then(|field| field.json.parse().ok());
        let header = || canonical.header("x-litellm-num-retries")?.parse().ok();
        Self {
            asked: field.or_else(header),
            configured: own.unwrap_or(exchange.snapshot.settings.router.retries.count),
            waits: 0,
        }
    }

    /// Whether another attempt may follow, after `made` attempts in this group.
    pub fn allow(&self, exchange: &Exchange, canonical: &Canonical, refusal: &Refusal, made: usize) -> bool {
        let settings = &exchange.snapshot.settings;
        let policy = &settings.router.retries;
        let by_kind = |policy: &ByKind| {
            let name = Some(refusal.cause.row().policy).filter(|name| !name.is_empty())?;
            policy.get(name).or_else(|| policy.get("Default")).copied()
        };
        let own = exchange.of_group(canonical, |group| policy.group_policies.get(group).and_then(by_kind));
        let policy = own.or_else(|| by_kind(&policy.policy));
        let (count, is_retryable) = match (self.asked, policy) {
            (Some(0), _) => (0, false),
            // A policy that names the kind of failure takes precedence over whether the cause allows another attempt.
            (_, Some(count)) => (count, true),
            (asked, None) => (asked.unwrap_or(self.configured), refusal.cause.may_try_another()),
        };
        is_retryable && made <= count as usize && self.has_attempts_left(exchange)
    }

    /// Whether the exchange may make another attempt at all.
    pub fn has_attempts_left(&self, exchange: &Exchange) -> bool {
        exchange.story.attempts.len() < exchange.snapshot.settings.upstream.attempts_max as usize
    }

    /// How long to wait before the same deployments are tried again, after `made` attempts; `None` if the provider asks
    /// for too long a wait.
    pub fn wait(&mut self, exchange: &Exchange, refusal: &Refusal, made: usize) -> Option<Duration> {
        let asked = refusal.retry_after.unwrap_or_default();
        if asked > RETRY_AFTER_MAX {
            return None;
        }
        let settings = &exchange.snapshot.settings.router.retries;
        let wait = match (asked.is_zero(), listed(&settings.waits, self.waits)) {
            (false, _) => asked,
            (true, Some(listed)) => listed,
            (true, None) => doubled(made),
        };
        self.waits += 1;
        Some(wait.max(settings.wait_min) + WAIT_FIRST.mul_f64(JITTER * fastrand::f64()))
    }
}

/// The configured wait after `before` others; the last one applies to all that follow.
fn listed(waits: &[Duration], before: usize) -> Option<Duration> {
    waits.get(before).or(waits.last()).copied()
}

/// The wait after `made` attempts, if no waits are configured.
fn doubled(made: usize) -> Duration {
    let doubled = WAIT_FIRST.saturating_mul(1 << made.saturating_sub(1).min(8));
    doubled.min(WAIT_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_are_those_of_the_list_and_then_its_last() {
        let waits = [1, 2, 4].map(Duration::from_secs);
        let taken = [0, 1, 2, 3, 9].map(|before| listed(&waits, before).unwrap().as_secs());
        assert_eq!(taken, [1, 2, 4, 4, 4]);
        assert_eq!(listed(&[], 0), None);
    }

    #[test]
    fn without_a_list_they_double_up_to_a_bound() {
        let taken = [1, 2, 3, 5, 6, 100].map(|made| doubled(made).as_millis());
        assert_eq!(taken, [500, 1000, 2000, 8000, 8000, 8000]);
    }
}
