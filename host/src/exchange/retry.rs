//! Whether a failed attempt is followed by another, and how long after. The rules are LiteLLM's
//! (<https://docs.litellm.ai/docs/proxy/reliability>).

use std::time::Duration;

use super::{Cause, Exchange, Refusal};
use crate::canonical::Canonical;
use crate::config::settings::ByKind;

/// Waits before the same deployments are tried again double from here…
const WAIT_FIRST: Duration = Duration::from_millis(500);

/// … to here.
const WAIT_MAX: Duration = Duration::from_secs(8);

/// A provider that wants to be left alone for longer is not waited for.
const RETRY_AFTER_MAX: Duration = Duration::from_secs(60);

/// A random part more, so that those who failed together do not come back together.
const JITTER: f64 = 0.75;

/// The retries of one model group.
pub struct Retries {
    /// As the request asks; 0 there means 0.
    asked: Option<u32>,
    /// Otherwise: the first deployment's over the router's.
    configured: u32,
}

impl Retries {
    /// `own`: of the deployment that is tried first.
    pub fn new(exchange: &Exchange, canonical: &Canonical, own: Option<u32>) -> Self {
        let field = canonical.field("num_retries").and_then(|field| field.json.parse().ok());
        let header = || canonical.header("x-litellm-num-retries")?.parse().ok();
        Self {
            asked: field.or_else(header),
            configured: own.unwrap_or(exchange.snapshot.settings.router.retries.count),
        }
    }

    /// Whether another attempt may follow, after `made` in this group.
    pub fn allow(&self, exchange: &Exchange, canonical: &Canonical, refusal: &Refusal, made: usize) -> bool {
        let settings = &exchange.snapshot.settings;
        let policy = &settings.router.retries;
        let by_kind = |policy: &ByKind| {
            let name = policy_name(refusal.cause)?;
            policy.get(name).or_else(|| policy.get("Default")).copied()
        };
        let own = policy.group_policies.get(canonical.group.as_ref()).and_then(by_kind);
        let policy = own.or_else(|| by_kind(&policy.policy));
        let (count, is_retryable) = match (self.asked, policy) {
            (Some(0), _) => (0, false),
            // A policy that names the kind of failure goes over what is retried by itself.
            (_, Some(count)) => (count, true),
            (asked, None) => (asked.unwrap_or(self.configured), refusal.cause.may_try_another()),
        };
        is_retryable
            && made <= count as usize
            && exchange.story.attempts.len() < settings.upstream.attempts_max as usize
    }

    /// How long to wait before the same deployments are tried once more; `None` when that has no use.
    pub fn wait(&self, exchange: &Exchange, refusal: &Refusal, made: usize) -> Option<Duration> {
        let asked = refusal.retry_after.unwrap_or_default();
        if asked > RETRY_AFTER_MAX {
            return None;
        }
        let doubled = WAIT_FIRST
            .saturating_mul(1 << made.saturating_sub(1).min(8))
            .min(WAIT_MAX);
        let wait_min = exchange.snapshot.settings.router.retries.wait_min;
        let wait = if asked.is_zero() { doubled } else { asked };
        Some(wait.max(wait_min) + WAIT_FIRST.mul_f64(JITTER * fastrand::f64()))
    }
}

/// LiteLLM's name in its policies.
fn policy_name(cause: Cause) -> Option<&'static str> {
    Some(match cause {
        Cause::BadRequest | Cause::ContextWindowExceeded | Cause::Unsupported => "BadRequest",
        Cause::ContentFiltered => "ContentPolicyViolation",
        Cause::UpstreamAuthentication | Cause::PermissionDenied => "Authentication",
        Cause::NotFound => "NotFound",
        Cause::Timeout => "Timeout",
        Cause::RateLimited => "RateLimit",
        Cause::Overloaded => "ServiceUnavailable",
        Cause::UpstreamError | Cause::Connection | Cause::Internal => "InternalServer",
        _ => return None,
    })
}
