//! The side of the process that loads.

use std::io::{self, Read, Write};
use std::panic::catch_unwind;
use std::process::ExitCode;

use rustix::process::{Resource, Rlimit, Signal, nice, set_parent_process_death_signal, setrlimit};
use sha2::{Digest, Sha256};

use super::Answer;
use crate::plugin::Host;
use crate::plugin::load::{BYTES_MAX, LoadError};

/// The first argument of a process that loads; its bounds follow.
pub const ARGUMENT: &str = "load-component";

/// Behind the threads that serve.
const NICENESS: i32 = 10;

/// Stack of the thread that compiles: the usual one.
const STACK_BYTES: u64 = 8 << 20;

/// Loads the component on standard input with at most so much memory and CPU time, and answers on standard output.
#[must_use]
pub fn run(memory_bytes: u64, seconds: u64) -> ExitCode {
    // Whoever reads the output would take a panic's message for an answer.
    std::panic::set_hook(Box::new(|_| {}));
    let done = limit(memory_bytes, seconds).and_then(|()| {
        let loaded = catch_unwind(load).unwrap_or_else(|_| Err("the compiler panics at it".into()));
        answer(loaded)
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => ExitCode::FAILURE,
    }
}

/// Limits this process, and lets it end when the gateway ends.
fn limit(memory_bytes: u64, seconds: u64) -> io::Result<()> {
    let at_most = |most: u64, then: u64| Rlimit {
        current: Some(most),
        maximum: Some(then),
    };
    set_parent_process_death_signal(Some(Signal::KILL))?;
    // The signal of the first limit can be told from others, the second one ends the process in any case.
    setrlimit(Resource::Cpu, at_most(seconds, seconds + 1))?;
    setrlimit(Resource::Data, at_most(memory_bytes, memory_bytes))?;
    setrlimit(Resource::Stack, at_most(STACK_BYTES, STACK_BYTES))?;
    setrlimit(Resource::Core, at_most(0, 0))?;
    // It opens no file; the compiler keeps code in memory that counts as one.
    setrlimit(Resource::Fsize, at_most(memory_bytes, memory_bytes))?;
    nice(NICENESS)?;
    Ok(())
}

fn load() -> Result<(Answer, Vec<u8>), String> {
    let mut bytes = Vec::new();
    let read = io::stdin().take(BYTES_MAX as u64 + 1).read_to_end(&mut bytes);
    read.map_err(|error| error.to_string())?;
    let host = Host::start_small().map_err(|error| format!("{error:#}"))?;
    let (about, compiled) = host.examine(&bytes).map_err(|error: LoadError| error.to_string())?;
    let code = compiled.serialize().map_err(|error| format!("{error:#}"))?;
    let answer = Answer::Loaded {
        about: Box::new(about),
        sha256: format!("{:x}", Sha256::digest(&bytes)),
    };
    Ok((answer, code))
}

fn answer(loaded: Result<(Answer, Vec<u8>), String>) -> io::Result<()> {
    let (answer, code) = loaded.unwrap_or_else(|refused| (Answer::Refused(refused), Vec::new()));
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    let mut output = io::stdout().lock();
    output.write_all(&line)?;
    output.write_all(&code)?;
    output.flush()
}
