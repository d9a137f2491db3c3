//! The command line: flags as LiteLLM's users type them, each honoured, accepted without effect, or refused by name.

mod flags;
mod greeting;
mod logging;
mod offline;
mod plugin;

use std::io::Write;
use std::process::ExitCode;

use clap::Parser;
use sluice::config::{Severity, digest};
use sluice::{Options, StartError};

use flags::{Cli, Command, Usage};

/// A mistake in flags or configuration, as `EX_USAGE` and `EX_CONFIG` of sysexits.h are to scripts: 2.
const MISTAKE: u8 = 2;

/// The whole program.
pub fn run() -> ExitCode {
    let cli = Cli::parse();
    match cli.command.clone() {
        Some(Command::LoadComponent { memory_bytes, seconds }) => sluice::plugin::apart::run(memory_bytes, seconds),
        Some(Command::Check { file, strict, notes }) => check(&cli.for_check(file, strict), notes),
        Some(Command::Health) => match cli.options() {
            Ok(options) => health(&options),
            Err(Usage(sentence)) => mistake(&sentence),
        },
        Some(command) => match cli.options() {
            Ok(options) => offline::run(command, options),
            Err(Usage(sentence)) => mistake(&sentence),
        },
        None => match cli.options() {
            Ok(options) if cli.validate_config => check(&options, false),
            Ok(options) => serve(&cli, options),
            Err(Usage(sentence)) => mistake(&sentence),
        },
    }
}

fn mistake(sentence: &str) -> ExitCode {
    eprintln!("sluice: {sentence}");
    ExitCode::from(MISTAKE)
}

/// A closed pipe (`| head`) is no reason to fail.
fn print(text: &dyn std::fmt::Display) {
    let _ = write!(std::io::stdout().lock(), "{text}");
}

/// `sluice check`: what is wrong, what is alike in one line, and a sentence that says what to do.
fn check(options: &Options, with_notes: bool) -> ExitCode {
    logging::silent();
    match sluice::check(options) {
        Ok(checked) => {
            let mut out = std::io::stdout().lock();
            let groups = digest::grouped(&checked.problems);
            let (notes, urgent): (Vec<_>, Vec<_>) =
                groups.iter().partition(|group| group.first.severity == Severity::Note);
            // A closed pipe (`| head`) is no reason to fail.
            for group in urgent {
                let _ = writeln!(out, "{group}");
            }
            for fault in &checked.faults {
                let _ = writeln!(out, "warning: {fault}");
            }
            for group in notes.iter().filter(|_| with_notes) {
                let _ = writeln!(out, "{group}");
            }
            if !with_notes && !notes.is_empty() {
                let _ = writeln!(
                    out,
                    "note: some of it has no effect, or not yet: `sluice check --notes` lists it"
                );
            }
            let verdict = digest::verdict(&checked.problems, checked.faults.len(), checked.is_usable);
            let _ = writeln!(out, "{verdict}");
            if checked.is_usable {
                ExitCode::SUCCESS
            } else {
                ExitCode::FAILURE
            }
        }
        Err(error) => mistake(&error.to_string()),
    }
}

/// `sluice health`: 0 where the gateway serves, else 1 and the reason.
fn health(options: &Options) -> ExitCode {
    match sluice::health(options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sluice: {error}");
            ExitCode::FAILURE
        }
    }
}

fn serve(cli: &Cli, options: Options) -> ExitCode {
    let _log = match logging::start(cli.verbosity()) {
        Ok(log) => log,
        Err(error) => return mistake(&format!("logging could not be started: {error}")),
    };
    for sentence in cli.without_effect() {
        tracing::warn!("{sentence}");
    }
    let started = std::time::Instant::now();
    let running = match sluice::start(options) {
        Ok(running) => running,
        Err(error @ StartError::Configuration(_)) => return mistake(&error.to_string()),
        Err(error) => {
            eprintln!("sluice: {error}");
            return ExitCode::FAILURE;
        }
    };
    greeting::print(&running, started.elapsed(), cli.config.as_deref());
    if cli.skip_server_startup {
        running.stop();
        return ExitCode::SUCCESS;
    }
    if wait_for_signal() == Signal::Terminate {
        tracing::info!("stopping: readiness says no, connections are still taken for `drain_delay_ms`");
        running.drain();
    }
    tracing::info!("stopping: streams may end, nothing new begins");
    running.stop();
    ExitCode::SUCCESS
}

#[derive(PartialEq)]
enum Signal {
    /// SIGTERM, from an orchestrator.
    Terminate,
    /// SIGINT, from a terminal.
    Interrupt,
}

fn wait_for_signal() -> Signal {
    use tokio::signal::unix::{SignalKind, signal};
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a second runtime needs no more of the machine than the first");
    runtime.block_on(async {
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(mut terminate), Ok(mut interrupt)) => {
                tokio::select! {
                    _ = terminate.recv() => Signal::Terminate,
                    _ = interrupt.recv() => Signal::Interrupt,
                }
            }
            // Without handlers the signals end the process, which is what they are for.
            _ => std::future::pending().await,
        }
    })
}
