//! Starting and stopping: the only place where everything is put together.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::runtime::Runtime;
use tokio::sync::{Semaphore, watch};

use crate::callbacks::Sinks;
use crate::config::settings::{self, Settings};
use crate::config::{Environment, Known, Problem, Process, Strictness};
use crate::exchange::dialect::openai::OpenAi;
use crate::exchange::{Media, Worker};
use crate::gateway::{self, Failed, Gateway, Reloader, Source};
use crate::identity::Identities;
use crate::metrics::Metrics;
use crate::plugin::apart::Loader;
use crate::plugin::component::Bundled;
use crate::plugin::egress::Egress;
use crate::plugin::library::Library;
use crate::plugin::{Host, LoadError};
use crate::server::tls::Certificate;
use crate::server::{self, Acceptor, Core, Stage, listen};
use crate::snapshot::{Builder, Snapshot};
use crate::upstream::{self, Connections};
use crate::worker;

/// How long workers may take to drop what is cut off.
const CUT_MAX: Duration = Duration::from_secs(2);

/// How long callbacks may go on delivering after the last exchange has ended.
const FLUSH_MAX: Duration = Duration::from_secs(5);

/// What a gateway is started with; flags and environment take precedence over the configuration.
pub struct Options {
    pub source: Source,
    /// The plugins in the program.
    pub bundled: &'static [Bundled],
    pub strictness: Strictness,
    /// `None`: the configuration's, else 127.0.0.1 without a master key and 0.0.0.0 with one.
    pub host: Option<IpAddr>,
    /// `None`: the configuration's, else 4000. 0: any that is free.
    pub port: Option<u16>,
    pub workers: Option<usize>,
    pub tls: Option<(PathBuf, PathBuf)>,
    pub connections_max: Option<usize>,
    pub header_timeout: Option<Duration>,
    /// `SERVER_ROOT_PATH`
    pub root_path: String,
    /// Where compiled plugins are kept; `None`: the configuration's, else the user's cache directory.
    pub plugin_cache: Option<PathBuf>,
    /// The program that loads plugins: [`crate::plugin::apart`]. `None`: the one that runs.
    pub loader: Option<PathBuf>,
    pub environment: Arc<dyn Environment + Send + Sync>,
}

impl Options {
    /// From this source and with these plugins, everything else as configured.
    #[must_use]
    pub fn new(source: Source, bundled: &'static [Bundled]) -> Self {
        Self {
            source,
            bundled,
            strictness: Strictness::Lenient,
            host: None,
            port: None,
            workers: None,
            tls: None,
            connections_max: None,
            header_timeout: None,
            root_path: String::new(),
            plugin_cache: None,
            loader: None,
            environment: Arc::new(Process),
        }
    }
}

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    Configuration(#[from] Failed),
    #[error("WebAssembly cannot run here: {0}")]
    Engine(String),
    #[error("a bundled plugin does not load: {0}")]
    Bundled(#[from] LoadError),
    #[error("{0}")]
    Listen(std::io::Error),
    #[error(transparent)]
    Tls(#[from] server::tls::ServerTlsError),
    #[error(transparent)]
    UpstreamTls(#[from] upstream::tls::TlsError),
    #[error("requests of plugins and for tokens cannot be set up: {0}")]
    Egress(#[from] reqwest::Error),
    #[error("no thread could be started: {0}")]
    Threads(std::io::Error),
    #[error(
        "no master key is configured, and {0} is not a loopback address: anyone could use the gateway. Set `general_settings.master_key` or LITELLM_MASTER_KEY, or listen on 127.0.0.1"
    )]
    Open(IpAddr),
}

/// A gateway that serves.
pub struct Running {
    address: SocketAddr,
    gateway: Arc<Gateway>,
    stage: watch::Sender<Stage>,
    workers: Vec<JoinHandle<()>>,
    administration: Runtime,
    background: Runtime,
    sinks: Arc<Sinks>,
    drain_delay: Duration,
    shutdown_timeout: Duration,
    /// What the configuration's check had to say.
    pub problems: Vec<Problem>,
}

/// Everything that is there before there is a snapshot.
pub(crate) struct Prerequisites {
    pub plugins: settings::Plugins,
    pub metrics: Arc<Metrics>,
    pub library: Library,
    pub host: Arc<Host>,
    tls: Arc<rustls::ClientConfig>,
    egress: Egress,
}

impl Prerequisites {
    /// What deployments prove themselves with; tokens are fetched on `background`.
    pub fn identities(&self, background: &Runtime) -> Result<Identities, StartError> {
        Identities::new(self.tls.as_ref().clone(), background.handle().clone()).map_err(StartError::Egress)
    }
}

/// Starts a gateway; returns once it listens.
///
/// # Errors
/// [`StartError`], with its mend.
pub fn start(options: Options) -> Result<Running, StartError> {
    let prerequisites = prerequisites(&options)?;
    let background = background().map_err(StartError::Threads)?;
    let administration = runtime("administration").map_err(StartError::Threads)?;
    let sinks = Arc::new(Sinks::new(
        background.handle().clone(),
        Arc::clone(&prerequisites.metrics),
    ));
    let builder = Builder::new(
        Arc::clone(&prerequisites.host),
        Arc::clone(&prerequisites.metrics),
        Arc::clone(&options.environment),
        prerequisites.identities(&background)?,
        Arc::clone(&sinks),
    );
    let (reloader, snapshot, problems) = {
        // A guest that sleeps while it is asked who it is needs a clock.
        let _inside = background.enter();
        Reloader::open(
            options.source.clone(),
            options.strictness,
            Arc::clone(&options.environment),
            prerequisites.library,
            builder,
        )?
    };
    gateway::say_problems(&problems);
    gateway::say_faults(&snapshot);
    let settings = Arc::clone(&snapshot.settings);
    let address = address(&options, &settings)?;
    let listener = listen::listen(address).map_err(StartError::Listen)?;
    let address = listener.local_addr().map_err(StartError::Listen)?;
    let gateway = Arc::new(Gateway::new(snapshot, prerequisites.metrics));
    let (stage, staged) = watch::channel(Stage::Serving);
    let certificate = certificate(&options, &settings)?;
    let acceptor = acceptor(&options, &settings, certificate.clone(), staged);
    let count = options
        .workers
        .or(settings.server.workers)
        .unwrap_or_else(worker::cores)
        .max(1);
    let mut workers = Vec::with_capacity(count);
    let media = Media::new(prerequisites.egress);
    for _ in 0..count {
        let connections = Connections::new(Arc::clone(&prerequisites.tls), upstream_limits(&settings));
        let core = Arc::new(Core {
            gateway: Arc::clone(&gateway),
            worker: Arc::new(Worker {
                metrics: Arc::clone(&gateway.metrics),
                connections,
                media: media.clone(),
            }),
            openai: Arc::new(OpenAi),
            administration: administration.handle().clone(),
        });
        let listener = listener.try_clone().map_err(StartError::Listen)?;
        workers.push(spawn_worker(core, listener, acceptor.clone()).map_err(StartError::Threads)?);
    }
    keep_running(&background, &gateway, "reload", {
        let (gateway, reloader) = (Arc::clone(&gateway), Arc::new(Mutex::new(reloader)));
        move || Reloader::watch(Arc::clone(&reloader), Arc::clone(&gateway))
    });
    if let Some(certificate) = certificate {
        let metrics = Arc::clone(&gateway.metrics);
        let renew = move || server::tls::renew(Arc::clone(&certificate), Arc::clone(&metrics));
        keep_running(&background, &gateway, "certificate", renew);
    }
    keep_running(&background, &gateway, "health checks", {
        let (gateway, tls, limits) = (Arc::clone(&gateway), prerequisites.tls, upstream_limits(&settings));
        let stage = stage.subscribe();
        move || {
            let connections = Connections::new(Arc::clone(&tls), limits);
            let health_checks = gateway::health_checks::run(Arc::clone(&gateway), connections);
            until_stopping(stage.clone(), health_checks)
        }
    });
    keep_running(&background, &gateway, "periodic tasks", {
        let (gateway, stage) = (Arc::clone(&gateway), stage.subscribe());
        move || until_stopping(stage.clone(), gateway::periodic::run(Arc::clone(&gateway)))
    });
    Ok(Running {
        address,
        gateway,
        stage,
        workers,
        administration,
        background,
        sinks,
        drain_delay: settings.server.drain_delay,
        shutdown_timeout: settings.server.shutdown_timeout,
        problems,
    })
}

pub(crate) fn prerequisites(options: &Options) -> Result<Prerequisites, StartError> {
    // Plugins are not known yet, so names of plugins are not checked; that is done once they are.
    let loaded = options
        .source
        .load(options.environment.as_ref(), &Known::default(), options.strictness);
    let Some(settings) = loaded.settings else {
        return Err(Failed(loaded.problems).into());
    };
    let metrics = Arc::new(Metrics::default());
    let tls = upstream::tls::client_config(settings.upstream.ca_file.as_deref())?;
    let egress = Egress::new(tls.as_ref().clone())?;
    let cache = options
        .plugin_cache
        .clone()
        .or_else(|| settings.plugins.cache_directory.clone());
    let cache = cache.or_else(|| cache_directory(options.environment.as_ref()));
    // Not the path of the program: that file may have been replaced meanwhile.
    let loader = options.loader.clone().unwrap_or_else(|| "/proc/self/exe".into());
    let host = Host::start(
        settings.plugins.pagemap_scan,
        cache.as_deref(),
        &settings.plugins.directory,
        Loader::new(loader),
        egress.clone(),
        Arc::clone(&metrics),
    )
    .map_err(|error| StartError::Engine(format!("{error:#}")))?;
    let host = Arc::new(host);
    let library = Library::open(Arc::clone(&host), options.bundled, settings.plugins.directory.clone())?;
    Ok(Prerequisites {
        plugins: settings.plugins,
        metrics,
        egress,
        library,
        host,
        tls,
    })
}

/// `$XDG_CACHE_HOME/sluice`, else `~/.cache/sluice` (<https://specifications.freedesktop.org/basedir-spec/>).
fn cache_directory(environment: &dyn Environment) -> Option<PathBuf> {
    let own = environment
        .variable("XDG_CACHE_HOME")
        .filter(|path| !path.is_empty())
        .map(PathBuf::from);
    let home = || {
        environment
            .variable("HOME")
            .map(|home| PathBuf::from(home).join(".cache"))
    };
    own.or_else(home).map(|cache| cache.join("sluice"))
}

/// For deliveries, reloads and whatever else is on no exchange's path.
pub(crate) fn background() -> std::io::Result<Runtime> {
    runtime("background")
}

/// A thread of its own.
fn runtime(name: &str) -> std::io::Result<Runtime> {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .thread_name(name)
        .enable_all()
        .build()
}

/// Keeps a task of the gateway running in the background.
fn keep_running<F>(
    runtime: &Runtime,
    gateway: &Arc<Gateway>,
    task: &'static str,
    begin: impl FnMut() -> F + Send + 'static,
) where
    F: Future<Output = ()> + Send + 'static,
{
    let gateway = Arc::clone(gateway);
    runtime.spawn(async move { gateway.tasks.keep_running(task, begin).await });
}

/// Work that ends when the gateway begins to stop.
async fn until_stopping(mut stage: watch::Receiver<Stage>, work: impl Future<Output = ()>) {
    tokio::select! {
        _ = stage.wait_for(|stage| *stage >= Stage::Stopping) => {}
        () = work => {}
    }
}

/// Where a gateway with these options listens.
pub(crate) fn address(options: &Options, settings: &Settings) -> Result<SocketAddr, StartError> {
    let has_key = settings.general.master_key.is_some();
    let default = if has_key {
        Ipv4Addr::UNSPECIFIED
    } else {
        Ipv4Addr::LOCALHOST
    };
    let host = options.host.or(settings.server.host).unwrap_or(default.into());
    if !has_key && !host.is_loopback() && !settings.general.serve_without_key {
        return Err(StartError::Open(host));
    }
    Ok(SocketAddr::new(
        host,
        options.port.or(settings.server.port).unwrap_or(4000),
    ))
}

/// What clients are shown, where TLS is on.
fn certificate(options: &Options, settings: &Settings) -> Result<Option<Arc<Certificate>>, StartError> {
    let server = &settings.server;
    let configured = server.tls_certificate.clone().zip(server.tls_key.clone());
    let files = options.tls.clone().or(configured);
    let certificate = files.map(|(chain, key)| Certificate::open(chain, key)).transpose()?;
    Ok(certificate.map(Arc::new))
}

fn acceptor(
    options: &Options,
    settings: &Settings,
    certificate: Option<Arc<Certificate>>,
    stage: watch::Receiver<Stage>,
) -> Acceptor {
    let server = &settings.server;
    let connections_max = options
        .connections_max
        .unwrap_or(server.connections_max)
        .min(Semaphore::MAX_PERMITS);
    Acceptor {
        tls: certificate.map(|certificate| server::tls::server_config(certificate).into()),
        connections: Arc::new(Semaphore::new(connections_max)),
        options: server::Options {
            header_bytes_max: server.header_bytes_max,
            header_timeout: options.header_timeout.unwrap_or(server.header_timeout),
            root_path: options.root_path.trim_end_matches('/').into(),
        },
        stage,
    }
}

fn upstream_limits(settings: &Settings) -> upstream::Limits {
    upstream::Limits {
        connect_timeout: settings.upstream.connect_timeout,
        idle_connections_max: settings.upstream.idle_connections_max,
        idle_timeout: settings.upstream.idle_timeout,
        ..upstream::Limits::default()
    }
}

/// One core's thread with a runtime of its own.
fn spawn_worker(
    core: Arc<Core>,
    listener: std::net::TcpListener,
    acceptor: Acceptor,
) -> std::io::Result<JoinHandle<()>> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    std::thread::Builder::new().name("worker".into()).spawn(move || {
        if let Err(error) = runtime.block_on(server::serve(core, listener, acceptor)) {
            tracing::error!(%error, "a worker could not listen");
        }
    })
}

impl Running {
    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// What its workers share.
    #[must_use]
    pub fn gateway(&self) -> &Arc<Gateway> {
        &self.gateway
    }

    /// What is in force.
    #[must_use]
    pub fn snapshot(&self) -> Arc<Snapshot> {
        self.gateway.snapshot()
    }

    /// Says no to readiness and goes on serving for `drain_delay`: whoever sends connections here learns that another
    /// gateway must take them before this one refuses them. For stops that an orchestrator asks for; a person need not wait.
    pub fn drain(&self) {
        self.gateway.begin_stopping();
        std::thread::sleep(self.drain_delay);
    }

    /// Takes no more connections, lets what is under way end as long as `shutdown_timeout` says, cuts off the rest, and
    /// delivers what callbacks still have, the records of what was cut off among them.
    pub fn stop(self) {
        self.gateway.begin_stopping();
        let Self {
            stage,
            workers,
            administration,
            background,
            sinks,
            shutdown_timeout,
            ..
        } = self;
        stage.send_replace(Stage::Stopping);
        let (done, ended) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            for worker in workers {
                let _ = worker.join();
            }
            let _ = done.send(());
        });
        if ended.recv_timeout(shutdown_timeout).is_err() {
            tracing::warn!("exchanges under way are cut off: they took longer than `shutdown_timeout`");
            stage.send_replace(Stage::Cut);
            if ended.recv_timeout(CUT_MAX).is_err() {
                tracing::warn!("a worker does not stop: what it had under way is not recorded");
            }
        }
        let flushed = background.block_on(async { tokio::time::timeout(FLUSH_MAX, sinks.finish()).await });
        if flushed.is_err() {
            tracing::warn!("callbacks did not take all records in time: the rest is lost");
        }
        administration.shutdown_background();
        background.shutdown_timeout(Duration::from_secs(1));
    }
}
