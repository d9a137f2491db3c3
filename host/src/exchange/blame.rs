//! Applies the outcome of an attempt to its deployment, and logs what follows. [`policy::blame`] says what counts.

use std::time::Duration;

use super::policy::{self, time_limits};
use super::refusal::Refusal;
use super::state::Exchange;
use crate::deployment::{Candidate, Deployment, Failure, FailureKind, InFlight, Probe};
use crate::moment::Moment;

/// An attempt was answered. If it was the probe of a cooldown, the deployment is back in service.
pub fn answered(exchange: &Exchange, deployment: &Deployment, attempt: &InFlight) {
    let cooldowns = &exchange.snapshot.settings.router.cooldowns;
    if attempt.answered(cooldowns.ramp, Moment::now()) {
        deployment.counters.state.set(0);
        tracing::info!(
            deployment = deployment.settings.id,
            group = deployment.settings.group,
            full_share_seconds = cooldowns.ramp.as_secs_f64(),
            "a deployment is back in service"
        );
    }
}

/// An attempt failed: counts the failure, and logs the cooldown that begins with it.
pub fn failed(exchange: &Exchange, candidate: &Candidate, refusal: &Refusal, probe: Option<Probe>) {
    let deployment = &candidate.deployment;
    let status = refusal.cause.status();
    deployment.counters.failed(status, refusal.cause.class());
    let canonical = exchange.canonical.as_deref();
    let asked = canonical.map(time_limits::Asked::of).unwrap_or_default();
    let Some(kind) = policy::blame::kind(refusal.cause, deployment, asked) else {
        return;
    };
    let snapshot = &exchange.snapshot;
    let group = &deployment.settings.group;
    let router = &snapshot.settings.router;
    let failure = Failure {
        kind,
        retry_after: refusal.retry_after,
        message: &refusal.message,
        is_alone: snapshot.groups.size_of(group) < 2,
        has_fallbacks: canonical.is_some_and(|canonical| !exchange.fallbacks_after(canonical).is_empty()),
    };
    let own = deployment.own_cooldown();
    let outage = deployment
        .health
        .failed(&failure, probe, own, &router.cooldowns, Moment::now());
    let Some(outage) = outage else { return };
    deployment.counters.cooled_down(status);
    let id = &deployment.settings.id;
    let seconds = whole_and_tenths(outage.time);
    // The operator needs the detail, which is not for clients.
    let error = refusal.detail.as_deref().unwrap_or(&outage.message);
    if kind == FailureKind::Authentication {
        tracing::error!(
            deployment = id,
            group,
            seconds,
            error,
            "a deployment is out of service: its provider refuses the credential; mend it, or exchanges go elsewhere"
        );
    } else {
        tracing::warn!(
            deployment = id,
            group,
            kind = kind.name(),
            seconds,
            error,
            "a deployment is out of service"
        );
    }
}

fn whole_and_tenths(time: Duration) -> f64 {
    (time.as_secs_f64() * 10.0).round() / 10.0
}
