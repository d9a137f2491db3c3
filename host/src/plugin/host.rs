//! The parts with which every component is loaded and linked. They are made once per process.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::Semaphore;
use wasmtime::Engine;
use wasmtime::component::{self, InstancePre, Linker};

use super::apart::Loader;
use super::cache::Cache;
use super::egress::Egress;
use super::engine::INSTANCES_PER_PLUGIN_MAX;
use super::grants::Grants;
use super::guest::Guest;
use super::imports::{self, state};
use super::kinds::{ROWS, Row};
use super::parameters::Parameters;
use super::pool::Key;
use super::{Component, Identity, Kind, engine, wasi};
use crate::metrics::Metrics;
use crate::upstream::tls::client_config;

/// The name of a component, and whether the store is the one that it has as a callback.
type StoreName = (Box<str>, bool);

/// The plugin host.
pub struct Host {
    pub(super) engine: Engine,
    /// One linker per kind, with the imports of its world.
    linkers: Vec<(Kind, Linker<Guest>)>,
    pub(super) cache: Option<Cache>,
    pub(super) loader: Loader,
    egress: Egress,
    /// The state of each plugin, kept over reloads. A callback writes what it reads of all clients' records, so a
    /// component that is a callback too has a store of its own for that: its other kinds must not read it.
    stores: Mutex<HashMap<StoreName, Arc<state::Store>>>,
    /// The share of instances of each plugin, by name.
    shares: Mutex<HashMap<Box<str>, Arc<Semaphore>>>,
    metrics: Arc<Metrics>,
}

impl Host {
    /// Starts the engine and links what guests may import. `cache_directory` keeps compiled code between starts; it must
    /// not be within the plugins directory.
    ///
    /// # Errors
    /// The machine cannot run wasmtime.
    pub fn start(
        pagemap_scan: bool,
        cache_directory: Option<&Path>,
        plugins_directory: &Path,
        loader: Loader,
        egress: Egress,
        metrics: Arc<Metrics>,
    ) -> wasmtime::Result<Self> {
        let engine = engine::start(pagemap_scan)?;
        let cache = cache_directory.and_then(|directory| Cache::open(directory, plugins_directory, &engine));
        Self::new(engine, cache, loader, egress, metrics)
    }

    /// The host of a process that examines one component.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub(super) fn start_small() -> wasmtime::Result<Self> {
        // Nothing is granted to the component, so it reaches nobody.
        let egress = Egress::new(client_config(None)?.as_ref().clone())?;
        let loader = Loader::new(PathBuf::new());
        Self::new(engine::start_small()?, None, loader, egress, Arc::default())
    }

    fn new(
        engine: Engine,
        cache: Option<Cache>,
        loader: Loader,
        egress: Egress,
        metrics: Arc<Metrics>,
    ) -> wasmtime::Result<Self> {
        let linkers = ROWS.iter().map(|row| Ok((row.kind, linker(&engine, row)?)));
        let linkers = linkers.collect::<wasmtime::Result<_>>()?;
        Ok(Self {
            engine,
            linkers,
            cache,
            loader,
            egress,
            stores: Mutex::default(),
            shares: Mutex::default(),
            metrics,
        })
    }

    /// Links a component as one of its kinds, without running it.
    ///
    /// # Errors
    /// It imports what none of its kinds may.
    pub(super) fn link_as(
        &self,
        kind: Kind,
        kinds: &[Kind],
        compiled: &component::Component,
    ) -> wasmtime::Result<InstancePre<Guest>> {
        let found = self.linkers.iter().find(|(own, _)| *own == kind);
        let (_, linker) = found.expect("there is a linker for each kind");
        let others = kinds.iter().flat_map(|other| other.row().imports);
        let foreign: Vec<_> = others.filter(|import| !kind.row().imports.contains(import)).collect();
        if foreign.is_empty() {
            return linker.instantiate_pre(compiled);
        }
        let mut linker = linker.clone();
        linker.allow_shadowing(true);
        for import in foreign {
            import.refuse(&mut linker, compiled, kind)?;
        }
        linker.instantiate_pre(compiled)
    }

    /// Forgets the state of plugins that are no longer used.
    pub fn forget_unused(&self) {
        self.stores.lock().retain(|_, store| Arc::strong_count(store) > 1);
        self.shares.lock().retain(|_, share| Arc::strong_count(share) > 1);
    }

    /// Makes the identity for one use of a component.
    pub fn identity(&self, component: &Component, kind: Kind, key: &Key) -> Arc<Identity> {
        let name: Box<str> = component.manifest.name.as_str().into();
        let store = (name.clone(), kind == Kind::Callback);
        let state = Arc::clone(self.stores.lock().entry(store).or_default());
        let mut shares = self.shares.lock();
        let share = shares
            .entry(name.clone())
            .or_insert_with(|| Arc::new(Semaphore::new(INSTANCES_PER_PLUGIN_MAX)));
        let instances = Arc::clone(share);
        let counters = self.metrics.plugin(&name);
        Arc::new(Identity {
            name,
            sha256: component.sha256.as_str().into(),
            settings: key.settings.clone(),
            grants: key.grants.clone(),
            parameters: key.parameters.clone(),
            may_attribute: key.may_attribute,
            egress: self.egress.clone(),
            state,
            instances,
            counters,
        })
    }

    /// The identity for a component whose name is not known yet.
    pub(super) fn unnamed_identity(&self) -> Arc<Identity> {
        Arc::new(Identity {
            name: "(loading)".into(),
            sha256: "".into(),
            settings: "{}".into(),
            grants: Grants::default(),
            parameters: Parameters::Known([].into()),
            may_attribute: false,
            egress: self.egress.clone(),
            state: Arc::default(),
            instances: Arc::new(Semaphore::new(1)),
            counters: self.metrics.plugin("(loading)"),
        })
    }
}

fn linker(engine: &Engine, row: &Row) -> wasmtime::Result<Linker<Guest>> {
    let mut linker = Linker::new(engine);
    match row.waits {
        true => wasi::link_async(&mut linker)?,
        false => wasi::link_sync(&mut linker)?,
    }
    imports::link_common(&mut linker)?;
    for import in row.imports {
        import.link(&mut linker)?;
    }
    Ok(linker)
}
