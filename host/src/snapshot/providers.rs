//! Which adapter serves which provider.
//!
//! Keys and prompts of a provider's deployments are sent where its adapter says. Therefore a component from a file
//! cannot take a provider from another adapter. It can replace a bundled adapter as a whole, by having its name, or
//! serve a provider that no other adapter serves.

use std::collections::HashMap;
use std::sync::Arc;

use super::Fault;
use super::groups::Pattern;
use crate::canonical::Operation;
use crate::deployment::Provider;
use crate::plugin::kinds::adapter::{Adapter, ProviderInfo};

/// The name under which an adapter's description limits a provider to some models: patterns in which `*` matches any text,
/// with a space between them. An adapter that says nothing serves the others.
const MODELS: &str = "models";

/// What an adapter of this name says of a provider.
type Said = (Box<str>, Arc<ProviderInfo>);

/// The descriptions of providers from bundled adapters, including adapters that a file replaces, by provider.
#[derive(Default)]
pub struct Shipped(HashMap<String, Vec<Said>>);

/// Providers by name, each as its adapters serve it.
#[derive(Default)]
pub struct Providers(HashMap<String, Vec<Provider>>);

impl Shipped {
    /// Adds the descriptions of one bundled adapter.
    pub fn add(&mut self, adapter: &Adapter) {
        match adapter.providers() {
            Ok(infos) => {
                for info in infos {
                    let said = (adapter.name().into(), Arc::new(info.clone()));
                    self.0.entry(info.name.clone()).or_default().push(said);
                }
            }
            Err(error) => tracing::error!(%error, "a bundled adapter does not say what it serves"),
        }
    }

    /// The adapters that serve a provider, each with what it says.
    fn of(&self, provider: &str) -> &[Said] {
        self.0.get(provider).map_or(&[], Vec::as_slice)
    }
}

impl Providers {
    /// Adds a bundled adapter, which is trusted.
    pub fn add_bundled(&mut self, adapter: &Arc<Adapter>, infos: &[ProviderInfo]) {
        for info in infos {
            self.add(adapter, info, Some(Arc::new(info.clone())));
        }
    }

    /// Adds an adapter from a file for the providers that no other adapter serves. `is_in_force` returns whether a
    /// plugin with the name of a bundled adapter is in use, be it the bundled one or its replacement.
    pub fn add_file(
        &mut self,
        adapter: &Arc<Adapter>,
        infos: &[ProviderInfo],
        shipped: &Shipped,
        is_in_force: impl Fn(&str) -> bool,
        faults: &mut Vec<Fault>,
    ) {
        let plugin = adapter.name();
        for info in infos {
            let shipped = shipped.of(&info.name);
            let own = shipped.iter().find(|(owner, _)| **owner == *plugin);
            let in_force = shipped.iter().map(|(owner, _)| owner.as_ref());
            let mut owners = in_force
                .filter(|owner| is_in_force(owner))
                .chain(self.all(&info.name).iter().map(|provider| provider.adapter.name()));
            if let Some(owner) = owners.find(|owner| *owner != plugin).filter(|_| own.is_none()) {
                faults.push(taken(&info.name, owner, plugin));
                continue;
            }
            let shipped = own.or(shipped.first()).map(|(_, info)| Arc::clone(info));
            self.add(adapter, info, shipped);
        }
    }

    fn add(&mut self, adapter: &Arc<Adapter>, info: &ProviderInfo, shipped: Option<Arc<ProviderInfo>>) {
        let is_unknown = |name: &&String| Operation::of_name(name).is_none();
        if let Some(unknown) = info.operations.iter().find(is_unknown) {
            let known: Vec<_> = Operation::all().map(|operation| operation.row().name).collect();
            tracing::warn!(
                plugin = adapter.name(),
                provider = info.name,
                operation = unknown,
                known = known.join(", "),
                "an adapter serves an operation that this gateway does not know"
            );
        }
        let provider = Provider::new(Arc::clone(adapter), info.clone(), shipped);
        let served = self.0.entry(info.name.clone()).or_default();
        // An adapter that speaks for a provider twice means what it says last.
        served.retain(|other| other.adapter.name() != adapter.name() || models(&other.info) != models(&provider.info));
        served.push(provider);
        // Who serves some models goes before who serves the others.
        served.sort_by_key(|provider| models(&provider.info).is_none());
    }

    fn all(&self, name: &str) -> &[Provider] {
        self.0.get(name).map_or(&[], Vec::as_slice)
    }

    pub fn has(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The provider, as the adapter serves it that speaks for this model.
    pub fn get(&self, name: &str, model: &str) -> Option<&Provider> {
        self.all(name).iter().find(|provider| serves(provider, model))
    }

    /// All providers, sorted by name, each as its models are served in general.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Provider)> {
        let general = self.0.iter().map(|(name, served)| (name.as_str(), served.last()));
        let mut all: Vec<_> = general.filter_map(|(name, last)| Some((name, last?))).collect();
        all.sort_by_key(|(name, _)| *name);
        all.into_iter()
    }

    pub fn into_names(self) -> Vec<String> {
        self.0.into_keys().collect()
    }
}

/// The models that an adapter limits a provider to.
pub fn models(info: &ProviderInfo) -> Option<&str> {
    let mut extras = info.extras.iter();
    extras
        .find(|(name, _)| name == MODELS)
        .map(|(_, patterns)| patterns.as_str())
}

fn serves(provider: &Provider, model: &str) -> bool {
    let fits = |pattern: &str| Pattern::new(pattern).matches(model);
    models(&provider.info).is_none_or(|patterns| patterns.split_whitespace().any(fits))
}

fn taken(provider: &str, owner: &str, plugin: &str) -> Fault {
    let provider = provider.escape_debug();
    Fault::Unusable(format!(
        "plugin `{plugin}` does not serve provider `{provider}`, which plugin `{owner}` serves: to replace that one, give the new plugin its name, `{owner}`"
    ))
}
