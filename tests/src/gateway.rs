//! The gateway in this process, with a configuration file and a plugins directory of its own.

use std::collections::BTreeMap;
use std::fs;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use serde_json::Value;
use sluice::config::Environment;
use sluice::{Options, Source};

use crate::client::{Answer, Client};
use crate::config::Config;
use crate::guests::Guest;
use crate::wait::eventually;

/// Compiled plugins, kept for all tests: compiling one takes far longer than a test.
const PLUGIN_CACHE: &str = concat!(env!("OUT_DIR"), "/compiled-plugins");

/// A gateway yet to be started.
#[derive(Debug)]
pub struct Setup {
    directory: Scratch,
    environment: Variables,
    key: Option<String>,
    is_built_in: bool,
}

/// A running gateway; it stops when dropped.
pub struct Gateway {
    running: Option<sluice::Running>,
    address: SocketAddr,
    directory: Scratch,
    key: Option<String>,
}

impl Setup {
    /// A folder with this configuration as `config.yaml`, and an empty plugins directory.
    ///
    /// # Panics
    /// When the folder cannot be made.
    #[must_use]
    pub fn new(config: &Config) -> Self {
        let directory = Scratch::new();
        fs::create_dir(directory.0.join("plugins")).expect("a new folder is empty");
        fs::write(directory.config(), config.text()).expect("a new folder can be written");
        Self {
            directory,
            environment: Variables::default(),
            key: config.key().map(str::to_owned),
            is_built_in: false,
        }
    }

    /// The configuration that is built into the gateway.
    #[must_use]
    pub fn built_in() -> Self {
        let mut setup = Self::new(&Config::new());
        setup.is_built_in = true;
        setup
    }

    /// Puts a component into the plugins directory.
    #[must_use]
    pub fn plugin(self, guest: Guest) -> Self {
        install(&self.directory, guest.name, &guest.bytes());
        self
    }

    /// Puts a file beside the configuration.
    ///
    /// # Panics
    /// When it cannot be written.
    #[must_use]
    pub fn file(self, name: &str, content: &str) -> Self {
        fs::write(self.directory.0.join(name), content).expect("a new folder can be written");
        self
    }

    /// Sets an environment variable, for this gateway alone.
    #[must_use]
    pub fn variable(mut self, name: &str, value: &str) -> Self {
        self.environment.values.insert(name.into(), value.into());
        self
    }

    /// Makes the gateway panic wherever it reads this environment variable.
    #[must_use]
    pub fn panics_at(mut self, name: &'static str) -> Self {
        self.environment.panics_at = Some(name);
        self
    }

    /// Starts it.
    ///
    /// # Panics
    /// When it does not start.
    pub async fn start(self) -> Gateway {
        match self.try_start().await {
            Ok(gateway) => gateway,
            Err(error) => panic!("the gateway does not start: {error}"),
        }
    }

    /// Starts it, or says why not, causes included.
    ///
    /// # Errors
    /// What the gateway says.
    pub async fn try_start(self) -> Result<Gateway, String> {
        show_log();
        let source = if self.is_built_in {
            Source::BuiltIn
        } else {
            Source::File(self.directory.config())
        };
        let options = Options {
            environment: Arc::new(self.environment),
            ..options(source)
        };
        let started = tokio::task::spawn_blocking(move || sluice::start(options))
            .await
            .expect("starting does not panic");
        let running = started.map_err(|error| chain(&error))?;
        // A gateway serves before a plugin is there that takes long to compile; most tests want it to be there.
        eventually("the plugins to be loaded", async || {
            running.snapshot().registry.loading.is_empty().then_some(())
        })
        .await;
        // Where a test then finds something missing, its output says why.
        let snapshot = running.snapshot();
        for failure in &snapshot.registry.failures {
            eprintln!("{}: {}", failure.file.display(), failure.reason);
        }
        for fault in &snapshot.faults {
            eprintln!("{fault}");
        }
        let address = running.address();
        Ok(Gateway {
            running: Some(running),
            address,
            directory: self.directory,
            key: self.key,
        })
    }
}

/// A gateway's environment.
#[derive(Debug, Default)]
struct Variables {
    values: BTreeMap<String, String>,
    panics_at: Option<&'static str>,
}

impl Environment for Variables {
    fn variable(&self, name: &str) -> Option<String> {
        assert!(self.panics_at != Some(name), "the fault that the test asked for");
        self.values.variable(name)
    }
}

/// On any free port of this machine.
fn options(source: Source) -> Options {
    Options {
        host: Some(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        port: Some(0),
        plugin_cache: Some(PathBuf::from(PLUGIN_CACHE)),
        loader: Some(loader()),
        ..Options::new(source, sluice_bundled::PLUGINS)
    }
}

/// `src/bin/loader.rs`: Cargo puts programs into the folder above that of tests.
fn loader() -> PathBuf {
    let this = std::env::current_exe().expect("a test has a file");
    let folder = this
        .parent()
        .and_then(Path::parent)
        .expect("a test's file is in `deps`");
    folder.join("loader")
}

/// The gateway's log on standard error, where RUST_LOG says which part of it.
fn show_log() {
    let Ok(filter) = tracing_subscriber::EnvFilter::try_from_default_env() else {
        return;
    };
    // A second test finds it set already.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .try_init();
}

fn chain(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}

impl Gateway {
    /// Starts a gateway with this configuration and nothing else.
    pub async fn start(config: &Config) -> Self {
        Setup::new(config).start().await
    }

    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The folder that holds configuration and plugins.
    #[must_use]
    pub fn directory(&self) -> &Path {
        &self.directory.0
    }

    /// What a command beside the gateway would be started with.
    #[must_use]
    pub fn options(&self) -> Options {
        options(Source::File(self.directory.config()))
    }

    /// A client with the gateway's key, if it has one.
    #[must_use]
    pub fn client(&self) -> Client {
        let client = Client::new(self.address);
        match &self.key {
            Some(key) => client.with_key(key),
            None => client,
        }
    }

    /// Asks one question of a group and gives the answer.
    pub async fn ask(&self, group: &str, text: &str) -> Answer {
        self.client().chat(&crate::dialect::openai::ask(group, text)).await
    }

    /// Writes a new configuration over the old one, in one step.
    ///
    /// # Panics
    /// When it cannot be written.
    pub fn write_config(&self, text: &str) {
        replace(&self.directory.config(), text.as_bytes());
    }

    /// Puts a component into the plugins directory in one step, over one that is there.
    pub fn install(&self, guest: Guest) {
        install(&self.directory, guest.name, &guest.bytes());
    }

    /// Puts anything into the plugins directory, in one step.
    pub fn install_bytes(&self, name: &str, bytes: &[u8]) {
        install(&self.directory, name, bytes);
    }

    /// Takes a file out of the plugins directory.
    ///
    /// # Panics
    /// When it is not there.
    pub fn uninstall(&self, name: &str) {
        fs::remove_file(self.directory.plugin(name)).expect("the plugin is installed");
    }

    /// What `/plugins` says.
    pub async fn plugins(&self) -> Value {
        let answer = self.client().get("/plugins").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.json()
    }

    /// Waits until `/plugins` lists something that fits; gives the whole listing.
    pub async fn shows(&self, what: &str, fits: impl Fn(&Value) -> bool) -> Value {
        eventually(what, async || {
            Some(self.plugins().await).filter(|listing| fits(listing))
        })
        .await
    }

    /// What `/metrics` says.
    pub async fn metrics(&self) -> String {
        let answer = self.client().get("/metrics").await;
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text()
    }

    /// The sum of a metric over those of its series whose labels hold all these texts; 0 where there is none.
    pub async fn metric(&self, name: &str, labels: &[&str]) -> f64 {
        let text = self.metrics().await;
        let series = text.lines().filter(|line| !line.starts_with('#'));
        let fitting = series.filter(|line| {
            line.split(['{', ' ']).next() == Some(name) && labels.iter().all(|label| line.contains(label))
        });
        fitting
            .filter_map(|line| line.rsplit(' ').next()?.parse::<f64>().ok())
            .sum()
    }

    /// What its workers share, for a test that is a worker itself.
    ///
    /// # Panics
    /// When it was stopped.
    #[must_use]
    pub fn inside(&self) -> Arc<sluice::gateway::Gateway> {
        let running = self.running.as_ref().expect("the gateway runs");
        Arc::clone(running.gateway())
    }

    /// Asks for a stop as an orchestrator does: comes back when `drain_delay_ms` is over.
    pub fn drain(&self) {
        if let Some(running) = &self.running {
            running.drain();
        }
    }

    /// Stops it as an operator does, and comes back when it has stopped.
    pub async fn stop(mut self) {
        if let Some(running) = self.running.take() {
            tokio::task::spawn_blocking(move || running.stop())
                .await
                .expect("stopping does not panic");
        }
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            // Stopping waits for streams, and the test's own runtime must go on for them to end.
            std::thread::spawn(move || running.stop());
        }
    }
}

fn install(directory: &Scratch, name: &str, bytes: &[u8]) {
    replace(&directory.plugin(name), bytes);
}

/// Writes beside and renames, so that nobody sees half a file.
fn replace(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("new");
    fs::write(&beside, bytes).expect("the folder can be written");
    fs::rename(&beside, path).expect("a rename within a folder works");
}

/// A folder of its own for one test, removed with it.
#[derive(Debug)]
struct Scratch(PathBuf);

impl Scratch {
    fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("sluice-test-{}-{number}", std::process::id()));
        fs::create_dir_all(&path).expect("the system's folder for temporary files can be written");
        Self(path)
    }

    fn config(&self) -> PathBuf {
        self.0.join("config.yaml")
    }

    fn plugin(&self, name: &str) -> PathBuf {
        self.0.join("plugins").join(format!("{name}.wasm"))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
