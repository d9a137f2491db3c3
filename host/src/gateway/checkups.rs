//! Health checks in the background: each deployment is asked once an interval, a few at a time.
//!
//! A round asks those that are due, by the snapshot that is in force. A reload begins one at once: what is new is asked
//! then, and what failed, since somebody may just have mended it. `/health` begins another kind of round, an inquiry: of
//! those of whom nothing was heard for a while, once for all callers.

use std::future::pending;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::task::JoinSet;

use super::Gateway;
use crate::deployment::{Change, Deployment, Finding};
use crate::exchange::checkup::Question;
use crate::moment::Moment;
use crate::snapshot::Snapshot;
use crate::upstream::Connections;

/// Rounds begin up to this part of the interval late…
const JITTER: f64 = 0.1;

/// … but no later than this: gateways that were started together drift apart, and `/health` need not wait for it.
const JITTER_MAX: Duration = Duration::from_secs(1);

/// How long `/health` waits for those that it asks. An answer that comes later is there for the next call.
const INQUIRY_MAX: Duration = Duration::from_secs(10);

/// What `/health` wants to know, and that it has been asked.
#[derive(Default)]
pub struct Inquiries {
    wanted: Notify,
    rounds: watch::Sender<u64>,
}

impl Gateway {
    /// Asks the deployments of whom nothing was heard for a while, and waits for them, within a limit. Callers at the same
    /// time wait for the same round.
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

/// Deployments that can be asked and of whom nothing was heard for too long.
fn unheard(snapshot: &Snapshot) -> impl Iterator<Item = &Arc<Deployment>> {
    let (max_age, now) = (snapshot.settings.checkups.max_age, Moment::now());
    let is_unheard = move |deployment: &&Arc<Deployment>| {
        let may_be_asked = deployment.upstream.is_some()
            && deployment.settings.mock_response.is_none()
            && !deployment.settings.checkup.disabled;
        may_be_asked && max_age.is_some_and(|age| !deployment.health.was_heard_within(age, now))
    };
    snapshot.groups.deployments().iter().filter(is_unheard)
}

/// Asks until it is dropped; what is under way is dropped with it.
pub async fn run(gateway: Arc<Gateway>, connections: Connections) {
    let connections = Arc::new(connections);
    let mut reloads = gateway.reloads();
    tokio::time::sleep(jitter(gateway.snapshot().settings.checkups.interval)).await;
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

/// Asks everyone who is due.
async fn round(gateway: &Arc<Gateway>, snapshot: &Arc<Snapshot>, connections: &Arc<Connections>, is_reloaded: bool) {
    let rules = &snapshot.settings.checkups;
    let now = Moment::now();
    let is_due = |deployment: &Deployment| {
        let checkup = &deployment.health.checkup;
        let is_time = checkup.due(rules.interval).is_none_or(|due| due <= now);
        is_time || is_reloaded && checkup.is_failed()
    };
    let due = asked(snapshot).filter(|deployment| is_due(deployment));
    ask(gateway, snapshot, connections, due).await;
}

/// Asks these, a few at a time.
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
        if under_way.len() >= snapshot.settings.checkups.concurrency {
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

/// Waits until someone is due again. Those who were never asked have nothing to be asked: they were due in this round.
async fn until_next(snapshot: &Snapshot) {
    let interval = snapshot.settings.checkups.interval;
    let due = asked(snapshot).filter_map(|deployment| deployment.health.checkup.due(interval));
    match due.min() {
        Some(due) => tokio::time::sleep(due.since(Moment::now()) + jitter(interval)).await,
        None => pending().await,
    }
}

fn asked(snapshot: &Snapshot) -> impl Iterator<Item = &Arc<Deployment>> {
    let rules = &snapshot.settings.checkups;
    let all = snapshot.groups.deployments().iter();
    all.filter(|deployment| rules.cover(&deployment.settings))
}

fn jitter(interval: Duration) -> Duration {
    interval.mul_f64(JITTER * fastrand::f64()).min(JITTER_MAX)
}

/// Remembers and counts a finding; a change is a line in the log.
fn tell(gateway: &Gateway, deployment: &Deployment, finding: Finding) {
    let (id, group) = (&deployment.settings.id, &deployment.settings.group);
    let ailment = finding.ailment.clone();
    deployment.counters.checked(ailment.is_none());
    match (deployment.health.checkup.found(finding), ailment) {
        (Change::Fails, Some(ailment)) => tracing::warn!(
            deployment = id,
            group,
            status = ailment.status,
            class = ailment.class,
            error = ailment.message,
            is_left_out = gateway.snapshot().settings.checkups.route,
            "a deployment fails its health check"
        ),
        (Change::PassesAgain, _) => {
            tracing::info!(deployment = id, group, "a deployment passes its health check again")
        }
        _ => {}
    }
}
