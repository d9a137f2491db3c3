//! Phase `route`: finds the deployments for the model that the client named, in the order in which to try them.

mod aside;
pub mod plan;

use std::collections::VecDeque;
use std::sync::Arc;

use super::{Cause, Exchange, Refusal, checkup, fit, tags};
use crate::canonical::Canonical;
use crate::decisions::{Choice, Recorder};
use crate::deployment::{Candidate, Deployment, Standing};
use crate::moment::Moment;
use crate::plugin::columns::{Columns, Live};
use crate::plugin::reads::Reads;
use crate::plugin::strategy::{RankError, Strategy};
use crate::snapshot::Found;
use aside::Asides;
use plan::Plan;

/// Candidates, best first.
pub type Ranked = VecDeque<Candidate>;

/// Runs the phase. The deployments in `without` are left out.
///
/// # Errors
/// No model group has that name (the message has the most similar names), or none of its deployments may be tried.
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
    exchange.story.found(&canonical.group, &found.group);
    let recorder = snapshot.decisions.as_deref();
    let mut asides = Asides::told_to(recorder);
    if !without.is_empty() {
        asides.by("it failed in this exchange", &mut found, |found| {
            found.retain(|candidate| !is_among(without, candidate));
        });
    }
    asides.by("the request's tags", &mut found, |found| {
        tags::filter(exchange, canonical, found)
    })?;
    asides.by("the request does not fit it", &mut found, |found| {
        fit::check(exchange, canonical, found)
    })?;
    let now = Moment::now();
    asides.by("its health check failed", &mut found, |found| {
        checkup::leave_out_failed(&snapshot.settings.checkups, found, now);
    });
    let group = found.group.clone();
    // An alias with weights leads to groups, which may have a strategy of their own.
    let shared = found
        .candidates
        .first()
        .map(|first| first.deployment.settings.group.clone());
    let plan = Plan::of(found, canonical.seed, now);
    if plan.levels.is_empty() {
        may_try(exchange, &plan)?;
    }
    asides.by_plan(&plan);
    let own = |group: &str| snapshot.strategies.get(group).map(Option::as_ref);
    let own = exchange.of_group(canonical, own).or_else(|| own(shared.as_deref()?));
    let strategies = [own.unwrap_or(snapshot.strategy.as_ref()), snapshot.shuffle.as_ref()];
    let mut chooser = Chooser {
        asides,
        ..Chooser::new(canonical, group, strategies, recorder, now)
    };
    by_plan(plan, &mut chooser)
}

/// A plan's candidates, best first.
///
/// # Errors
/// The strategy does not allow any of them to be tried.
pub fn by_plan(plan: Plan, chooser: &mut Chooser) -> Result<Ranked, Refusal> {
    if plan.levels.is_empty() {
        return chooser.permit(plan.least_bad());
    }
    let mut ranked = Ranked::new();
    let mut refused = None;
    for level in plan.levels {
        match chooser.choose(level) {
            Ok(level) => ranked.extend(level),
            Err(refusal) => refused = refused.or(Some(refusal)),
        }
    }
    match chooser.permit(plan.ramping.into()) {
        Ok(ramping) => ranked.extend(ramping),
        Err(refusal) => refused = refused.or(Some(refusal)),
    }
    match refused {
        Some(refusal) if ranked.is_empty() => Err(refusal),
        // The error of a level or of `permit` matters only if no candidate is left.
        _ => Ok(ranked),
    }
}

/// Whether the group has a deployment that is not in `without` and that the request fits.
pub fn has_others(exchange: &Exchange, canonical: &Canonical, without: &[Arc<Deployment>]) -> bool {
    let Some(mut found) = exchange.snapshot.groups.find(&canonical.group) else {
        return false;
    };
    found.retain(|candidate| !is_among(without, candidate));
    let fits = tags::filter(exchange, canonical, &mut found).and_then(|()| fit::check(exchange, canonical, &mut found));
    fits.is_ok() && !found.candidates.is_empty()
}

fn is_among(deployments: &[Arc<Deployment>], candidate: &Candidate) -> bool {
    deployments
        .iter()
        .any(|deployment| Arc::ptr_eq(deployment, &candidate.deployment))
}

/// Whether candidates may be tried although all of them are in cooldown or coming back from one.
fn may_try(exchange: &Exchange, plan: &Plan) -> Result<(), Refusal> {
    let refuses = exchange.snapshot.settings.router.cooldowns.refuse_when_all_are_out;
    match plan.out.first() {
        _ if !plan.ramping.is_empty() => Ok(()),
        None => Err(unavailable()),
        Some((first, _)) if refuses => {
            let out = plan.out.iter();
            let ids: Vec<&str> = out
                .map(|(_, candidate)| candidate.deployment.settings.id.as_str())
                .collect();
            let refusal = Refusal {
                retry_after: Some(*first),
                ..unavailable()
            };
            Err(refusal.detail(format!("all deployments cool down: {}", ids.join(", "))))
        }
        Some(_) => Ok(()),
    }
}

/// The next candidate. One whose cooldown began after the ranking comes after the others.
pub fn next(ranked: &mut Ranked, now: Moment) -> Option<Candidate> {
    let is_in = |candidate: &Candidate| !matches!(candidate.deployment.health.standing(now), Standing::Out(_));
    let at = ranked.iter().position(is_in).unwrap_or(0);
    ranked.remove(at)
}

/// Keeps only candidates of a later order than the one that has failed.
pub fn pass_over_order(ranked: &mut Ranked, failed: &Candidate) {
    ranked.retain(|candidate| plan::order(candidate) > plan::order(failed));
}

/// Ranks candidates, level by level, and records the choices.
pub struct Chooser<'a> {
    canonical: &'a Arc<Canonical>,
    group: Box<str>,
    /// The configured strategy, and `simple-shuffle` in case the former is missing or fails.
    strategies: [Option<&'a Arc<Strategy>>; 2],
    recorder: Option<&'a Recorder>,
    asides: Asides,
    now: Moment,
}

impl<'a> Chooser<'a> {
    /// `strategies`: the configured one, and `simple-shuffle` in case the former is missing or fails.
    pub fn new(
        canonical: &'a Arc<Canonical>,
        group: Box<str>,
        strategies: [Option<&'a Arc<Strategy>>; 2],
        recorder: Option<&'a Recorder>,
        now: Moment,
    ) -> Self {
        Self {
            canonical,
            group,
            strategies,
            recorder,
            asides: Asides::told_to(recorder),
            now,
        }
    }

    /// The candidates of a level, best first; in the order of the configuration if no strategy can rank them.
    ///
    /// # Errors
    /// A strategy says that none should be tried.
    pub fn choose(&mut self, level: Found) -> Result<Vec<Candidate>, Refusal> {
        let count = level.candidates.len();
        // Skips the strategy for a single candidate, unless it is a constraining strategy.
        let asks = count > 1 || self.is_constrained();
        if !asks && self.recorder.is_none() {
            return Ok(level.candidates);
        }
        let live = Arc::new(Live {
            candidates: level.candidates,
            weights: level.weights,
            now: self.now,
        });
        let columns: Arc<dyn Columns> = Arc::clone(&live) as _;
        let in_order = |order: &[usize]| order.iter().map(|index| live.candidates[*index].clone()).collect();
        let strategies = self.strategies;
        for strategy in strategies.into_iter().flatten().filter(|_| asks) {
            let ranking = match self.recorder {
                None => strategy.rank(self.canonical, &columns),
                Some(recorder) => {
                    let (ranking, reads) = strategy.rank_noting(self.canonical, &columns);
                    self.tell(recorder, Some(strategy), &live, reads, &ranking);
                    ranking
                }
            };
            match ranking {
                Ok(order) if !order.is_empty() => return Ok(in_order(&order)),
                Ok(_) => return Err(none_suitable(strategy, "it ranked none of the candidates")),
                Err(RankError::NoneSuitable { reason, .. }) => return Err(none_suitable(strategy, &reason)),
                Err(error) if strategy.constrains() => return Err(none_suitable(strategy, &error.to_string())),
                Err(error) => tracing::warn!(%error, "a strategy failed: the next best thing ranks"),
            }
        }
        let as_configured: Vec<usize> = (0..count).collect();
        let candidates = in_order(&as_configured);
        if let Some(recorder) = self.recorder {
            self.tell(recorder, None, &live, Reads::default(), &Ok(as_configured));
        }
        Ok(candidates)
    }

    /// Of candidates whose order is fixed, those that the strategy allows to be tried.
    fn permit(&mut self, mut candidates: Ranked) -> Result<Ranked, Refusal> {
        if candidates.is_empty() || !self.is_constrained() {
            return Ok(candidates);
        }
        let permitted = self.choose(Found {
            group: self.group.clone(),
            candidates: candidates.iter().cloned().collect(),
            weights: None,
        })?;
        candidates.retain(|candidate| {
            let is_it = |one: &Candidate| Arc::ptr_eq(&one.deployment, &candidate.deployment);
            permitted.iter().any(is_it)
        });
        Ok(candidates)
    }

    /// Whether candidates that the strategy leaves out must not be tried.
    fn is_constrained(&self) -> bool {
        self.strategies[0].is_some_and(|strategy| strategy.constrains())
    }

    fn tell(
        &mut self,
        recorder: &Recorder,
        strategy: Option<&Arc<Strategy>>,
        columns: &Arc<Live>,
        mut reads: Reads,
        ranking: &Result<Vec<usize>, RankError>,
    ) {
        reads.complete(columns.as_ref());
        recorder.choice(Choice {
            canonical: Arc::clone(self.canonical),
            at: self.now,
            group: self.group.clone(),
            strategy: strategy.map(|strategy| Arc::clone(strategy.pool().identity())),
            columns: Arc::clone(columns),
            reads,
            asides: self.asides.take(),
            ranking: match ranking {
                Ok(ranking) => Ok(ranking.clone()),
                Err(error) => Err(error.to_string()),
            },
        });
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
    if groups.is_configured(&canonical.group) {
        // The reason was reported when the configuration was loaded.
        return Refusal::new(
            Cause::Misconfigured,
            format!("none of the deployments of `{asked}` can be used: the gateway's operator finds why in the log"),
        )
        .detail(format!(
            "all deployments of `{asked}` were left out: `sluice check` says why"
        ));
    }
    let near = groups.nearest(&canonical.group);
    let hint = if near.is_empty() {
        "GET /v1/models lists the names".to_owned()
    } else {
        format!("did you mean `{}`?", near.join("`, `"))
    };
    Refusal::new(Cause::BadRequest, format!("no model group is called `{asked}`; {hint}")).parameter("model")
}
