//! Health checks in the background: each deployment is checked once per interval, a few at a time.
//!
//! A round checks the deployments that are due, according to the snapshot in force. A reload begins a round at once. It
//! checks new deployments, and those whose last check failed, since the change may have repaired them. `/health` begins
//! a different kind of round, an inquiry: it checks the deployments without a recent result, once for all callers.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::Gateway;
use crate::deployment::{Change, Deployment, Finding};
use crate::exchange::health_check::Question;
use crate::moment::Moment;
use crate::snapshot::Snapshot;
use crate::upstream::Connections;

/// A round begins late by a random part of the interval, up to this fraction…
const JITTER: f64 = 0.1;

/// … but at most by this time. It is enough for gateways that were started together to drift apart, and `/health` need
/// not wait long for it.
const JITTER_MAX: Duration = Duration::from_secs(1);

/// How long `/health` waits for the checks that it requested. A later result is available to the next call.
const INQUIRY_MAX: Duration = Duration::from_secs(10);

/// Requests of `/health` for checks, and the number of finished inquiries.
#[derive(Default)]
pub struct Inquiries {
    wanted: Notify,
    rounds: watch::Sender<u64>,
}

impl Gateway {
    /// Checks the deployments without a recent result, and waits for the results, but not longer than `INQUIRY_MAX`.
    /// Simultaneous callers wait for the same round.
    pub async fn inquire(&self) {
        if unheard(&self.snapshot()).next().is_none() {
            return;
        }
        let mut rounds = self.inquiries.rounds.subscribe();
        self.inquiries.wanted.notify_one();
        // A deployment that does not answer in time keeps its previous result.
        let _ = tokio::time::timeout(INQUIRY_MAX, rounds.changed()).await;
    }
}

/// Deployments that can be checked and have no result within `max_age`.
fn unheard(snapshot: &Snapshot) -> impl Iterator<Item = &Arc<Deployment>> {
    let (max_age, now) = (snapshot.settings.health_checks.max_age, Moment::now());
    let is_unheard = move |deployment: &&Arc<Deployment>| {
        let may_be_asked = deployment.upstream.is_some()
            && deployment.settings.mock_response.is_none()
            && !deployment.settings.health_check.disabled;
        may_be_asked && max_age.is_some_and(|age| !deployment.health.was_heard_within(age, now))
    };
    snapshot.groups.deployments().iter().filter(is_unheard)
}

/// Runs the checks until the future is dropped. Checks in progress are dropped with it.
pub async fn run(gateway: Arc<Gateway>, connections: Connections) {
    let connections = Arc::new(connections);
    let mut reloads = gateway.reloads();
    tokio::time::sleep(jitter(gateway.snapshot().settings.health_checks.interval)).await;
    let mut is_reloaded = false;
    loop {
        reloads.mark_unchanged();
        let snapshot = gateway.snapshot();
        round(&gateway, &snapshot, &connections, is_reloaded).await;
        connections.sweep();
        is_reloaded = tokio::select! {
            () = until_next(&snapshot) => false,
            () = gateway.inquiries.wanted.notified() => {
                let snapshot = gateway.snapshot();
                ask(&gateway, &snapshot, &connections, unheard(&snapshot)).await;
                gateway.inquiries.rounds.send_modify(|rounds| *rounds += 1);
                false
            }
            changed = reloads.changed() => changed.is_ok(),
        };
    }
}

/// Checks all deployments that are due.
async fn round(gateway: &Arc<Gateway>, snapshot: &Arc<Snapshot>, connections: &Arc<Connections>, is_reloaded: bool) {
    let rules = &snapshot.settings.health_checks;
    let now = Moment::now();
    let is_due = |deployment: &Deployment| {
        let health_check = &deployment.health.health_check;
        let is_time = health_check.due(rules.interval).is_none_or(|due| due <= now);
        is_time || is_reloaded && health_check.is_failed()
    };
    let due = asked(snapshot).filter(|deployment| is_due(deployment));
    ask(gateway, snapshot, connections, due).await;
}

/// Checks these deployments, a few at a time.
async fn ask(
    gateway: &Arc<Gateway>,
    snapshot: &Snapshot,
    connections: &Arc<Connections>,
    deployments: impl Iterator<Item = &Arc<Deployment>>,
) {
    let mut under_way = JoinSet::new();
    for deployment in deployments {
        let Some(question) = Question::to(deployment) else {
            continue;
        };
        if under_way.len() >= snapshot.settings.health_checks.concurrency {
            under_way.join_next().await;
        }
        let (gateway, deployment) = (Arc::clone(gateway), Arc::clone(deployment));
        let connections = Arc::clone(connections);
        under_way.spawn(async move {
            let finding = question.put(&connections).await;
            tell(&gateway, &deployment, finding);
        });
    }
    while under_way.join_next().await.is_some() {}
}

/// Waits until a deployment is due again. Deployments without a result are ignored: they were due in the last round,
/// and have no result because there is no check for them.
async fn until_next(snapshot: &Snapshot) {
    let interval = snapshot.settings.health_checks.interval;
    let due = asked(snapshot).filter_map(|deployment| deployment.health.health_check.due(interval));
    match due.min() {
        Some(due) => tokio::time::sleep(due.since(Moment::now()) + jitter(interval)).await,
        None => pending().await,
    }
}

fn asked(snapshot: &Snapshot) -> impl Iterator<Item = &Arc<Deployment>> {
    let rules = &snapshot.settings.health_checks;
    let all = snapshot.groups.deployments().iter();
    all.filter(|deployment| rules.cover(&deployment.settings))
}

fn jitter(interval: Duration) -> Duration {
    interval.mul_f64(JITTER * fastrand::f64()).min(JITTER_MAX)
}

/// Stores and counts a result. A change is logged.
fn tell(gateway: &Gateway, deployment: &Deployment, finding: Finding) {
    let (id, group) = (&deployment.settings.id, &deployment.settings.group);
    let failure = finding.failure.clone();
    deployment
        .counters
        .checked(failure.as_ref().map(|failure| failure.class));
    match (deployment.health.health_check.found(finding), failure) {
        (Change::Fails, Some(failure)) => tracing::warn!(
            deployment = id,
            group,
            status = failure.status,
            class = failure.class,
            error = failure.message,
            is_left_out = gateway.snapshot().settings.health_checks.route,
            "a deployment fails its health check"
        ),
        (Change::PassesAgain, _) => {
            tracing::info!(deployment = id, group, "a deployment passes its health check again")
        }
        _ => {}
    }
}
