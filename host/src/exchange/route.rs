//! Phase `route`: finds the deployments for the model that the client named, in the order in which to try them.

mod exclusions;
mod fit;
pub mod plan;
mod tags;

use std::sync::Arc;

use super::history::Event;
use super::policy::GroupNames;
use super::policy::attempts::Ranked;
use super::refusal::{Cause, Refusal};
use super::state::Exchange;
use crate::canonical::Canonical;
use crate::config::settings::HealthChecks;
use crate::decisions::{Choice, Recorder};
use crate::deployment::columns::Live;
use crate::deployment::{Candidate, Deployment};
use crate::moment::Moment;
use crate::plugin::columns::Columns;
use crate::plugin::kinds::strategy::{RankError, Strategy};
use crate::plugin::reads::Reads;
use crate::snapshot::{Found, Snapshot};
use exclusions::Exclusions;
use plan::Plan;

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
    let found = snapshot.groups.find(&canonical.group);
    let found = found.ok_or_else(|| unknown(&snapshot, canonical))?;
    exchange.history.add(Event::Found {
        asked: canonical.group.clone(),
        group: found.group.clone(),
    });
    let routing = Routing {
        snapshot: &snapshot,
        canonical,
        names: exchange.group_names(canonical),
        without,
        strategy: None,
        recorder: snapshot.decisions.as_deref(),
        now: Moment::now(),
    };
    routing.rank(found)
}

/// What the order of the deployments depends on. It is no exchange: the simulator ranks with it too.
pub struct Routing<'a> {
    pub snapshot: &'a Snapshot,
    pub canonical: &'a Arc<Canonical>,
    pub names: GroupNames<'a>,
    /// Deployments that are left out because they have failed.
    pub without: &'a [Arc<Deployment>],
    /// Takes the place of the configured strategy.
    pub strategy: Option<&'a Arc<Strategy>>,
    pub recorder: Option<&'a Recorder>,
    pub now: Moment,
}

impl Routing<'_> {
    /// The deployments that may be tried, best first.
    ///
    /// # Errors
    /// None of them may be tried.
    pub fn rank(&self, mut found: Found) -> Result<Ranked, Refusal> {
        let settings = &self.snapshot.settings;
        let mut exclusions = Exclusions::told_to(self.recorder);
        if !self.without.is_empty() {
            exclusions.by("it failed in this exchange", &mut found, |found| {
                found.retain(|candidate| !is_among(self.without, candidate));
            });
        }
        exclusions.by("the request's tags", &mut found, |found| {
            tags::filter(&settings.router.tags, self.canonical, found)
        })?;
        exclusions.by("the request does not fit it", &mut found, |found| {
            fit::check(settings.router.checks_fit, self.canonical, found, self.now)
        })?;
        exclusions.by("its health check failed", &mut found, |found| {
            leave_out_failed(&settings.health_checks, found, self.now);
        });
        let group = found.group.clone();
        // An alias with weights leads to groups, which may have a strategy of their own.
        let shared = found
            .candidates
            .first()
            .map(|first| first.deployment.settings.group.clone());
        let plan = Plan::of(found, self.canonical.seed, self.now);
        if plan.levels.is_empty() {
            may_try(settings.router.cooldowns.refuse_when_all_are_out, &plan)?;
        }
        exclusions.by_plan(&plan);
        let mut chooser = Chooser {
            exclusions,
            ..Chooser::new(
                self.canonical,
                group,
                self.strategies(shared.as_deref()),
                self.recorder,
                self.now,
            )
        };
        by_plan(plan, &mut chooser)
    }

    /// The strategy of the group, and `simple-shuffle` in case it is missing or fails. `shared`: the group of the
    /// candidates.
    fn strategies(&self, shared: Option<&str>) -> [Option<&Arc<Strategy>>; 2] {
        let snapshot = self.snapshot;
        let own = |group: &str| snapshot.strategies.get(group).map(Option::as_ref);
        let configured = || self.names.find(own).or_else(|| own(shared?));
        let strategy = match self.strategy {
            Some(strategy) => Some(strategy),
            None => configured().unwrap_or(snapshot.strategy.as_ref()),
        };
        [strategy, snapshot.shuffle.as_ref()]
    }
}

/// A plan's candidates, best first.
///
/// # Errors
/// The strategy does not allow any of them to be tried.
fn by_plan(plan: Plan, chooser: &mut Chooser) -> Result<Ranked, Refusal> {
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
pub fn has_others(snapshot: &Snapshot, canonical: &Canonical, without: &[Arc<Deployment>], now: Moment) -> bool {
    let Some(mut found) = snapshot.groups.find(&canonical.group) else {
        return false;
    };
    let router = &snapshot.settings.router;
    found.retain(|candidate| !is_among(without, candidate));
    let fits = tags::filter(&router.tags, canonical, &mut found)
        .and_then(|()| fit::check(router.checks_fit, canonical, &mut found, now));
    fits.is_ok() && !found.candidates.is_empty()
}

/// Removes the candidates whose last health check failed, if the rules say so. If this would remove all, the results are
/// ignored.
fn leave_out_failed(rules: &HealthChecks, found: &mut Found, now: Moment) {
    if !rules.are_on || !rules.route {
        return;
    }
    let is_well = |candidate: &Candidate| !candidate.deployment.health.health_check.speaks_against(rules, now);
    if found.candidates.iter().any(is_well) {
        found.retain(is_well);
    }
}

fn is_among(deployments: &[Arc<Deployment>], candidate: &Candidate) -> bool {
    deployments
        .iter()
        .any(|deployment| Arc::ptr_eq(deployment, &candidate.deployment))
}

/// Whether candidates may be tried although all of them are in cooldown or coming back from one. `refuses`: those in
/// cooldown never.
fn may_try(refuses: bool, plan: &Plan) -> Result<(), Refusal> {
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

/// Ranks candidates, level by level, and records the choices.
struct Chooser<'a> {
    canonical: &'a Arc<Canonical>,
    group: Box<str>,
    /// The configured strategy, and `simple-shuffle` in case the former is missing or fails.
    strategies: [Option<&'a Arc<Strategy>>; 2],
    recorder: Option<&'a Recorder>,
    exclusions: Exclusions,
    now: Moment,
}

impl<'a> Chooser<'a> {
    fn new(
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
            exclusions: Exclusions::told_to(recorder),
            now,
        }
    }

    /// The candidates of a level, best first; in the order of the configuration if no strategy can rank them.
    ///
    /// # Errors
    /// A strategy says that none should be tried.
    fn choose(&mut self, level: Found) -> Result<Vec<Candidate>, Refusal> {
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
            exclusions: self.exclusions.take(),
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

fn unknown(snapshot: &Snapshot, canonical: &Canonical) -> Refusal {
    let groups = &snapshot.groups;
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
