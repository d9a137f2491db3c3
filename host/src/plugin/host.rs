//! What every component is loaded and linked with: made once a process.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use parking_lot::Mutex;
use wasmtime::Engine;
use wasmtime::component::Linker;

use super::cache::Cache;
use super::grants::Grants;
use super::guest::Guest;
use super::imports::{self, http::Egress, state};
use super::{Component, Identity, engine, wasi};
use crate::metrics::Metrics;

/// The plugin host.
pub struct Host {
    pub(super) engine: Engine,
    /// For kinds that are called synchronously.
    pub(super) sync: Linker<Guest>,
    /// For kinds that may wait.
    pub(super) waiting: Linker<Guest>,
    pub(super) cache: Option<Cache>,
    egress: Egress,
    /// Each plugin's own namespace, kept over reloads.
    stores: Mutex<HashMap<Box<str>, Arc<state::Store>>>,
    metrics: Arc<Metrics>,
}

impl Host {
    /// Starts the engine and links what guests may import. `cache_directory` holds compiled code between starts.
    ///
    /// # Errors
    /// The machine cannot run wasmtime.
    pub fn start(
        pagemap_scan: bool,
        cache_directory: Option<&Path>,
        egress: Egress,
        metrics: Arc<Metrics>,
    ) -> wasmtime::Result<Self> {
        let engine = engine::start(pagemap_scan)?;
        let mut sync = Linker::new(&engine);
        wasi::link_sync(&mut sync)?;
        imports::link_sync(&mut sync)?;
        let mut waiting = Linker::new(&engine);
        wasi::link_async(&mut waiting)?;
        imports::link_async(&mut waiting)?;
        let cache = cache_directory.and_then(|directory| Cache::open(directory, &engine));
        Ok(Self {
            engine,
            sync,
            waiting,
            cache,
            egress,
            stores: Mutex::default(),
            metrics,
        })
    }

    /// One use of a component.
    pub fn identity(&self, component: &Component, settings: Box<str>, grants: Grants) -> Arc<Identity> {
        let name: Box<str> = component.manifest.name.as_str().into();
        let state = Arc::clone(self.stores.lock().entry(name.clone()).or_default());
        let counters = self.metrics.plugin(&name);
        Arc::new(Identity {
            name,
            settings,
            grants,
            egress: self.egress.clone(),
            state,
            counters,
        })
    }

    /// For a component that has not said who it is yet.
    pub(super) fn unnamed_identity(&self) -> Arc<Identity> {
        Arc::new(Identity {
            name: "(loading)".into(),
            settings: "{}".into(),
            grants: Grants::default(),
            egress: self.egress.clone(),
            state: Arc::default(),
            counters: self.metrics.plugin("(loading)"),
        })
    }
}
