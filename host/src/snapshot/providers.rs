//! Which adapter serves which provider.
//!
//! Keys and prompts of a provider's deployments are sent where its adapter says. Therefore a component from a file
//! cannot take a provider from another adapter. It can replace a bundled adapter as a whole, by having its name, or
//! serve a provider that no other adapter serves.

use std::collections::HashMap;
use std::sync::Arc;

use super::Fault;
use crate::canonical::Operation;
use crate::deployment::Provider;
use crate::plugin::adapter::{Adapter, ProviderInfo};

/// The descriptions of providers from bundled adapters, including adapters that a file replaces.
#[derive(Default)]
pub struct Shipped(HashMap<String, (Box<str>, Arc<ProviderInfo>)>);

/// Providers by name.
#[derive(Default)]
pub struct Providers(HashMap<String, Provider>);

impl Shipped {
    /// Adds the descriptions of one bundled adapter.
    pub fn add(&mut self, adapter: &Adapter) {
        match adapter.providers() {
            Ok(infos) => self.0.extend(infos.iter().map(|info| {
                let said = (adapter.name().into(), Arc::new(info.clone()));
                (info.name.clone(), said)
            })),
            Err(error) => tracing::error!(%error, "a bundled adapter does not say what it serves"),
        }
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
            let shipped = shipped.0.get(&info.name);
            let bundled = shipped
                .map(|(owner, _)| owner.as_ref())
                .filter(|owner| is_in_force(owner));
            let owner = bundled.or_else(|| self.0.get(&info.name).map(|provider| provider.adapter.name()));
            if let Some(owner) = owner.filter(|owner| *owner != plugin) {
                faults.push(taken(&info.name, owner, plugin));
                continue;
            }
            let shipped = shipped.map(|(_, info)| Arc::clone(info));
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
        self.0.insert(info.name.clone(), provider);
    }

    pub fn get(&self, name: &str) -> Option<&Provider> {
        self.0.get(name)
    }

    /// All providers, sorted by name.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Provider)> {
        let mut all: Vec<_> = self
            .0
            .iter()
            .map(|(name, provider)| (name.as_str(), provider))
            .collect();
        all.sort_by_key(|(name, _)| *name);
        all.into_iter()
    }

    pub fn into_names(self) -> Vec<String> {
        self.0.into_keys().collect()
    }
}

fn taken(provider: &str, owner: &str, plugin: &str) -> Fault {
    let provider = provider.escape_debug();
    Fault::Unusable(format!(
        "plugin `{plugin}` does not serve provider `{provider}`, which plugin `{owner}` serves: to replace that one, give the new plugin its name, `{owner}`"
    ))
}
