//! The result of a deployment's last health check, and its effect on routing.
//!
//! [`crate::gateway::health_checks`] runs the checks, and `exchange::health_check` defines how. This module only stores the last
//! result and decides whether exchanges should avoid the deployment.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use crate::config::settings::HealthChecks;
use crate::moment::Moment;

/// The last health check of one deployment.
#[derive(Debug, Default)]
pub struct HealthCheck {
    /// Whether the last check failed. Most exchanges look at this flag only.
    is_failed: AtomicBool,
    last: Mutex<Option<Finding>>,
}

/// The result of a health check.
#[derive(Debug, Clone, PartialEq)]
pub struct Finding {
    /// When the request was sent.
    pub begun: Moment,
    /// When the answer was complete, or the check was given up.
    pub at: Moment,
    /// Why the check failed; `None` if it passed.
    pub failure: Option<CheckFailure>,
}

/// Why a health check failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckFailure {
    /// The HTTP status that a client would have got.
    pub status: u16,
    /// LiteLLM's name for the error, such as `RateLimitError`.
    pub class: &'static str,
    /// Message for people, without credentials.
    pub message: String,
}

/// How a result differs from the previous one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It passes as before, or fails as before.
    None,
    Fails,
    /// It passes after a failure.
    PassesAgain,
}

impl Finding {
    #[must_use]
    pub fn took(&self) -> Duration {
        self.at.since(self.begun)
    }
}

impl CheckFailure {
    /// Whether the deployment is busy rather than broken.
    fn is_transient(&self) -> bool {
        matches!(self.status, 408 | 429)
    }
}

impl HealthCheck {
    /// Stores a result.
    pub fn found(&self, finding: Finding) -> Change {
        let is_failed = finding.failure.is_some();
        let mut last = self.last.lock();
        let had_failed = self.is_failed.swap(is_failed, Ordering::Release);
        *last = Some(finding);
        match (had_failed, is_failed) {
            (false, true) => Change::Fails,
            (true, false) => Change::PassesAgain,
            _ => Change::None,
        }
    }

    /// The last result; `None` before the first check.
    pub fn last(&self) -> Option<Finding> {
        self.last.lock().clone()
    }

    /// When the next check is due; `None` before the first check, which is due at once.
    pub fn due(&self, interval: Duration) -> Option<Moment> {
        Some(self.last.lock().as_ref()?.begun + interval)
    }

    pub fn is_failed(&self) -> bool {
        self.is_failed.load(Ordering::Acquire)
    }

    /// Whether exchanges should use other deployments.
    pub fn speaks_against(&self, rules: &HealthChecks, now: Moment) -> bool {
        if !rules.are_on || !rules.route || !self.is_failed() {
            return false;
        }
        let last = self.last.lock();
        let Some(Finding {
            at,
            failure: Some(failure),
            ..
        }) = last.as_ref()
        else {
            return false;
        };
        let counts = !(rules.ignore_transient && failure.is_transient());
        counts && now.since(*at) < rules.staleness
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules() -> HealthChecks {
        HealthChecks {
            max_age: None,
            are_on: true,
            interval: Duration::from_secs(30),
            concurrency: 8,
            show_details: true,
            groups: None,
            route: true,
            staleness: Duration::from_secs(60),
            ignore_transient: false,
        }
    }

    /// A time on some day, with this number of seconds.
    fn at(seconds: u64) -> Moment {
        Moment::after_epoch(Duration::from_secs(86_400 + seconds))
    }

    fn finding(status: Option<u16>) -> Finding {
        Finding {
            begun: at(0),
            at: at(0),
            failure: status.map(|status| CheckFailure {
                status,
                class: "InternalServerError",
                message: "oops".into(),
            }),
        }
    }

    #[test]
    fn only_changes_are_told() {
        let health_check = HealthCheck::default();
        let changes = [None, Some(500), Some(401), None, None].map(|status| health_check.found(finding(status)));
        let (same, fails) = (Change::None, Change::Fails);
        assert_eq!(changes, [same, fails, same, Change::PassesAgain, same]);
    }

    #[test]
    fn a_failure_counts_until_it_is_stale() {
        let (health_check, rules) = (HealthCheck::default(), rules());
        assert!(!health_check.speaks_against(&rules, at(0)), "nothing is known");
        health_check.found(finding(Some(500)));
        assert!(health_check.speaks_against(&rules, at(59)));
        assert!(!health_check.speaks_against(&rules, at(60)));
        health_check.found(finding(Some(500)));
        health_check.found(finding(None));
        assert!(!health_check.speaks_against(&rules, at(0)), "it passes again");
    }

    #[test]
    fn what_counts_is_the_operators_choice() {
        let health_check = HealthCheck::default();
        health_check.found(finding(Some(429)));
        let against = |rules: &HealthChecks| health_check.speaks_against(rules, at(0));
        let rules = rules();
        assert!(against(&rules));
        assert!(!against(&HealthChecks {
            ignore_transient: true,
            ..rules.clone()
        }));
        assert!(!against(&HealthChecks {
            route: false,
            ..rules.clone()
        }));
        assert!(!against(&HealthChecks { are_on: false, ..rules }));
    }

    #[test]
    fn the_next_is_due_an_interval_after_the_last_began() {
        let health_check = HealthCheck::default();
        let interval = Duration::from_secs(30);
        assert_eq!(health_check.due(interval), None);
        health_check.found(finding(None));
        assert_eq!(health_check.due(interval), Some(at(0) + interval));
    }
}
