//! The `sluice` program: arguments, logging, start, stop.

mod cli;

use std::process::ExitCode;

/// Chosen by the benchmark: an exchange is some hundred small allocations.
#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

fn main() -> ExitCode {
    cli::run()
}
