//! Virtual time, and the exchanges that pass in it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;

use super::report::{Report, Tally};
use super::scenario::{Arrival, Scenario};
use super::site::{Outcome, Site};
use crate::canonical::Canonical;
use crate::decisions::Recorder;
use crate::deployment::{Candidate, Deployment, Failure, InFlight};
use crate::exchange::Refusal;
use crate::exchange::policy::attempts::{Attempts, Facts, Ranked, Then};
use crate::exchange::policy::retry::Retries;
use crate::exchange::policy::{GroupNames, blame, time_limits};
use crate::exchange::route::{self, Routing};
use crate::json::{self, Fields, Limits};
use crate::moment::Moment;
use crate::plugin::kinds::strategy::Strategy;
use crate::snapshot::Snapshot;

/// The beginning: a day like any other, at the full minute.
const BEGINNING: Duration = Duration::from_secs(1_800_000_000);

/// An attempt that hangs is given up after so long, where the configuration would wait for longer.
const LIMIT_MAX: Duration = Duration::from_secs(600);

/// Health checks of one deployment are no closer together.
const HEALTH_CHECKS_APART_MIN: Duration = Duration::from_secs(1);

/// What is simulated.
pub struct Setting<'a> {
    pub snapshot: &'a Snapshot,
    pub scenario: &'a Scenario,
    pub strategy: &'a Arc<Strategy>,
    /// The model group that is asked.
    pub model: &'a str,
    /// Where choices are recorded, if anywhere.
    pub recorder: Option<&'a Recorder>,
}

/// Lets the exchanges come, and all of them end.
pub fn run(setting: &Setting<'_>, arrivals: impl Iterator<Item = Arrival>) -> Report {
    let mut world = World::new(setting);
    for (index, arrival) in arrivals.enumerate() {
        world.pass_until(seconds(arrival.at));
        world.now = seconds(arrival.at);
        world.arrive(index, arrival);
    }
    world.pass_until(Duration::MAX);
    world.report()
}

struct World<'a> {
    setting: &'a Setting<'a>,
    /// Since the beginning.
    now: Duration,
    sites: Vec<Site>,
    /// A deployment's site, by its address.
    site_of: HashMap<usize, usize>,
    flights: Vec<Option<Flight<'a>>>,
    free: Vec<usize>,
    /// What comes next: when, in which order it was said, what.
    queue: BinaryHeap<Reverse<(Duration, u64, Due)>>,
    said: u64,
    tally: Tally,
    /// A request's tags, and spaces.
    body: Bytes,
    fields: Fields,
    fields_end: usize,
}

/// What is due at a time.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Due {
    /// An exchange goes on: by its place.
    Exchange(usize),
    /// A deployment's health check: by its site.
    HealthCheck(usize),
}

/// An exchange under way.
struct Flight<'a> {
    index: usize,
    asked: Arrival,
    canonical: Arc<Canonical>,
    attempts: Attempts<'a>,
    made: u32,
    /// `None` while it waits to be ranked anew.
    attempt: Option<Attempt>,
}

struct Attempt {
    candidate: Candidate,
    site: usize,
    in_flight: InFlight,
    outcome: Outcome,
}

impl<'a> World<'a> {
    fn new(setting: &'a Setting<'a>) -> Self {
        let deployments = setting.snapshot.groups.deployments();
        let site = |deployment: &Arc<Deployment>| Site::new(Arc::clone(deployment), &setting.scenario.deployments);
        let addresses = deployments.iter().map(|deployment| Arc::as_ptr(deployment).addr());
        let tags = serde_json::json!({ "tags": setting.scenario.tags }).to_string();
        let mut world = Self {
            setting,
            now: Duration::ZERO,
            sites: deployments.iter().map(site).collect(),
            site_of: addresses.enumerate().map(|(index, address)| (address, index)).collect(),
            flights: Vec::new(),
            free: Vec::new(),
            queue: BinaryHeap::new(),
            said: 0,
            tally: Tally::default(),
            fields: json::scan(tags.as_bytes(), Limits::ceiling()).unwrap_or_else(|_| Canonical::empty().fields),
            fields_end: tags.len(),
            body: tags.into(),
        };
        let rules = &setting.snapshot.settings.health_checks;
        for (site, deployment) in deployments.iter().enumerate() {
            if rules.cover(&deployment.settings) {
                world.say(Duration::ZERO, Due::HealthCheck(site));
            }
        }
        world
    }

    fn moment(&self) -> Moment {
        Moment::after_epoch(BEGINNING + self.now)
    }

    /// All that happens before this time. Health checks alone are nothing to wait for.
    fn pass_until(&mut self, end: Duration) {
        while let Some(Reverse((at, _, due))) = self.queue.peek().copied() {
            let is_idle = self.free.len() == self.flights.len();
            if at > end || end == Duration::MAX && is_idle {
                return;
            }
            self.queue.pop();
            self.now = at;
            match due {
                Due::Exchange(place) => self.go_on(place),
                Due::HealthCheck(site) => self.check_up(site),
            }
        }
    }

    fn check_up(&mut self, site: usize) {
        let (elapsed, now) = (self.now.as_secs_f64(), self.moment());
        let played = &self.sites[site];
        let finding = played.check_up(elapsed, now);
        played.deployment.health.health_check.found(finding);
        let interval = self.setting.snapshot.settings.health_checks.interval;
        self.say(self.now + interval.max(HEALTH_CHECKS_APART_MIN), Due::HealthCheck(site));
    }

    fn arrive(&mut self, index: usize, asked: Arrival) {
        let canonical = self.canonical(index, &asked);
        let ranked = match self.rank(&canonical, &[]) {
            Some(ranked) => ranked,
            None => return self.tally.failed(),
        };
        let settings = &self.setting.snapshot.settings;
        let own = ranked.front().and_then(|first| first.deployment.settings.num_retries);
        let retries = Retries::new(&settings.router.retries, None, own);
        let flight = Flight {
            index,
            asked,
            canonical,
            attempts: Attempts::new(retries, ranked, &[]),
            made: 0,
            attempt: None,
        };
        let place = self.free.pop().unwrap_or_else(|| {
            self.flights.push(None);
            self.flights.len() - 1
        });
        self.try_next(flight, place);
    }

    /// A request of this length, of which strategies see nothing else but its tags.
    fn canonical(&mut self, index: usize, asked: &Arrival) -> Arc<Canonical> {
        let bytes = asked.prompt_tokens as usize * 4;
        if self.body.len() < bytes {
            let mut longer = self.body.to_vec();
            longer.resize(bytes, b' ');
            self.body = longer.into();
        }
        Arc::new(Canonical {
            id: format!("simulated-{index}").into(),
            group: self.setting.model.into(),
            is_streaming: asked.is_streaming,
            body: self.body.slice(..bytes.max(self.fields_end)),
            fields: self.fields.clone(),
            seed: Rng::with_seed(self.setting.scenario.seed ^ ((index as u64) << 20)).u32(..),
            started_ms: self.moment().millis(),
            ..Canonical::empty()
        })
    }

    /// The deployments to try; `None` if there are none.
    fn rank(&self, canonical: &Arc<Canonical>, without: &[Arc<Deployment>]) -> Option<Ranked> {
        let snapshot = self.setting.snapshot;
        let routing = Routing {
            snapshot,
            canonical,
            names: self.names(None),
            without,
            strategy: Some(self.setting.strategy),
            recorder: self.setting.recorder,
            now: self.moment(),
        };
        let ranked = routing.rank(snapshot.groups.find(&canonical.group)?).ok()?;
        (!ranked.is_empty()).then_some(ranked)
    }

    fn names<'n>(&'n self, tried_last: Option<&'n Candidate>) -> GroupNames<'n> {
        GroupNames {
            asked: self.setting.model,
            found: None,
            tried_last: tried_last.map(|candidate| candidate.deployment.settings.group.as_str()),
        }
    }

    /// What an exchange waited for is there: the outcome of an attempt, or the end of a wait.
    fn go_on(&mut self, place: usize) {
        let Some(mut flight) = self.flights[place].take() else {
            return;
        };
        match flight.attempt.take() {
            Some(attempt) => self.end_attempt(flight, place, attempt),
            None => match self.rank(&flight.canonical, flight.attempts.excluded()) {
                Some(ranked) => {
                    flight.attempts.rank_again(ranked);
                    self.try_next(flight, place);
                }
                None => self.fail(place),
            },
        }
    }

    /// Begins the next attempt.
    fn try_next(&mut self, mut flight: Flight<'a>, place: usize) {
        let now = self.moment();
        let Some(candidate) = flight.attempts.next(now) else {
            return self.fail(place);
        };
        let site = self.site_of[&Arc::as_ptr(&candidate.deployment).addr()];
        flight.made += 1;
        let in_flight = candidate.deployment.health.begin(now);
        let limit = self.limit(&candidate, flight.asked.is_streaming);
        let mut random = self.random(&flight, site);
        let elapsed = self.now.as_secs_f64();
        let outcome = self.sites[site].attempt(&flight.asked, elapsed, now, limit, &mut random);
        self.say(self.now + outcome.after, Due::Exchange(place));
        flight.attempt = Some(Attempt {
            candidate,
            site,
            in_flight,
            outcome,
        });
        self.flights[place] = Some(flight);
    }

    /// Numbers of this attempt's own, so that strategies meet the same luck.
    fn random(&self, flight: &Flight, site: usize) -> Rng {
        let mixed = (flight.index as u64) << 24 ^ (site as u64) << 4 ^ u64::from(flight.made);
        Rng::with_seed(self.setting.scenario.seed.rotate_left(32) ^ mixed)
    }

    /// The gateway's own limit: to the first token of a stream, to the whole of another answer.
    fn limit(&self, candidate: &Candidate, is_streaming: bool) -> Duration {
        let settings = &self.setting.snapshot.settings;
        let asked = time_limits::Asked::default();
        let (own, silence) = (&candidate.deployment.settings, settings.upstream.chunk_timeout);
        let limits = time_limits::of_attempt(asked, own, &settings.router, silence, is_streaming);
        limits.first_byte.or(limits.whole).unwrap_or(LIMIT_MAX).min(LIMIT_MAX)
    }

    fn end_attempt(&mut self, flight: Flight<'a>, place: usize, attempt: Attempt) {
        let now = self.moment();
        let deployment = &self.sites[attempt.site].deployment;
        let router = &self.setting.snapshot.settings.router;
        match attempt.outcome.result {
            Ok(success) => {
                attempt.in_flight.answered(router.cooldowns.ramp, now);
                let tokens = flight.asked.prompt_tokens + flight.asked.completion_tokens;
                deployment.health.succeeded(success, now);
                deployment.health.used(tokens.into(), now);
                let took = self.now - seconds(flight.asked.at);
                let to_first = success
                    .first_token
                    .map(|first| (took + first).saturating_sub(success.whole));
                self.tally
                    .answered(took, to_first, flight.made, cost(deployment, &flight.asked));
                self.free.push(place);
            }
            Err(refusal) => {
                self.blame(deployment, &refusal, &attempt.in_flight);
                drop(attempt.in_flight);
                self.follow(flight, place, attempt.candidate, attempt.site, &refusal);
            }
        }
    }

    fn blame(&self, deployment: &Deployment, refusal: &Refusal, in_flight: &InFlight) {
        let Some(kind) = blame::kind(refusal.cause, deployment, time_limits::Asked::default()) else {
            return;
        };
        let snapshot = self.setting.snapshot;
        let failure = Failure {
            kind,
            retry_after: refusal.retry_after,
            message: &refusal.message,
            is_alone: snapshot.groups.size_of(&deployment.settings.group) < 2,
            has_fallbacks: false,
        };
        let (own, rules) = (deployment.own_cooldown(), &snapshot.settings.router.cooldowns);
        deployment
            .health
            .failed(&failure, in_flight.probe(), own, rules, self.moment());
    }

    /// What follows a failed attempt. Fallbacks are not simulated.
    fn follow(&mut self, mut flight: Flight<'a>, place: usize, failed: Candidate, site: usize, refusal: &Refusal) {
        let snapshot = self.setting.snapshot;
        let facts = Facts {
            names: self.names(Some(&failed)),
            has_attempts_left: flight.made < snapshot.settings.upstream.attempts_max,
            has_fallbacks: false,
            random: self.random(&flight, site).f64(),
        };
        match flight.attempts.failed(failed.clone(), refusal, &facts) {
            Then::TryNext => self.try_next(flight, place),
            Then::RankAgain(wait)
                if route::has_others(snapshot, &flight.canonical, flight.attempts.excluded(), self.moment()) =>
            {
                self.say(self.now + wait, Due::Exchange(place));
                self.flights[place] = Some(flight);
            }
            Then::RankAgain(_) | Then::GiveUp => self.fail(place),
        }
    }

    fn fail(&mut self, place: usize) {
        self.tally.failed();
        self.free.push(place);
    }

    fn say(&mut self, at: Duration, due: Due) {
        self.said += 1;
        self.queue.push(Reverse((at, self.said, due)));
    }

    fn report(self) -> Report {
        let loads = self.sites.iter().map(|site| site.busy_s / f64::from(site.capacity()));
        let name = self.setting.strategy.name().to_owned();
        self.tally.report(name, self.now, loads)
    }
}

/// USD; NaN where prices are not known.
fn cost(deployment: &Deployment, asked: &Arrival) -> f64 {
    let tokens = [asked.prompt_tokens, asked.completion_tokens].map(f64::from);
    (tokens[0] * deployment.input_usd_per_million() + tokens[1] * deployment.output_usd_per_million()) / 1e6
}

fn seconds(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds).unwrap_or(Duration::MAX)
}
