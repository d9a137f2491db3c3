//! Virtual time, and the exchanges that pass in it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;

use super::report::{Report, Tally};
use super::scenario::{Arrival, Scenario};
use super::site::{Outcome, Site, Trip};
use crate::canonical::Canonical;
use crate::decisions::Recorder;
use crate::deployment::{Candidate, Deployment, Failure, InFlight};
use crate::exchange::route::plan::Plan;
use crate::exchange::route::{self, Chooser, Ranked};
use crate::moment::Moment;
use crate::plugin::strategy::Strategy;
use crate::snapshot::Snapshot;

/// The beginning: a day like any other, at the full minute.
const BEGINNING: Duration = Duration::from_secs(1_800_000_000);

/// An attempt that hangs is given up after so long, where the configuration would wait for longer.
const LIMIT_MAX: Duration = Duration::from_secs(600);

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
    flights: Vec<Option<Flight>>,
    free: Vec<usize>,
    /// What comes next: when, in which order it was said, for which flight.
    queue: BinaryHeap<Reverse<(Duration, u64, usize)>>,
    said: u64,
    tally: Tally,
    body: Bytes,
}

/// An exchange under way.
struct Flight {
    index: usize,
    asked: Arrival,
    canonical: Arc<Canonical>,
    ranked: Ranked,
    made: u32,
    /// `None` while it waits to be ranked anew.
    attempt: Option<Attempt>,
}

struct Attempt {
    site: usize,
    in_flight: InFlight,
    outcome: Outcome,
}

impl<'a> World<'a> {
    fn new(setting: &'a Setting<'a>) -> Self {
        let deployments = setting.snapshot.groups.deployments();
        let site = |deployment: &Arc<Deployment>| Site::new(Arc::clone(deployment), &setting.scenario.deployments);
        let addresses = deployments.iter().map(|deployment| Arc::as_ptr(deployment).addr());
        Self {
            setting,
            now: Duration::ZERO,
            sites: deployments.iter().map(site).collect(),
            site_of: addresses.enumerate().map(|(index, address)| (address, index)).collect(),
            flights: Vec::new(),
            free: Vec::new(),
            queue: BinaryHeap::new(),
            said: 0,
            tally: Tally::default(),
            body: Bytes::from_static(b"{}"),
        }
    }

    fn moment(&self) -> Moment {
        Moment::after_epoch(BEGINNING + self.now)
    }

    /// All that happens before this time.
    fn pass_until(&mut self, end: Duration) {
        while let Some(Reverse((at, _, flight))) = self.queue.peek().copied() {
            if at > end {
                return;
            }
            self.queue.pop();
            self.now = at;
            let Some(mut due) = self.flights[flight].take() else {
                continue;
            };
            let goes_on = match due.attempt.take() {
                Some(attempt) => self.end_attempt(&mut due, attempt),
                None => self.rank(&mut due),
            };
            match goes_on && self.try_next(&mut due, flight) {
                true => self.flights[flight] = Some(due),
                false => self.free.push(flight),
            }
        }
    }

    fn arrive(&mut self, index: usize, asked: Arrival) {
        let mut flight = Flight {
            index,
            asked,
            canonical: self.canonical(index, &asked),
            ranked: Ranked::new(),
            made: 0,
            attempt: None,
        };
        let place = self.free.pop().unwrap_or_else(|| {
            self.flights.push(None);
            self.flights.len() - 1
        });
        let is_under_way = self.rank(&mut flight) && self.try_next(&mut flight, place);
        match is_under_way {
            true => self.flights[place] = Some(flight),
            false => self.free.push(place),
        }
    }

    /// A request of this length, of which strategies see nothing else.
    fn canonical(&mut self, index: usize, asked: &Arrival) -> Arc<Canonical> {
        let bytes = asked.prompt_tokens as usize * 4;
        if self.body.len() < bytes {
            let mut longer = b"{}".to_vec();
            longer.resize(bytes, b' ');
            self.body = longer.into();
        }
        let body = self.body.slice(..bytes.max(2));
        Arc::new(Canonical {
            id: format!("simulated-{index}").into(),
            group: self.setting.model.into(),
            is_streaming: asked.is_streaming,
            body,
            seed: Rng::with_seed(self.setting.scenario.seed ^ ((index as u64) << 20)).u32(..),
            started_ms: self.moment().millis(),
            ..Canonical::empty()
        })
    }

    /// Whether there is anyone to try.
    fn rank(&mut self, flight: &mut Flight) -> bool {
        let now = self.moment();
        let Setting {
            snapshot,
            strategy,
            recorder,
            ..
        } = self.setting;
        let Some(found) = snapshot.groups.find(&flight.canonical.group) else {
            self.tally.failed();
            return false;
        };
        let group = found.group.clone();
        let plan = Plan::of(found, flight.canonical.seed, now);
        let strategies = [Some(*strategy), snapshot.shuffle.as_ref()];
        let mut chooser = Chooser::new(&flight.canonical, group, strategies, *recorder, now);
        flight.ranked = route::by_plan(plan, &mut chooser).unwrap_or_default();
        if flight.ranked.is_empty() {
            self.tally.failed();
        }
        !flight.ranked.is_empty()
    }

    /// Begins the next attempt; false where there is none to begin.
    fn try_next(&mut self, flight: &mut Flight, place: usize) -> bool {
        let now = self.moment();
        let Some(candidate) = route::next(&mut flight.ranked, now) else {
            // All have failed: after a while the same ones may do better.
            let wait = Duration::from_millis(500) * (1 << flight.made.min(4));
            self.say(self.now + wait, place);
            return true;
        };
        let site = self.site_of[&Arc::as_ptr(&candidate.deployment).addr()];
        flight.made += 1;
        let in_flight = candidate.deployment.health.begin(now);
        let limit = self.limit(&candidate, flight.asked.is_streaming);
        let mixed = (flight.index as u64) << 24 ^ (site as u64) << 4 ^ u64::from(flight.made);
        let mut random = Rng::with_seed(self.setting.scenario.seed.rotate_left(32) ^ mixed);
        let elapsed = self.now.as_secs_f64();
        let outcome = self.sites[site].attempt(&flight.asked, elapsed, now, limit, &mut random);
        self.say(self.now + outcome.after, place);
        flight.attempt = Some(Attempt {
            site,
            in_flight,
            outcome,
        });
        true
    }

    /// The gateway's own limit: to the first token of a stream, to the whole of another answer.
    fn limit(&self, candidate: &Candidate, is_streaming: bool) -> Duration {
        let (own, router) = (&candidate.deployment.settings, &self.setting.snapshot.settings.router);
        let whole = own.timeout.unwrap_or(router.timeout);
        let first = own.stream_timeout.or(router.stream_timeout).unwrap_or(whole);
        (if is_streaming { first } else { whole }).min(LIMIT_MAX)
    }

    /// Whether the exchange goes on.
    fn end_attempt(&mut self, flight: &mut Flight, attempt: Attempt) -> bool {
        let now = self.moment();
        let Attempt {
            site,
            in_flight,
            outcome,
        } = attempt;
        let deployment = &self.sites[site].deployment;
        let router = &self.setting.snapshot.settings.router;
        match outcome.result {
            Ok(success) => {
                in_flight.answered(router.cooldowns.ramp, now);
                let tokens = flight.asked.prompt_tokens + flight.asked.completion_tokens;
                deployment.health.succeeded(success, now);
                deployment.health.used(tokens.into(), now);
                let took = self.now - seconds(flight.asked.at);
                let to_first = success
                    .first_token
                    .map(|first| (took + first).saturating_sub(success.whole));
                self.tally
                    .answered(took, to_first, flight.made, cost(deployment, &flight.asked));
                false
            }
            Err(Trip { kind, retry_after }) => {
                let failure = Failure {
                    kind,
                    retry_after,
                    message: "simulated",
                    is_alone: self.setting.snapshot.groups.size_of(&deployment.settings.group) < 2,
                    has_fallbacks: false,
                };
                let own = deployment.own_cooldown();
                deployment
                    .health
                    .failed(&failure, in_flight.probe(), own, &router.cooldowns, now);
                let goes_on = flight.made <= router.retries.count;
                if !goes_on {
                    self.tally.failed();
                }
                goes_on
            }
        }
    }

    fn say(&mut self, at: Duration, flight: usize) {
        self.said += 1;
        self.queue.push(Reverse((at, self.said, flight)));
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
