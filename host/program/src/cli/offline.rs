//! Commands that look back: `explain`, `replay`; and ahead: `simulate`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sluice::decisions::explain;
use sluice::simulate::report::Table;
use sluice::simulate::{Scenario, fleet, plot};
use sluice::{Options, Simulation, Source};

use super::flags::{Command, Simulate};
use super::{logging, mistake, plugin, print};

pub fn run(command: Command, options: Options) -> ExitCode {
    logging::silent();
    match command {
        // They are dealt with before.
        Command::LoadComponent { .. } | Command::Check { .. } | Command::Health => ExitCode::SUCCESS,
        Command::Explain { id, decisions } => explain(&id, decisions, &options),
        Command::Replay { file, strategy } => replay(&options, &file, strategy.as_deref()),
        Command::Plugin(asked) => plugin::run(asked, &options),
        Command::Simulate(asked) => simulate(options, asked),
    }
}

fn explain(id: &str, decisions: Option<PathBuf>, options: &Options) -> ExitCode {
    let Some(file) = decisions.or_else(|| sluice::decisions_file(options)) else {
        return mistake(
            "where decisions are recorded is not known: give --decisions FILE, or a --config with `sluice.decisions`",
        );
    };
    let mut older = file.clone().into_os_string();
    older.push(".1");
    let older = PathBuf::from(older);
    for file in [&file, &older] {
        match explain::explain(file, id) {
            Ok(Some(explanation)) => {
                print(&explanation);
                return ExitCode::SUCCESS;
            }
            Ok(None) => {}
            // There is an older file only once the first was full.
            Err(_) if *file == older => {}
            Err(error) => return mistake(&error.to_string()),
        }
    }
    mistake(&format!("{} says nothing of exchange `{id}`", file.display()))
}

fn replay(options: &Options, file: &Path, strategy: Option<&str>) -> ExitCode {
    match sluice::replay(options, file, strategy) {
        Ok(report) => {
            print(&report);
            if strategy.is_some() || report.is_exact() {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => mistake(&error.to_string()),
    }
}

/// Exchanges where nothing else says how many.
const FLEET_EXCHANGES: u64 = 100_000;

fn simulate(mut options: Options, asked: Simulate) -> ExitCode {
    let scenario = match (&asked.load, asked.fleet) {
        (Some(file), _) => match scenario(file) {
            Ok(scenario) => scenario,
            Err(sentence) => return mistake(&sentence),
        },
        (None, Some(count)) => {
            options.source = Source::Text {
                text: fleet::configuration(count),
                directory: PathBuf::new(),
            };
            fleet::scenario(count, asked.exchanges.unwrap_or(FLEET_EXCHANGES))
        }
        (None, None) => Scenario::default(),
    };
    let simulation = Simulation {
        scenario: Scenario {
            exchanges: asked.exchanges.unwrap_or(scenario.exchanges),
            ..scenario
        },
        strategies: asked.strategy,
        trace: asked.trace,
        decisions: asked.decisions,
    };
    let reports = match sluice::simulate(&options, &simulation) {
        Ok(reports) => reports,
        Err(error) => return mistake(&error.to_string()),
    };
    print(&Table(&reports));
    let Some(file) = &asked.plot else {
        return ExitCode::SUCCESS;
    };
    let exchanges = reports.first().map_or(0, |report| report.exchanges);
    let title = match asked.fleet {
        Some(count) => format!("{exchanges} simulated exchanges, {count} deployments"),
        None => format!("{exchanges} simulated exchanges"),
    };
    match std::fs::write(file, plot::svg(&title, &reports)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => mistake(&format!("{}: {error}", file.display())),
    }
}

fn scenario(file: &Path) -> Result<Scenario, String> {
    let text = std::fs::read_to_string(file).map_err(|error| format!("{}: {error}", file.display()))?;
    serde_yaml::from_str(&text).map_err(|error| format!("{}: {error}", file.display()))
}
