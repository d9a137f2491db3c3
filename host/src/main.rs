//! The `sluice` program: arguments, logging, start, stop.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
