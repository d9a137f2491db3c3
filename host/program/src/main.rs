//! The `sluice` program: arguments, logging, start, stop.

#[cfg(feature = "jemalloc")]
mod allocator;
mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
