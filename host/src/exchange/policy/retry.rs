//! Whether another attempt follows a failed one, and after which wait. The rules are LiteLLM's
//! (<https://docs.litellm.ai/docs/proxy/reliability>).

use std::time::Duration;

use super::GroupNames;
use crate::config::settings::{self, ByKind};
use crate::exchange::refusal::Cause;

/// The first wait before the same deployments are tried again. The wait doubles with each attempt …
const WAIT_FIRST: Duration = Duration::from_millis(500);

/// … up to this.
const WAIT_MAX: Duration = Duration::from_secs(8);

/// If a provider's `Retry-After` is longer, the gateway does not wait for it.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// A random wait of up to this share of [`WAIT_FIRST`] is added, so that requests that failed together are not repeated
/// together.
const JITTER: f64 = 0.75;

/// The retries of one model group in one exchange.
pub struct Retries<'a> {
    settings: &'a settings::Retries,
    /// `num_retries` of the request; 0 disables retries, whatever a policy says.
    asked: Option<u32>,
    /// Otherwise: `num_retries` of the deployment that is tried first, else the router's.
    configured: u32,
    /// Number of waits so far.
    waits: usize,
}

impl<'a> Retries<'a> {
    /// `asked`: `num_retries` of the request; `own`: of the deployment that is tried first.
    pub fn new(settings: &'a settings::Retries, asked: Option<u32>, own: Option<u32>) -> Self {
        Self {
            settings,
            asked,
            configured: own.unwrap_or(settings.count),
            waits: 0,
        }
    }

    /// Whether another attempt may follow a failure, after `made` attempts in this group.
    pub fn allow(&self, names: GroupNames, cause: Cause, made: usize) -> bool {
        let by_kind = |policy: &ByKind| {
            let name = Some(cause.row().policy).filter(|name| !name.is_empty())?;
            policy.get(name).or_else(|| policy.get("Default")).copied()
        };
        let own = names.find(|group| self.settings.group_policies.get(group).and_then(by_kind));
        let policy = own.or_else(|| by_kind(&self.settings.policy));
        let (count, is_retryable) = match (self.asked, policy) {
            (Some(0), _) => (0, false),
            // A policy that names the kind of failure takes precedence over whether the cause allows another attempt.
            (_, Some(count)) => (count, true),
            (asked, None) => (asked.unwrap_or(self.configured), cause.may_try_another()),
        };
        is_retryable && made <= count as usize
    }

    /// How long to wait before the same deployments are tried again, after `made` attempts; `None` if the provider asks
    /// for too long a wait. `random` is from 0 to 1.
    pub fn wait(&mut self, retry_after: Option<Duration>, made: usize, random: f64) -> Option<Duration> {
        let asked = retry_after.unwrap_or_default();
        if asked > RETRY_AFTER_MAX {
            return None;
        }
        let wait = match (asked.is_zero(), listed(&self.settings.waits, self.waits)) {
            (false, _) => asked,
            (true, Some(listed)) => listed,
            (true, None) => doubled(made),
        };
        self.waits += 1;
        Some(wait.max(self.settings.wait_min) + WAIT_FIRST.mul_f64(JITTER * random))
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
