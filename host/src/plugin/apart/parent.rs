//! The gateway's side.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::process::ExitStatusExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use super::{ARGUMENT, Answer, Bounds};
use crate::plugin::about::About;
use crate::plugin::load::LoadError;

/// How long a component may take. The first time is short, so that those that take long do not keep others waiting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    First,
    Last,
}

/// Starts processes that load components.
#[derive(Debug, Clone)]
pub struct Loader {
    /// A program that calls [`super::run`] when its first argument is [`ARGUMENT`].
    program: PathBuf,
}

/// A component's code, and what is known of it.
pub struct Loaded {
    pub about: About,
    pub sha256: String,
    pub code: Vec<u8>,
}

/// Bytes of the line before the code: a manifest within its bounds, each character of it escaped.
const LINE_BYTES_MAX: u64 = 16 << 20;

impl Loader {
    pub fn new(program: PathBuf) -> Self {
        Self { program }
    }

    /// Loads a component.
    ///
    /// # Errors
    /// What is wrong with it; or the process needed more than it may, or could not be started.
    pub fn load(&self, component: File, patience: Patience) -> Result<Loaded, LoadError> {
        let bytes = component.metadata().map_err(LoadError::Unreadable)?.len();
        let bounds = Bounds::of(bytes, patience);
        let mut process = self.start(component, bounds).map_err(LoadError::NoProcess)?;
        let output = process.0.stdout.take();
        let read = output.map_or_else(|| Err(io::ErrorKind::BrokenPipe.into()), |output| read(output, bounds));
        if matches!(&read, Ok((_, code)) if code.len() as u64 > bounds.code_bytes) {
            let what = format!("its compiled code has more than {} MiB", bounds.code_bytes >> 20);
            return Err(LoadError::Apart(what));
        }
        let status = process.0.wait().map_err(LoadError::NoProcess)?;
        let answer = read.and_then(|(line, code)| Ok((serde_json::from_slice(&line)?, code)));
        match answer {
            Ok((Answer::Loaded { about, sha256 }, code)) if status.success() => Ok(Loaded {
                about: *about,
                sha256,
                code,
            }),
            Ok((Answer::Refused(what), _)) => Err(LoadError::Apart(what)),
            _ => Err(broken_off(status, bounds)),
        }
    }

    fn start(&self, component: File, bounds: Bounds) -> io::Result<Running> {
        Command::new(&self.program)
            .arg(ARGUMENT)
            .args([bounds.memory_bytes.to_string(), bounds.seconds.to_string()])
            .env_clear()
            .stdin(component)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .map(Running)
    }
}

/// A process that ends with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail if it has ended, which is what they are for.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The line and the code, of which one byte more than it may have.
fn read(output: ChildStdout, bounds: Bounds) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut output = BufReader::new(output);
    let (mut line, mut code) = (Vec::new(), Vec::new());
    output.by_ref().take(LINE_BYTES_MAX).read_until(b'\n', &mut line)?;
    output.take(bounds.code_bytes + 1).read_to_end(&mut code)?;
    Ok((line, code))
}

/// Why the process ended without an answer.
fn broken_off(status: ExitStatus, bounds: Bounds) -> LoadError {
    match status.signal() {
        Some(libc::SIGXCPU | libc::SIGKILL) => LoadError::Slow(bounds.seconds),
        _ => LoadError::Apart(format!(
            "the compiler cannot compile it: it needs more stack, or more memory than the {} MiB that a component of its \
             size gets ({status})",
            bounds.memory_bytes >> 20
        )),
    }
}
