//! Phase `fallback`: tries one model group after the other, until one answers or none is left.
//!
//! A group that fails leads to its fallbacks, and each of them may lead to its own. No group is tried twice, except one
//! that names itself: this means those of its deployments that have not been tried yet. If no group answers, the client
//! gets the error of the group it asked for; but if no deployment of that group was tried and one of a fallback was, it
//! gets the error of the last group. [`policy::fallback`] says which groups follow.

use std::collections::VecDeque;
use std::pin::pin;
use std::sync::Arc;

use super::answer::Answer;
use super::history::Event;
use super::refusal::{Cause, Refusal};
use super::state::Exchange;
use super::{attempt, guard, policy, route};
use crate::canonical::Canonical;
use crate::canonical::fields::is_secret;
use crate::config::settings::Target;
use crate::json::{self, Splice};
use crate::metrics::labels::FellBack;
use crate::worker;

/// Runs the phase.
///
/// # Errors
/// No group answered, or none in time.
pub async fn until_a_group_answers(exchange: &mut Exchange, canonical: &Arc<Canonical>) -> Result<Answer, Refusal> {
    let Some(limit) = exchange.snapshot.settings.upstream.deadline else {
        return through_groups(exchange, canonical).await;
    };
    let left = limit.saturating_sub(exchange.history.took());
    match tokio::time::timeout(left, through_groups(exchange, canonical)).await {
        Ok(answer) => answer,
        Err(_) => Err(Refusal::new(
            Cause::Timeout,
            format!(
                "no deployment answered within {} s, all attempts together",
                limit.as_secs_f64()
            ),
        )),
    }
}

/// A group to try, with the request for it. All that applies to the client's request applies to each hop.
struct Hop {
    canonical: Arc<Canonical>,
    /// Number of groups that led here.
    depth: u32,
    /// The request's guardrails have checked these bytes.
    is_guarded: bool,
}

async fn through_groups(exchange: &mut Exchange, canonical: &Arc<Canonical>) -> Result<Answer, Refusal> {
    let mut hop = Hop {
        canonical: Arc::clone(canonical),
        depth: 0,
        is_guarded: false,
    };
    let mut hops = Hops::default();
    let mut first: Option<(Refusal, Arc<Canonical>)> = None;
    let mut was_asked = false;
    // The name as it is configured: as labels of metrics, names that clients make up would be unbounded.
    let mut requested: Option<Box<str>> = None;
    loop {
        let outcome = ask(exchange, &mut hop, &hops.seen).await;
        if let (Some((failure, _)), Some(requested)) = (&first, &requested) {
            count(exchange, requested, failure, outcome.is_ok());
        }
        let refusal = match outcome {
            Ok(answer) => return Ok(answer),
            // After some errors, such as a guardrail's refusal, nothing else is tried, whichever groups failed before.
            Err(refusal) if !refusal.cause.may_fall_back() => return Err(refusal),
            Err(refusal) => refusal,
        };
        if first.is_none() {
            requested = exchange.history.group().map(Into::into);
        }
        hops.add(targets(exchange, &hop, &refusal), &hop);
        let Some(next) = hops.next(&hop).await else {
            // The error of a group of which no deployment was tried says less than that of a group that was tried and
            // failed.
            let is_first_told = was_asked || exchange.history.attempts_made() == 0;
            let (refusal, canonical) = first.filter(|_| is_first_told).unwrap_or((refusal, hop.canonical));
            exchange.canonical = Some(canonical);
            return Err(refusal);
        };
        tracing::debug!(
            exchange = %exchange.id, from = %hop.canonical.group, to = %next.canonical.group,
            cause = ?refusal.cause, "falling back"
        );
        exchange.history.add(Event::FellBack(Box::new(refusal.clone())));
        first.get_or_insert_with(|| {
            was_asked = exchange.history.attempts_made() > 0;
            (refusal, hop.canonical)
        });
        hop = next;
    }
}

/// One hop: guard → route → attempt* → guard. The guardrails of the answer run on every hop.
async fn ask(exchange: &mut Exchange, hop: &mut Hop, seen: &[Box<str>]) -> Result<Answer, Refusal> {
    guard_request(exchange, hop).await?;
    let canonical = &hop.canonical;
    let (snapshot, worker) = (Arc::clone(&exchange.snapshot), Arc::clone(&exchange.worker));
    let (answer, reports) = {
        let attempted = pin!(ask_group(exchange, canonical, seen));
        guard::beside(&snapshot, &worker.metrics, canonical, attempted).await
    };
    for report in reports {
        exchange.history.add(Event::Guarded(Box::new(report)));
    }
    guard::answer(exchange, canonical, answer?).await
}

/// The hops for an answer that broke after its first content: the groups that a failure before the first content would
/// have led to.
pub struct Onward {
    hop: Hop,
    hops: Hops,
    refusal: Refusal,
}

impl Onward {
    pub fn new(exchange: &Exchange, canonical: &Arc<Canonical>, refusal: &Refusal) -> Self {
        let hop = Hop {
            canonical: Arc::clone(canonical),
            depth: u32::try_from(exchange.history.fallbacks()).unwrap_or(u32::MAX),
            is_guarded: true,
        };
        Self {
            hop,
            hops: Hops::default(),
            refusal: refusal.clone(),
        }
    }

    /// The request for the next group, after its guardrails have let it pass; `None` if there is none, or a guardrail
    /// refused.
    pub async fn next(&mut self, exchange: &mut Exchange) -> Option<Arc<Canonical>> {
        let Self { hop, hops, refusal } = self;
        hops.add(targets(exchange, hop, refusal), hop);
        *hop = hops.next(hop).await?;
        guard_request(exchange, hop).await.ok()?;
        exchange.history.add(Event::FellBack(Box::new(refusal.clone())));
        Some(Arc::clone(&hop.canonical))
    }
}

/// Runs the request's guardrails, unless they have checked these bytes.
async fn guard_request(exchange: &mut Exchange, hop: &mut Hop) -> Result<(), Refusal> {
    exchange.canonical = Some(Arc::clone(&hop.canonical));
    if !hop.is_guarded {
        hop.canonical = guard::request(exchange, Arc::clone(&hop.canonical)).await?;
        hop.is_guarded = true;
    }
    Ok(())
}

/// The groups of one exchange.
#[derive(Default)]
struct Hops {
    /// Groups to try, the next one first.
    open: VecDeque<Ahead>,
    seen: Vec<Box<str>>,
}

/// A fallback of a group that failed.
struct Ahead {
    target: Target,
    failed: Arc<Canonical>,
    depth: u32,
    /// The guardrails have checked the request to the group that failed.
    is_guarded: bool,
}

impl Hops {
    /// Adds the fallbacks of a group that has failed, before those of groups that failed earlier.
    fn add(&mut self, targets: Vec<Target>, failed: &Hop) {
        self.seen.push(failed.canonical.group.clone());
        for target in targets.into_iter().rev() {
            self.open.push_front(Ahead {
                target,
                failed: Arc::clone(&failed.canonical),
                depth: failed.depth + 1,
                is_guarded: failed.is_guarded,
            });
        }
    }

    /// The next group that was not tried. If the group that has just failed names itself, it is tried once more.
    async fn next(&mut self, failed: &Hop) -> Option<Hop> {
        while let Some(ahead) = self.open.pop_front() {
            let group = ahead.target.group.as_str();
            let times = self.seen.iter().filter(|seen| seen.as_ref() == group).count();
            if times == 0 || times == 1 && *group == *failed.canonical.group {
                let bytes = ahead.failed.body.len();
                match worker::offload(bytes, move || ahead.aim()).await {
                    Ok(hop) => return Some(hop),
                    Err((group, error)) => tracing::warn!(group, %error, "a fallback is passed over"),
                }
            }
        }
        None
    }
}

impl Ahead {
    /// The request for this group.
    fn aim(self) -> Result<Hop, (String, json::Error)> {
        let Self { target, failed, .. } = &self;
        let mut changes = Splice::default();
        let overrides = target.overrides.iter();
        for (name, json) in overrides.filter(|(name, _)| !is_secret(name)) {
            changes.set(name.as_str(), json.as_bytes());
        }
        let aimed = Canonical {
            group: target.group.as_str().into(),
            ..Canonical::clone(failed)
        };
        let canonical = match changes.is_empty() {
            true => Ok(aimed),
            false => aimed.with_fields(changes),
        };
        let canonical = canonical.map_err(|error| (target.group.clone(), error))?;
        Ok(Hop {
            is_guarded: self.is_guarded && canonical.body == failed.body,
            canonical: Arc::new(canonical.counted()),
            depth: self.depth,
        })
    }
}

fn count(exchange: &Exchange, requested: &str, failure: &Refusal, is_success: bool) {
    let Some(found) = exchange.history.group() else { return };
    let (status, class) = (failure.cause.status(), failure.cause.class());
    let metrics = &exchange.worker.metrics;
    let fell_back = FellBack {
        requested_model: requested,
        fallback_model: found,
        exception_class: class,
        ..FellBack::default()
    };
    metrics.fell_back(fell_back, status, is_success);
}

/// Makes the attempts at one group.
async fn ask_group(exchange: &mut Exchange, canonical: &Arc<Canonical>, seen: &[Box<str>]) -> Result<Answer, Refusal> {
    let tried: Vec<_> = if seen.contains(&canonical.group) {
        let attempts = exchange.history.attempts();
        attempts
            .map(|attempt| Arc::clone(&attempt.candidate.deployment))
            .collect()
    } else {
        Vec::new()
    };
    let ranked = route::rank(exchange, canonical, &tried)?;
    attempt::until_one_answers(exchange, canonical, ranked, &tried).await
}

fn targets(exchange: &Exchange, hop: &Hop, refusal: &Refusal) -> Vec<Target> {
    let configured = &exchange.snapshot.settings.router.fallbacks;
    let names = exchange.group_names(&hop.canonical);
    policy::fallback::targets(configured, names, &hop.canonical, refusal.cause, hop.depth)
}
