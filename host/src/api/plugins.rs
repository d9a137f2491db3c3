//! `/plugins`: the loaded plugins with their permissions and statistics, the files that could not be loaded, with the
//! reason, and those that are still being loaded.

use hyper::{HeaderMap, Response};
use serde::Serialize;

use super::{admit, json};
use crate::body::Body;
use crate::gateway::Gateway;
use crate::plugin::Component;
use crate::plugin::component::Source;
use crate::snapshot::{Snapshot, models};

#[derive(Serialize)]
struct List {
    plugins: Vec<Plugin>,
    failures: Vec<Failure>,
    /// Files that are still being loaded.
    loading: Vec<String>,
}

#[derive(Serialize)]
struct Plugin {
    name: String,
    version: String,
    summary: String,
    kinds: Vec<&'static str>,
    /// `bundled`, or the path of the file.
    source: String,
    sha256: String,
    /// Interfaces that it imports: these are its permissions.
    imports: Vec<String>,
    /// Hosts that it asks to connect to.
    outbound_asked: Vec<String>,
    /// Hosts that it may connect to, in any of its uses.
    outbound_granted: Vec<String>,
    /// Of an adapter, what it serves, as it says itself.
    providers: Vec<Served>,
    calls: u64,
    last_error: Option<String>,
}

#[derive(Serialize)]
struct Served {
    name: String,
    operations: Vec<String>,
    /// `None`: all that no other adapter serves.
    models: Option<String>,
}

#[derive(Serialize)]
struct Failure {
    file: String,
    reason: String,
    /// The version of the same file that stays in use.
    still_serving: Option<String>,
}

/// The list.
pub fn list(gateway: &Gateway, headers: &HeaderMap) -> Response<Body> {
    if let Err(refused) = admit(gateway, headers) {
        return *refused;
    }
    let snapshot = gateway.snapshot();
    let failures = snapshot.registry.failures.iter().map(|failure| Failure {
        file: failure.file.display().to_string(),
        reason: failure.reason.clone(),
        still_serving: failure.still_serving.clone(),
    });
    let plugins = snapshot
        .registry
        .components
        .values()
        .map(|component| Plugin::of(component, gateway, &snapshot));
    let loading = snapshot.registry.loading.iter().map(|file| file.display().to_string());
    json(&List {
        plugins: plugins.collect(),
        failures: failures.collect(),
        loading: loading.collect(),
    })
}

impl Plugin {
    fn of(component: &Component, gateway: &Gateway, snapshot: &Snapshot) -> Self {
        let manifest = &component.manifest;
        let counters = gateway.metrics.plugin(&manifest.name);
        Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            summary: manifest.summary.clone(),
            kinds: component.kinds.iter().map(|kind| kind.as_str()).collect(),
            source: match &component.source {
                Source::Bundled => "bundled".to_owned(),
                Source::File(file) => file.display().to_string(),
            },
            sha256: component.sha256.clone(),
            imports: component.imports.clone(),
            outbound_asked: manifest.outbound.clone(),
            outbound_granted: snapshot.granted(&manifest.name),
            providers: providers(snapshot, &manifest.name),
            calls: counters.calls(),
            last_error: counters.last_error(),
        }
    }
}

/// What the adapter of this name serves; nothing if there is none.
fn providers(snapshot: &Snapshot, name: &str) -> Vec<Served> {
    let adapter = snapshot.adapters.iter().find(|adapter| adapter.name() == name);
    let infos = adapter.and_then(|adapter| adapter.providers().ok());
    let served = infos.unwrap_or_default().iter().map(|info| Served {
        name: info.name.clone(),
        operations: info.operations.clone(),
        models: models(info).map(str::to_owned),
    });
    served.collect()
}
