//! The gateways that are measured: how each is configured and started.

use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use crate::process::Tree;

/// The key that clients show.
pub const MASTER_KEY: &str = "sk-bench-0123456789abcdef";

/// How long a gateway may take until it answers.
const START_MAX: Duration = Duration::from_secs(120);

/// Starts of a gateway whose port was taken by another process.
const STARTS_MAX: u32 = 3;

/// What is between the load and the upstream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Make {
    /// The hyper proxy that parses nothing.
    Floor,
    Nginx,
    /// A gateway that takes LiteLLM's configuration file.
    Gateway,
}

/// What becomes of a gateway's log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Log {
    /// Warnings only, into a file: no line an exchange.
    Quiet,
    /// A line an exchange, into a file.
    On,
    /// A line an exchange, into a pipe that nobody reads.
    Unread,
}

/// A gateway to measure.
#[derive(Debug, Clone)]
pub struct Plan {
    pub name: String,
    pub make: Make,
    /// With `{config}` and `{port}` in it.
    pub command: String,
    /// Contents of the configuration file, with `{port}` in it, and `{sink}`: the address of a server that takes
    /// connections and never answers.
    pub configuration: String,
    pub log: Log,
    /// Its configuration is rewritten each second while it is measured.
    pub is_reloaded: bool,
    /// A text of the configuration, and the one in whose place it costs nothing: what it costs is measured within one
    /// process, because two processes that do the same differ by more.
    pub switch: Option<(&'static str, &'static str)>,
}

/// A gateway that runs; it is ended when dropped.
pub struct Gateway {
    pub name: String,
    pub make: Make,
    pub address: SocketAddr,
    pub tree: Tree,
    /// Bytes, before it has served anything but the question whether it is there.
    pub idle_resident: u64,
    pub configuration: PathBuf,
    /// The configuration is rewritten while it is measured.
    pub is_reloaded: bool,
    pub switch: Option<(&'static str, &'static str)>,
    child: Child,
    log: PathBuf,
    /// Nobody accepts what connects here.
    _sink: TcpListener,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        // Its workers are processes of their own; they go first, or nobody knows them any more.
        for pid in self.tree.descendants() {
            let _ = nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A port that was free a moment ago.
///
/// # Errors
/// No port is free.
pub fn free_address() -> io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}

impl Plan {
    /// Starts it on these cores; returns once it answers.
    ///
    /// # Errors
    /// It does not start, or not in time; its log says why.
    pub fn start(&self, directory: &Path, cores: &[usize]) -> Result<Gateway, String> {
        let mut gateway = self.begin(directory, cores, Duration::from_millis(20))?;
        // What it does after its start (compiling, loading) is over by then, or it is not idle.
        std::thread::sleep(Duration::from_secs(1));
        gateway.idle_resident = gateway.tree.resident();
        Ok(gateway)
    }

    /// From exec to the first answer.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn time_to_first_answer(&self, directory: &Path, cores: &[usize]) -> Result<Duration, String> {
        let began = Instant::now();
        let _gateway = self.begin(directory, cores, Duration::from_micros(200))?;
        Ok(began.elapsed())
    }

    /// Starts it and asks again and again, so far apart, until it answers. Another process may take the free port before
    /// the gateway does, so a start that fails is tried again.
    fn begin(&self, directory: &Path, cores: &[usize], between: Duration) -> Result<Gateway, String> {
        let mut starts = 0;
        loop {
            starts += 1;
            let spawned = self.spawn(directory, cores);
            let mut gateway = spawned.map_err(|error| format!("{}: {error}", self.name))?;
            match gateway.wait(between) {
                Ok(()) => return Ok(gateway),
                Err(error) if error.contains("in use") && starts < STARTS_MAX => {}
                Err(error) => return Err(error),
            }
        }
    }

    fn spawn(&self, directory: &Path, cores: &[usize]) -> io::Result<Gateway> {
        // The sink first: it holds its port, so it cannot be given the gateway's, which nobody holds.
        let sink = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
        let address = free_address()?;
        let file_name: String = self
            .name
            .chars()
            .map(|c| if c.is_alphanumeric() { c } else { '-' })
            .collect();
        let configuration = directory.join(format!("{file_name}.yaml"));
        let port = address.port().to_string();
        let text = self.configuration.replace("{port}", &port);
        std::fs::write(&configuration, text.replace("{sink}", &sink.local_addr()?.to_string()))?;
        let log = directory.join(format!("{file_name}.log"));
        let output = File::create(&log)?;
        let command = self
            .command
            .replace("{port}", &port)
            .replace("{config}", &configuration.display().to_string());
        let mut words = command.split_whitespace();
        let program = words.next().ok_or_else(|| io::Error::other("the command is empty"))?;
        let list = cores.iter().map(ToString::to_string).collect::<Vec<_>>().join(",");
        let child = Command::new("taskset")
            .args(["-c", &list, program])
            .args(words)
            .current_dir(directory)
            .env("SLUICE_LOG", if self.log == Log::Quiet { "warn" } else { "info" })
            .env("LITELLM_LOG", "ERROR")
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            // The child holds the pipe's other end open.
            .stderr(if self.log == Log::Unread {
                Stdio::piped()
            } else {
                output.into()
            })
            .spawn()?;
        Ok(Gateway {
            name: self.name.clone(),
            make: self.make,
            address,
            tree: Tree(child.id()),
            idle_resident: 0,
            configuration,
            is_reloaded: self.is_reloaded,
            switch: self.switch,
            child,
            log,
            _sink: sink,
        })
    }
}

impl Gateway {
    /// Asks one question until it is answered.
    fn wait(&mut self, between: Duration) -> Result<(), String> {
        let question = crate::question::probe(self.address);
        let began = Instant::now();
        loop {
            if crate::question::ask_once(self.address, &question).is_ok() {
                return Ok(());
            }
            let ended = self.child.try_wait().ok().flatten();
            if ended.is_some() || began.elapsed() > START_MAX {
                let log = std::fs::read_to_string(&self.log).unwrap_or_default();
                let tail: Vec<&str> = log.lines().rev().take(20).collect();
                let tail: String = tail.into_iter().rev().map(|line| format!("\n  {line}")).collect();
                return Err(format!("{} does not answer; its log ends:{tail}", self.name));
            }
            std::thread::sleep(between);
        }
    }
}
