//! Strategies on virtual time.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use parking_lot::Mutex;

use super::{Offline, sentences};
use crate::config::settings;
use crate::decisions::Recorder;
use crate::decisions::read::{ReadError, Reader, Told};
use crate::plugin::{Component, Kind};
use crate::run::{Options, StartError};
use crate::simulate::{self, Arrival, Scenario};
use crate::worker;

/// What is simulated, beside the configuration.
#[derive(Debug, Clone)]
pub struct Simulation {
    pub scenario: Scenario,
    /// Plugins' names; none: all strategies that need no settings, and the configured one.
    pub strategies: Vec<String>,
    /// Recorded decisions, whose exchanges come again in place of the scenario's.
    pub trace: Option<PathBuf>,
    /// Where choices are recorded; one strategy at a time.
    pub decisions: Option<PathBuf>,
}

/// Why nothing can be simulated.
#[derive(Debug, thiserror::Error)]
pub enum SimulateError {
    #[error(transparent)]
    Start(#[from] StartError),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("{0}")]
    Setting(String),
}

/// Lets every strategy meet the same exchanges, on virtual time.
///
/// # Errors
/// The configuration cannot be used, a strategy is not there, the trace cannot be read.
pub fn simulate(options: &Options, simulation: &Simulation) -> Result<Vec<simulate::Report>, SimulateError> {
    let offline = Offline::open(options)?;
    simulation.scenario.check().map_err(SimulateError::Setting)?;
    let trace = simulation.trace.as_deref().map(arrivals).transpose()?;
    let names = match simulation.strategies.is_empty() {
        true => offline.strategies(options),
        false => simulation.strategies.clone(),
    };
    if simulation.decisions.is_some() && names.len() > 1 {
        let reason = "choices of several strategies at once cannot be recorded: name one with --strategy";
        return Err(SimulateError::Setting(reason.into()));
    }
    let reports: Vec<Mutex<Option<Result<simulate::Report, String>>>> =
        names.iter().map(|_| Mutex::default()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let _inside = offline.background.enter();
        while let Some((name, report)) = {
            let index = next.fetch_add(1, Ordering::Relaxed);
            names.get(index).zip(reports.get(index))
        } {
            *report.lock() = Some(offline.play(options, simulation, trace.as_deref(), name));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..worker::cores().min(names.len()) {
            scope.spawn(work);
        }
    });
    let reports = reports.into_iter().filter_map(Mutex::into_inner);
    reports.map(|report| report.map_err(SimulateError::Setting)).collect()
}

/// The exchanges of recorded decisions.
fn arrivals(file: &Path) -> Result<Vec<Arrival>, ReadError> {
    let mut begun: HashMap<String, (u64, bool, u32)> = HashMap::new();
    let mut arrivals = Vec::new();
    for told in Reader::open(file)?.flatten() {
        match told {
            Told::Choice(decision) => {
                let line = decision.line;
                begun
                    .entry(line.exchange)
                    .or_insert((line.started_ms, line.stream, line.prompt_tokens));
            }
            Told::Exchange(end) => {
                if let Some((at, is_streaming, prompt_tokens)) = begun.remove(&end.exchange) {
                    let completion_tokens = u32::try_from(end.completion_tokens).unwrap_or(u32::MAX);
                    arrivals.push((at, is_streaming, prompt_tokens, completion_tokens.max(1)));
                }
            }
        }
    }
    arrivals.sort_unstable();
    let first = arrivals.first().map_or(0, |(at, ..)| *at);
    let since = |at: u64| Duration::from_millis(at - first).as_secs_f64();
    let arrival = |(at, is_streaming, prompt_tokens, completion_tokens): (u64, bool, u32, u32)| Arrival {
        at: since(at),
        is_streaming,
        prompt_tokens,
        completion_tokens,
    };
    Ok(arrivals.into_iter().map(arrival).collect())
}

impl Offline {
    /// All strategies that rank without rules of their operator's, and the configured one, which has its own.
    fn strategies(&self, options: &Options) -> Vec<String> {
        let (_, snapshot) = self.snapshot(&self.builder(), options);
        let configured = snapshot.map(|snapshot| snapshot.settings.router.ranking.strategy.clone());
        let registry = self.library.registry();
        let ranks = |component: &Component| component.is(Kind::Strategy) && !component.constrains();
        let all = registry.components.iter();
        let names = all.filter(|(name, component)| Some(name.as_ref()) == configured.as_deref() || ranks(component));
        names.map(|(name, _)| name.to_string()).collect()
    }

    /// One strategy's simulation.
    fn play(
        &self,
        options: &Options,
        simulation: &Simulation,
        trace: Option<&[Arrival]>,
        name: &str,
    ) -> Result<simulate::Report, String> {
        let builder = self.builder();
        let (_, snapshot) = self.snapshot(&builder, options);
        let snapshot = snapshot.ok_or("the configuration cannot be used; `sluice check` says why")?;
        let configured = &snapshot.settings.router.ranking;
        let arguments = if configured.strategy == name {
            &*configured.args
        } else {
            "{}"
        };
        let component = self.component(&snapshot.registry, name)?;
        let mut faults = Vec::new();
        let strategy = builder.strategy_pool(&self.plugins, &component, arguments, &mut faults);
        let strategy = strategy.ok_or_else(|| sentences(&faults))?;
        let deployments = snapshot.groups.deployments();
        let first = deployments.first().map(|deployment| deployment.settings.group.as_str());
        let model = simulation.scenario.model.as_deref().or(first);
        let model = model.ok_or("the configuration has no deployment to simulate")?;
        if snapshot.groups.find(model).is_none() {
            return Err(format!(
                "no model group is called `{model}`: the scenario's `model` must be one"
            ));
        }
        let recorder = simulation.decisions.as_ref().map(|file| {
            let settings = settings::Decisions {
                file: file.clone(),
                bytes_max: u64::MAX,
            };
            let opened = Recorder::open(&settings, self.metrics.decisions_dropped.clone());
            opened.map_err(|error| format!("{}: {error}", file.display()))
        });
        let mut recorder = recorder.transpose()?;
        if let Some(recorder) = &mut recorder {
            recorder.is_patient = true;
        }
        let setting = simulate::Setting {
            snapshot: &snapshot,
            scenario: &simulation.scenario,
            strategy: &strategy,
            model,
            recorder: recorder.as_ref(),
        };
        Ok(match trace {
            Some(trace) => simulate::run(&setting, trace.iter().copied()),
            None => simulate::run(&setting, simulation.scenario.arrivals()),
        })
    }
}
