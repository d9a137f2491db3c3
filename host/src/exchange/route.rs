//! Phase `route`: from the model that the client named to deployments in the order in which to try them.

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Cause, Exchange, Refusal};
use crate::canonical::Canonical;
use crate::deployment::Candidate;
use crate::plugin::imports::candidates::Columns;
use crate::plugin::strategy::{RankError, Strategy};
use crate::snapshot::Found;

/// Candidates, best first.
pub type Ranked = VecDeque<Candidate>;

/// The phase.
///
/// # Errors
/// No model group has that name; the nearest ones are said.
pub fn rank(exchange: &mut Exchange, canonical: &Arc<Canonical>) -> Result<Ranked, Refusal> {
    let snapshot = Arc::clone(&exchange.snapshot);
    let found = snapshot
        .groups
        .find(&canonical.group)
        .ok_or_else(|| unknown(exchange, canonical))?;
    exchange.story.group = Some(found.group.clone());
    if found.candidates.len() == 1 {
        // There is nothing to choose: no strategy is asked.
        return Ok(found.candidates.into());
    }
    let columns = Arc::new(columns(found));
    let order = choose(exchange, canonical, &columns)?;
    Ok(order
        .into_iter()
        .map(|index| columns.candidates[index].clone())
        .collect())
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
    Refusal::new(
        Cause::RateLimited,
        "no deployments available for the selected model: try again later",
    )
    .detail(format!("strategy `{}` finds none suitable: {reason}", strategy.name()))
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
