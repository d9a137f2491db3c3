//! The benchmark: what a gateway costs over the least that a proxy costs, by the kernel's accounting, everything measured
//! in turn in one run. `tests/bench/README.md` says how to read it.
//!
//! In reading order: [`cases`] (what is measured), [`plans`] and [`gateway`] (on what), [`rounds`] and [`once`] (how),
//! [`load`], [`upstream`] and [`floor`] (with what), [`table`] and [`budget`] (what is printed), [`soak`] (the same gateway
//! for minutes, under reloads). Plugin calls alone are a program of their own, `plugins/main.rs`.

mod budget;
mod cases;
mod floor;
mod gateway;
mod load;
mod once;
mod plans;
mod process;
mod question;
mod reload;
mod rounds;
mod run;
mod soak;
mod table;
mod upstream;
mod wire;

use std::io::{IsTerminal, Write};
use std::net::SocketAddr;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tokio::task::LocalSet;

/// Measures Sluice against a proxy that does nothing, nginx, and whatever else is named.
#[derive(Debug, Parser)]
#[command(name = "sluice-bench")]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    run: run::Options,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Runs Sluice at half load, with a reload each second, and watches memory and failures
    Soak(soak::Options),
    /// Serves as the upstream
    Upstream { address: SocketAddr },
    /// Serves as the floor
    Floor { address: SocketAddr, upstream: SocketAddr },
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime can be made");
    let outcome = LocalSet::new().block_on(&runtime, async {
        match cli.command {
            None => run::run(&cli.run).await,
            Some(Command::Soak(options)) => soak::run(&options).await,
            Some(Command::Upstream { address }) => upstream::serve(address).await.map_err(|error| error.to_string()),
            Some(Command::Floor { address, upstream }) => {
                floor::serve(address, upstream).await.map_err(|error| error.to_string())
            }
        }
    });
    match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sluice-bench: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Says what is being done, on standard error: one line that changes on a terminal, a line each elsewhere.
fn say(what: &str) {
    let mut out = std::io::stderr();
    let _ = if out.is_terminal() {
        write!(out, "\r\x1b[K{what}")
    } else {
        writeln!(out, "{what}")
    };
}
