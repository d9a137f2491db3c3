//! The attempts at one model group: which deployment is next, and what follows a failure.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::GroupNames;
use super::retry::Retries;
use crate::deployment::{Candidate, Deployment, Standing};
use crate::exchange::refusal::{Cause, Refusal};
use crate::moment::Moment;

/// Candidates, best first.
pub type Ranked = VecDeque<Candidate>;

/// Candidates without an order come last.
pub fn order(candidate: &Candidate) -> u32 {
    candidate.deployment.settings.order.unwrap_or(u32::MAX)
}

/// The attempts at one group in one exchange.
pub struct Attempts<'a> {
    retries: Retries<'a>,
    ranked: Ranked,
    excluded: Vec<Arc<Deployment>>,
    /// Attempts since the ranking, or since the first deployment of this `order`.
    made: usize,
}

/// What is known of an exchange when an attempt has failed.
pub struct Facts<'a> {
    pub names: GroupNames<'a>,
    /// Whether the exchange may make another attempt at all.
    pub has_attempts_left: bool,
    /// Whether the group has fallbacks.
    pub has_fallbacks: bool,
    /// From 0 to 1, for the wait.
    pub random: f64,
}

/// What follows a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    TryNext,
    /// All have failed. After a wait the same ones may answer: they are ranked again.
    RankAgain(Duration),
    GiveUp,
}

impl<'a> Attempts<'a> {
    /// The deployments in `without` are not tried.
    pub fn new(retries: Retries<'a>, ranked: Ranked, without: &[Arc<Deployment>]) -> Self {
        Self {
            retries,
            ranked,
            excluded: without.to_vec(),
            made: 0,
        }
    }

    /// Deployments that are not tried again in this exchange.
    pub fn excluded(&self) -> &[Arc<Deployment>] {
        &self.excluded
    }

    /// The candidates after [`Then::RankAgain`].
    pub fn rank_again(&mut self, ranked: Ranked) {
        self.ranked = ranked;
    }

    /// The next candidate. One whose cooldown began after the ranking comes after the others.
    pub fn next(&mut self, now: Moment) -> Option<Candidate> {
        let is_in = |candidate: &Candidate| !matches!(candidate.deployment.health.standing(now), Standing::Out(_));
        let at = self.ranked.iter().position(is_in).unwrap_or(0);
        let next = self.ranked.remove(at)?;
        self.made += 1;
        Some(next)
    }

    /// What follows the failure of a candidate.
    pub fn failed(&mut self, candidate: Candidate, refusal: &Refusal, facts: &Facts) -> Then {
        let cause = refusal.cause;
        if cause == Cause::Unsupported {
            // The deployment does not support the request: this does not count as an attempt.
            self.made -= 1;
        } else if !facts.has_attempts_left {
            return Then::GiveUp;
        } else if !self.retries.allow(facts.names, cause, self.made) {
            // Deployments of a later `order` exist for the case that the earlier ones fail: they are tried even if no
            // retries are left.
            self.ranked.retain(|one| order(one) > order(&candidate));
            if self.ranked.is_empty() || !cause.may_try_another() {
                return Then::GiveUp;
            }
            self.made = 0;
        }
        if !cause.may_try_again() {
            self.excluded.push(candidate.deployment);
        }
        if !self.ranked.is_empty() {
            return Then::TryNext;
        }
        let wait = self.retries.wait(refusal.retry_after, self.made, facts.random);
        // Fallbacks can take over a rate-limited request at once.
        let goes_elsewhere = cause == Cause::RateLimited && facts.has_fallbacks;
        match wait {
            Some(wait) if !goes_elsewhere => Then::RankAgain(wait),
            _ => Then::GiveUp,
        }
    }
}
