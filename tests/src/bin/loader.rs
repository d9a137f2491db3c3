//! Loads a component for a gateway in another process, as the `sluice` program does for itself.

use std::process::ExitCode;

fn main() -> ExitCode {
    let mut bounds = std::env::args().skip(2).map(|bound| bound.parse());
    match (bounds.next(), bounds.next()) {
        (Some(Ok(memory_bytes)), Some(Ok(seconds))) => sluice::plugin::apart::run(memory_bytes, seconds),
        _ => ExitCode::FAILURE,
    }
}
