//! Phase `route`: from the model that the client named to deployments in the order in which to try them.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use super::{Cause, Exchange, Refusal, checkup, fit, tags};
use crate::canonical::Canonical;
use crate::deployment::{Candidate, Deployment, Standing};
use crate::plugin::imports::candidates::Columns;
use crate::plugin::strategy::{RankError, Strategy};
use crate::snapshot::Found;

/// Candidates, best first.
pub type Ranked = VecDeque<Candidate>;

/// The phase. Deployments of `without` are left aside.
///
/// # Errors
/// No model group has that name (the nearest ones are said), or none of its deployments may be tried.
pub fn rank(
    exchange: &mut Exchange,
    canonical: &Arc<Canonical>,
    without: &[Arc<Deployment>],
) -> Result<Ranked, Refusal> {
    let snapshot = Arc::clone(&exchange.snapshot);
    let mut found = snapshot
        .groups
        .find(&canonical.group)
        .ok_or_else(|| unknown(exchange, canonical))?;
    exchange.story.group = Some(found.group.clone());
    if !without.is_empty() {
        found.retain(|candidate| !is_among(without, candidate));
    }
    tags::filter(exchange, canonical, &mut found)?;
    fit::check(exchange, canonical, &mut found)?;
    checkup::leave_out_failed(&snapshot.settings.checkups, &mut found);
    let mut rest = Rest::default();
    found.retain(|candidate| rest.leaves(candidate, canonical.seed));
    if found.candidates.is_empty() {
        return rest.instead(exchange);
    }
    let mut ranked = Ranked::new();
    for level in by_order(found) {
        match level.candidates.as_slice() {
            // There is nothing to choose: no strategy is asked.
            [_] => ranked.extend(level.candidates),
            _ => {
                let columns = Arc::new(columns(level));
                match choose(exchange, canonical, &columns) {
                    Ok(order) => ranked.extend(order.into_iter().map(|index| columns.candidates[index].clone())),
                    Err(refusal) if ranked.is_empty() => return Err(refusal),
                    // Those before are tried; it matters only when they all fail.
                    Err(_) => {}
                }
            }
        }
    }
    ranked.extend(rest.ramping);
    Ok(ranked)
}

/// The candidates by `order`, lowest first: a level is for when all before it have failed. Those without an order come last.
fn by_order(found: Found) -> Vec<Found> {
    let order = |candidate: &Candidate| candidate.deployment.settings.order.unwrap_or(u32::MAX);
    let first = found.candidates.first().map(order);
    if found.candidates.iter().all(|candidate| Some(order(candidate)) == first) {
        return vec![found];
    }
    let mut levels: Vec<u32> = found.candidates.iter().map(order).collect();
    levels.sort_unstable();
    levels.dedup();
    let of_level = |level: u32| {
        let mut own = found.clone();
        own.retain(|candidate| order(candidate) == level);
        own
    };
    levels.into_iter().map(of_level).collect()
}

/// Whether the group has a deployment that is not among `without`.
pub fn has_others(exchange: &Exchange, canonical: &Canonical, without: &[Arc<Deployment>]) -> bool {
    let found = exchange.snapshot.groups.find(&canonical.group);
    found.is_some_and(|found| found.candidates.iter().any(|candidate| !is_among(without, candidate)))
}

fn is_among(deployments: &[Arc<Deployment>], candidate: &Candidate) -> bool {
    deployments
        .iter()
        .any(|deployment| Arc::ptr_eq(deployment, &candidate.deployment))
}

/// What no strategy is asked about.
#[derive(Default)]
struct Rest {
    /// They have come back, and would take more than their share yet: tried when the others have failed.
    ramping: Vec<Candidate>,
    out: Vec<(Duration, Candidate)>,
}

impl Rest {
    /// Whether the candidate is left to the strategy.
    fn leaves(&mut self, candidate: &Candidate, seed: u32) -> bool {
        match candidate.deployment.health.standing() {
            Standing::In | Standing::DueForProbe => return true,
            Standing::Ramping(share) if draw(seed, candidate) < share => return true,
            Standing::Ramping(_) => self.ramping.push(candidate.clone()),
            Standing::Out(remaining) => self.out.push((remaining, candidate.clone())),
        }
        false
    }

    /// Where all are left aside: those that are coming back, else the one that is due first.
    fn instead(mut self, exchange: &Exchange) -> Result<Ranked, Refusal> {
        if !self.ramping.is_empty() {
            return Ok(self.ramping.into());
        }
        self.out.sort_by_key(|(remaining, _)| *remaining);
        let Some((first, _)) = self.out.first() else {
            return Err(unavailable());
        };
        if exchange.snapshot.settings.router.cooldowns.refuse_when_all_are_out {
            let names: Vec<&str> = self
                .out
                .iter()
                .map(|(_, candidate)| candidate.deployment.settings.id.as_str())
                .collect();
            let refusal = Refusal {
                retry_after: Some(*first),
                ..unavailable()
            };
            return Err(refusal.detail(format!("all deployments cool down: {}", names.join(", "))));
        }
        Ok(self.out.into_iter().map(|(_, candidate)| candidate).collect())
    }
}

/// A number from 0 to 1 that this exchange and deployment always get.
fn draw(seed: u32, candidate: &Candidate) -> f64 {
    let id = candidate.deployment.settings.id.as_bytes();
    let mixed = id.iter().fold(u64::from(seed), |mixed, byte| {
        (mixed ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3)
    });
    f64::from((mixed >> 32) as u32) / f64::from(u32::MAX)
}

/// The configured strategy; where it is missing or fails, `simple-shuffle`; where that fails too, the order of the
/// configuration.
fn choose(exchange: &Exchange, canonical: &Arc<Canonical>, columns: &Arc<Columns>) -> Result<Vec<usize>, Refusal> {
    let snapshot = &exchange.snapshot;
    for strategy in [&snapshot.strategy, &snapshot.shuffle].into_iter().flatten() {
        match strategy.rank(canonical, columns) {
            Ok(order) if !order.is_empty() => return Ok(order),
            Ok(_) => return Err(none_suitable(strategy, "it ranked none of the candidates")),
            Err(RankError::NoneSuitable { reason, .. }) => return Err(none_suitable(strategy, &reason)),
            Err(error) => tracing::warn!(%error, "a strategy failed: the next best thing ranks"),
        }
    }
    Ok((0..columns.candidates.len()).collect())
}

fn columns(found: Found) -> Columns {
    Columns {
        candidates: found.candidates,
        weights: found.weights,
    }
}

fn none_suitable(strategy: &Strategy, reason: &str) -> Refusal {
    unavailable().detail(format!("strategy `{}` finds none suitable: {reason}", strategy.name()))
}

fn unavailable() -> Refusal {
    Refusal::new(
        Cause::RateLimited,
        "no deployments available for the selected model: try again later",
    )
}

fn unknown(exchange: &Exchange, canonical: &Canonical) -> Refusal {
    let groups = &exchange.snapshot.groups;
    let asked: String = canonical.group.chars().take(200).collect();
    let near = groups.nearest(&canonical.group);
    let hint = if near.is_empty() {
        "GET /v1/models lists the names".to_owned()
    } else {
        format!("did you mean `{}`?", near.join("`, `"))
    };
    Refusal::new(Cause::BadRequest, format!("no model group is called `{asked}`; {hint}")).parameter("model")
}
