//! Commands that look back: `explain`, `replay`.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use sluice::Options;
use sluice::decisions::explain;

use super::flags::Command;
use super::{logging, mistake, print};

pub fn run(command: Command, options: &Options) -> ExitCode {
    logging::silent();
    match command {
        // It has flags of its own, and is dealt with before.
        Command::Check { .. } => ExitCode::SUCCESS,
        Command::Explain { id, decisions } => explain(&id, decisions, options),
        Command::Replay { file, strategy } => replay(options, &file, strategy.as_deref()),
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
