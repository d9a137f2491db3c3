//! Builds a snapshot from settings and loaded components.
//!
//! A configured part that cannot work does not stop the others: it is reported as a fault, and exchanges that need it
//! are refused.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, Weak};

use parking_lot::Mutex;

use super::providers::{Providers, Shipped};
use super::uses::Uses;
use super::{ConfiguredGuardrail, ConfiguredHook, Fault, Groups, Snapshot};
use crate::callbacks::{Sink, Sinks};
use crate::config::settings::{self, Isolation, Ranking, Settings};
use crate::config::{CALLBACK_VARIABLES, DEFAULT_STRATEGY, Environment, infer_provider};
use crate::decisions::Recorder;
use crate::deployment::{Deployment, DeploymentError, Health, Parts};
use crate::identity::Identities;
use crate::metrics::Metrics;
use crate::plugin::component::Source;
use crate::plugin::grants::Grants;
use crate::plugin::kinds::adapter::Adapter;
use crate::plugin::kinds::callback::Callback;
use crate::plugin::kinds::guardrail::Guardrail;
use crate::plugin::kinds::hook::Hook;
use crate::plugin::kinds::periodic::Periodic;
use crate::plugin::kinds::strategy::Strategy;
use crate::plugin::library::Registry;
use crate::plugin::limits::Limits;
use crate::plugin::parameters::Parameters;
use crate::plugin::pool::Key;
use crate::plugin::{Component, Host, Kind};

/// What is needed to build snapshots, and what is kept from one to the next.
pub struct Builder {
    host: Arc<Host>,
    metrics: Arc<Metrics>,
    environment: Arc<dyn Environment + Send + Sync>,
    identities: Identities,
    uses: Uses,
    shipped: OnceLock<Shipped>,
    /// The adapters of the last check of a configuration. They are kept so that the next snapshot uses the same.
    checked: Mutex<Vec<Arc<Adapter>>>,
    sinks: Arc<Sinks>,
    health: Mutex<HashMap<String, Arc<Health>>>,
    recorder: Mutex<Weak<Recorder>>,
}

/// The parts from which a snapshot is built.
pub struct Sources {
    pub settings: Arc<Settings>,
    pub registry: Arc<Registry>,
}

impl Builder {
    pub fn new(
        host: Arc<Host>,
        metrics: Arc<Metrics>,
        environment: Arc<dyn Environment + Send + Sync>,
        identities: Identities,
        sinks: Arc<Sinks>,
    ) -> Self {
        Self {
            host,
            metrics,
            environment,
            identities,
            uses: Uses::default(),
            shipped: OnceLock::new(),
            checked: Mutex::default(),
            sinks,
            health: Mutex::default(),
            recorder: Mutex::default(),
        }
    }

    /// Drops idle instances of plugins that are too old to be used again.
    pub fn drop_old_instances(&self) {
        self.uses.drop_old_instances();
    }

    /// Forgets data of deployments and plugins that are in no snapshot any more, and the metrics of groups, guardrails
    /// and callbacks that are not in this one.
    pub fn forget_unused(&self, snapshot: &Snapshot) {
        self.host.forget_unused();
        self.metrics.forget_unused();
        let settings = &snapshot.settings;
        let guardrails = settings.guardrails.iter().map(|it| it.name.as_str());
        let callbacks = settings.callbacks.iter().map(|it| it.name.as_str());
        self.metrics.keep_groups(&snapshot.groups.labels());
        self.metrics.keep_guardrails(&guardrails.collect());
        self.metrics.keep_callbacks(&callbacks.collect());
    }

    /// Builds the next snapshot. This never fails: what does not work is among the snapshot's faults.
    pub fn build(&self, sources: Sources) -> Snapshot {
        let Sources { settings, registry } = sources;
        let mut faults = Vec::new();
        let (adapters, providers) = self.adapters(&settings.plugins, &registry, &mut faults);
        let deployments = self.deployments(&settings, &providers, &mut faults);
        let mut strategy = |ranking: &Ranking| self.strategy(&settings.plugins, &registry, ranking, &mut faults);
        let router = &settings.router;
        let shuffle = strategy(&Ranking::default());
        let strategies = router.group_rankings.iter();
        let strategies = strategies
            .map(|(group, ranking)| (group.clone(), strategy(ranking)))
            .collect();
        let strategy = strategy(&router.ranking);
        let decisions = settings
            .decisions
            .as_ref()
            .and_then(|decisions| self.recorder(decisions, &mut faults));
        let guardrails = self.guardrails(&settings, &registry, &mut faults);
        let hooks = self.hooks(&settings, &registry, &mut faults);
        let callbacks = self.callbacks(&settings, &registry, &mut faults);
        let periodic = self.periodic(&settings.plugins, &registry, &mut faults);
        // `model: "*"` serves the models that providers know. A name that no provider knows is the client's mistake and
        // not a group whose deployments cannot be used.
        let configured = settings.deployments.iter().filter(|deployment| deployment.model != "*");
        let configured = configured
            .map(|deployment| &deployment.group)
            .chain(&settings.left_out_groups);
        let groups = Groups::new(deployments, settings.aliases.clone(), configured.map(String::as_str));
        Snapshot {
            settings,
            registry,
            groups,
            strategy,
            strategies,
            shuffle,
            decisions,
            hooks,
            guardrails,
            callbacks,
            periodic,
            adapters,
            faults,
        }
    }

    /// Prefixes of the providers that loaded adapters serve.
    pub fn provider_names(&self, settings: &settings::Plugins, registry: &Registry) -> Vec<String> {
        let (adapters, providers) = self.adapters(settings, registry, &mut Vec::new());
        *self.checked.lock() = adapters;
        providers.into_names()
    }

    /// A loaded component by its name, unless the operator disabled it.
    fn component<'r>(settings: &settings::Plugins, registry: &'r Registry, name: &str) -> Option<&'r Arc<Component>> {
        let is_off = settings.by_name.get(name).is_some_and(|plugin| plugin.disabled);
        registry.components.get(name).filter(|_| !is_off)
    }

    fn adapters(
        &self,
        settings: &settings::Plugins,
        registry: &Registry,
        faults: &mut Vec<Fault>,
    ) -> (Vec<Arc<Adapter>>, Providers) {
        let mut adapters = Vec::new();
        let mut providers = Providers::default();
        let shipped = self.shipped.get_or_init(|| self.ask_bundled(registry));
        let adapter_named =
            |name: &str| Self::component(settings, registry, name).filter(|component| component.is(Kind::Adapter));
        let mut components: Vec<_> = registry
            .components
            .keys()
            .filter_map(|name| adapter_named(name))
            .collect();
        components.sort_by_key(|component| component.source != Source::Bundled);
        for component in components {
            let Some(adapter) = self.adapter(settings, component, faults) else {
                continue;
            };
            match adapter.providers() {
                Ok(infos) if component.source == Source::Bundled => providers.add_bundled(&adapter, infos),
                Ok(infos) => {
                    let is_in_force = |name: &str| adapter_named(name).is_some();
                    providers.add_file(&adapter, infos, shipped, is_in_force, faults);
                }
                Err(error) => {
                    faults.push(Fault::Unusable(error.to_string()));
                    continue;
                }
            }
            adapters.push(adapter);
        }
        (adapters, providers)
    }

    fn ask_bundled(&self, registry: &Registry) -> Shipped {
        let nothing_set = settings::Plugins::default();
        let mut shipped = Shipped::default();
        let adapters = registry.bundled.iter().filter(|component| component.is(Kind::Adapter));
        for component in adapters {
            // Empty settings match the schema of every bundled adapter.
            if let Some(adapter) = self.adapter(&nothing_set, component, &mut Vec::new()) {
                shipped.add(&adapter);
            }
        }
        shipped
    }

    fn deployments(&self, settings: &Settings, providers: &Providers, faults: &mut Vec<Fault>) -> Vec<Arc<Deployment>> {
        let mut health = self.health.lock();
        let mut deployments = Vec::with_capacity(settings.deployments.len());
        let configured = settings.deployments.iter();
        let configured: Vec<_> = configured
            .flat_map(|one| self.of_every_provider(settings, one, providers))
            .collect();
        for configured in &configured {
            let own = Arc::clone(health.entry(configured.id.clone()).or_default());
            match self.deployment(settings, configured.clone(), providers, own) {
                Ok(deployment) => {
                    faults.extend(withheld(&deployment));
                    // Here, for no exchange must wait for it. What is wrong is said when it is used.
                    if let Some(upstream) = &deployment.upstream {
                        let _ = upstream.adapter.pool();
                    }
                    deployments.push(Arc::new(deployment));
                }
                Err(error) => {
                    let settings::Deployment { id, group, at, .. } = configured;
                    let sentence = format!("{at}: deployment `{id}` of model group `{group}` is left out: {error}");
                    let is_missing = matches!(error, DeploymentError::NoAdapter { .. });
                    faults.push(if is_missing {
                        Fault::Missing(sentence)
                    } else {
                        Fault::Unusable(sentence)
                    });
                }
            }
        }
        health.retain(|id, _| configured.iter().any(|deployment| deployment.id == *id));
        deployments
    }

    /// The deployments that `model: "*"` stands for: one for every provider whose credential is in the environment. The
    /// name in the request selects the provider. If the entry has a credential or a base URL, these belong to one
    /// provider, which the entry must name: clients must not choose where a key is sent.
    fn of_every_provider(
        &self,
        settings: &Settings,
        configured: &settings::Deployment,
        providers: &Providers,
    ) -> Vec<settings::Deployment> {
        let is_of_one =
            configured.provider.is_some() || configured.api_base.is_some() || !configured.credentials.is_empty();
        if configured.model != "*" || is_of_one || configured.mock_response.is_some() {
            return vec![configured.clone()];
        }
        let is_set = |name: &str| {
            let own = settings.environment.get(name).map(|own| own.expose().to_owned());
            let value = own.or_else(|| self.environment.variable(name));
            value.is_some_and(|value| !value.trim().is_empty())
        };
        let named = providers
            .iter()
            .filter(|(_, provider)| provider.has_credential(&is_set));
        let named = named.map(|(name, _)| settings::Deployment {
            id: format!("{}-{name}", configured.id),
            group: configured.group.replacen('*', &format!("{name}/*"), 1),
            model: format!("{name}/*"),
            ..configured.clone()
        });
        let all: Vec<_> = named.collect();
        // If no provider has a key, the deployment itself reports why it cannot be used.
        if all.is_empty() { vec![configured.clone()] } else { all }
    }

    fn deployment(
        &self,
        settings: &Settings,
        configured: settings::Deployment,
        providers: &Providers,
        health: Arc<Health>,
    ) -> Result<Deployment, DeploymentError> {
        let (provider, model) = split_model(&configured, providers)?;
        let variable = |name: &str| {
            settings
                .environment
                .get(name)
                .map(|own| own.expose().to_owned())
                .or_else(|| self.environment.variable(name))
        };
        let parts = Parts {
            settings: configured,
            provider: providers.get(&provider, &model),
            variable: &variable,
            health,
            metrics: &self.metrics,
            identities: &self.identities,
            drop_params: settings.router.drop_params,
        };
        Deployment::new(&provider, &model, parts)
    }

    fn adapter(
        &self,
        settings: &settings::Plugins,
        component: &Arc<Component>,
        faults: &mut Vec<Fault>,
    ) -> Option<Arc<Adapter>> {
        let key = self.checked_key(settings, component, Kind::Adapter, "{}", faults)?;
        let make = |key| Some(Arc::new(Adapter::new(component, &self.host, key)));
        self.uses.get(key, make)
    }

    /// The recorder of decisions. One that is open for the same file is used again.
    fn recorder(&self, settings: &settings::Decisions, faults: &mut Vec<Fault>) -> Option<Arc<Recorder>> {
        let mut open = self.recorder.lock();
        if let Some(recorder) = open.upgrade().filter(|recorder| recorder.path() == settings.file) {
            return Some(recorder);
        }
        match Recorder::open(settings, self.metrics.decisions_dropped.clone()) {
            Ok(recorder) => {
                let recorder = Arc::new(recorder);
                *open = Arc::downgrade(&recorder);
                Some(recorder)
            }
            Err(error) => {
                let file = settings.file.display();
                faults.push(Fault::Unusable(format!(
                    "choices are not recorded: `sluice.decisions.file` {file}: {error}"
                )));
                None
            }
        }
    }

    /// A strategy with its settings.
    pub fn strategy(
        &self,
        plugins: &settings::Plugins,
        registry: &Registry,
        ranking: &Ranking,
        faults: &mut Vec<Fault>,
    ) -> Option<Arc<Strategy>> {
        let name = &ranking.strategy;
        let component = Self::component(plugins, registry, name);
        let pool = component.and_then(|component| self.strategy_pool(plugins, component, &ranking.args, faults));
        if pool.is_none() {
            faults.push(Fault::Missing(format!(
                "routing strategy `{name}` is not there: `{DEFAULT_STRATEGY}` ranks in its place; put its component into the plugins directory, or mend its settings"
            )));
        }
        pool
    }

    /// A component's strategy; `None` if the component is not a strategy or does not accept the settings.
    pub fn strategy_pool(
        &self,
        plugins: &settings::Plugins,
        component: &Component,
        own_settings: &str,
        faults: &mut Vec<Fault>,
    ) -> Option<Arc<Strategy>> {
        let constrains = component.constrains();
        let key = self
            .checked_key(plugins, component, Kind::Strategy, own_settings, faults)
            // A strategy that constrains is used in spite of wrong settings: it refuses every exchange itself. This is
            // better than to use deployments that it would exclude.
            .or_else(|| constrains.then(|| self.key(plugins, component, Kind::Strategy, own_settings)))?;
        let takes_any = &*key.settings != "{}";
        let make = |key| component.pool(&self.host, &key);
        let strategy = Strategy::new(self.uses.get(key, make)?, constrains);
        let fault = takes_any.then(|| strategy.fault()).flatten();
        faults.extend(fault.iter().map(|fault| Fault::Unusable(fault.to_string())));
        (fault.is_none() || constrains).then(|| Arc::new(strategy))
    }

    fn guardrails(
        &self,
        settings: &Settings,
        registry: &Registry,
        faults: &mut Vec<Fault>,
    ) -> Vec<ConfiguredGuardrail> {
        let configured = settings.guardrails.iter().map(|guardrail| {
            let plugin = Self::component(&settings.plugins, registry, &guardrail.plugin).and_then(|component| {
                let key = self.checked_key(&settings.plugins, component, Kind::Guardrail, &guardrail.settings, faults)?;
                let pool = self.uses.get(key, |key| component.pool(&self.host, &key))?;
                Some(Arc::new(Guardrail::new(pool, component.looks_at())))
            });
            if plugin.is_none() {
                faults.push(Fault::Missing(format!(
                    "guardrail `{}` needs plugin `{}`, which is not there: exchanges that need it are refused; put its component into the plugins directory, or mend its settings",
                    guardrail.name, guardrail.plugin
                )));
            }
            ConfiguredGuardrail { settings: guardrail.clone(), plugin }
        });
        configured.collect()
    }

    fn callbacks(&self, settings: &Settings, registry: &Registry, faults: &mut Vec<Fault>) -> Vec<Arc<Sink>> {
        let mut sinks = Vec::new();
        for configured in settings
            .callbacks
            .iter()
            .filter(|callback| !BUILT_IN_CALLBACKS.contains(&callback.plugin.as_str()))
        {
            let Some(component) = Self::component(&settings.plugins, registry, &configured.plugin) else {
                faults.push(Fault::Missing(format!(
                    "callback `{}` needs plugin `{}`, which is not there: it gets no records; put its component into the plugins directory",
                    configured.name, configured.plugin
                )));
                continue;
            };
            if !component.is(Kind::Callback) {
                // Whoever is no callback is here as a request hook.
                faults.extend(not_told(configured, component));
                continue;
            }
            let own = self.with_variables(settings, configured);
            // `checked_key` reports what is wrong with the settings.
            let key = self.checked_key(&settings.plugins, component, Kind::Callback, &own, faults);
            let pool = key.and_then(|key| self.uses.get(key, |key| component.pool(&self.host, &key)));
            sinks.extend(pool.map(|pool| self.sinks.get(configured, Callback::new(pool))));
        }
        self.sinks.keep_only(&sinks);
        sinks
    }

    /// The request hooks among the callbacks that see requests.
    fn hooks(&self, settings: &Settings, registry: &Registry, faults: &mut Vec<Fault>) -> Vec<ConfiguredHook> {
        let configured = settings.callbacks.iter().filter(|callback| callback.on_request);
        let hooks = configured.filter_map(|configured| {
            let component = Self::component(&settings.plugins, registry, &configured.plugin)?;
            if !component.is(Kind::Hook) {
                return None;
            }
            let own = self.with_variables(settings, configured);
            let key = self.checked_key(&settings.plugins, component, Kind::Hook, &own, faults);
            let pool = key.and_then(|key| self.uses.get(key, |key| component.pool(&self.host, &key)));
            let operator = settings.plugins.by_name.get(component.manifest.name.as_str());
            Some(ConfiguredHook {
                name: configured.name.clone(),
                plugin: pool.map(|pool| Arc::new(Hook::new(pool))),
                may_change: operator.map(|operator| operator.may_change).unwrap_or_default(),
                fail_open: configured.fail_open,
            })
        });
        hooks.collect()
    }

    /// The periodic tasks among the plugins that the operator named: a file that was only dropped in does not work by
    /// itself.
    fn periodic(
        &self,
        plugins: &settings::Plugins,
        registry: &Registry,
        faults: &mut Vec<Fault>,
    ) -> Vec<Arc<Periodic>> {
        let named = plugins.by_name.keys();
        let components = named.filter_map(|name| Self::component(plugins, registry, name));
        let tasks = components.filter(|component| component.is(Kind::Periodic));
        let used = tasks.filter_map(|component| {
            let key = self.checked_key(plugins, component, Kind::Periodic, "{}", faults)?;
            let make = |key| Some(Arc::new(Periodic::new(component.pool(&self.host, &key)?)));
            self.uses.get(key, make)
        });
        used.collect()
    }

    /// A callback's settings. Those that the configuration leaves out are read from the same environment variables as
    /// in LiteLLM.
    fn with_variables(&self, settings: &Settings, configured: &settings::Callback) -> Box<str> {
        let (plugin, own) = (configured.plugin.as_str(), &configured.settings);
        let is_given = |name: &str| {
            let given: Option<serde_json::Map<_, _>> = serde_json::from_str(own).ok();
            given.is_some_and(|given| given.contains_key(name))
        };
        let variable = |name: &&str| {
            let set = settings.environment.get(*name).map(|value| value.expose().to_owned());
            set.or_else(|| self.environment.variable(name))
                .filter(|value| !value.is_empty())
        };
        for (_, names, variables) in CALLBACK_VARIABLES.iter().filter(|(of, ..)| *of == plugin) {
            if !names.iter().any(|name| is_given(name))
                && let Some(value) = variables.iter().find_map(variable)
            {
                let read = serde_json::json!({ names[0]: value.trim_end() });
                return merge(&read.to_string(), own);
            }
        }
        own.clone()
    }

    /// [`Self::key`], if the settings match the plugin's schema.
    fn checked_key(
        &self,
        settings: &settings::Plugins,
        component: &Component,
        kind: Kind,
        own_settings: &str,
        faults: &mut Vec<Fault>,
    ) -> Option<Key> {
        let key = self.key(settings, component, kind, own_settings);
        match component.check_settings(&key.settings) {
            Ok(()) => Some(key),
            Err(reason) => {
                let name = &component.manifest.name;
                faults.push(Fault::Unusable(format!(
                    "settings of plugin `{name}` do not fit its schema: {reason}"
                )));
                None
            }
        }
    }

    /// The key that identifies this use of a component, so that its instances can be used again.
    fn key(&self, settings: &settings::Plugins, component: &Component, kind: Kind, own_settings: &str) -> Key {
        let operator = settings
            .by_name
            .get(component.manifest.name.as_str())
            .cloned()
            .unwrap_or_default();
        let merged = merge(operator.settings.as_deref().unwrap_or("{}"), own_settings);
        let allowed = [operator.outbound.clone(), hosts_named_in(&merged)].concat();
        Key {
            sha256: component.sha256.clone(),
            grants: Grants::new(&component.manifest.outbound, &allowed),
            parameters: Parameters::new(component.source == Source::Bundled, &operator.parameters),
            may_attribute: operator.attribution,
            limits: Limits::of(kind).with(&operator),
            // By its nature, a callback sees the records of many clients. Its instances serve nothing else.
            isolation: if kind == Kind::Callback {
                Isolation::Shared
            } else {
                operator.isolation
            },
            settings: merged,
        }
    }
}

/// What is wrong with a callback whose plugin takes no records.
fn not_told(configured: &settings::Callback, component: &Component) -> Option<Fault> {
    let (name, plugin) = (&configured.name, &component.manifest.name);
    match component.is(Kind::Hook) {
        true if configured.on_request => None,
        true => Some(Fault::Unusable(format!(
            "`{name}` is a request hook and sees no request: name it under `litellm_settings.callbacks`, not under `success_callback` or `failure_callback`"
        ))),
        false => Some(Fault::Missing(format!(
            "callback `{name}` gets no records: plugin `{plugin}` is neither a logging callback nor a request hook"
        ))),
    }
}

/// What the deployment's adapter does not get to read, if it comes from a file: the operator may have meant it for it.
fn withheld(deployment: &Deployment) -> Option<Fault> {
    let adapter = &deployment.upstream.as_ref()?.adapter;
    let names = deployment.settings.parameters.keys();
    let withheld: Vec<&str> = names
        .map(String::as_str)
        .filter(|name| !adapter.parameters().include(name))
        .collect();
    (!withheld.is_empty()).then(|| {
        let settings::Deployment { id, at, .. } = &deployment.settings;
        let (names, plugin) = (withheld.join("`, `"), adapter.name());
        Fault::Withheld(format!(
            "{at}: `{names}` of deployment `{id}` are not shown to plugin `{plugin}`, which is no part of Sluice: if it may read them, list them under `sluice.plugins.{plugin}.parameters`"
        ))
    })
}

/// Callbacks that the host implements itself: `/metrics` always exists.
const BUILT_IN_CALLBACKS: [&str; 1] = ["prometheus"];

/// The provider and the model of a deployment. The provider is `custom_llm_provider`, else the prefix if it is a known
/// provider, else the one that is inferred from a name without a prefix.
fn split_model(configured: &settings::Deployment, providers: &Providers) -> Result<(String, String), DeploymentError> {
    let model = configured.model.as_str();
    if let Some(provider) = &configured.provider {
        let bare = model.strip_prefix(&format!("{provider}/")).unwrap_or(model);
        return Ok((provider.clone(), bare.to_owned()));
    }
    if let Some((prefix, rest)) = model.split_once('/')
        && (providers.has(prefix) || configured.mock_response.is_some())
    {
        return Ok((prefix.to_owned(), rest.to_owned()));
    }
    // The text before a slash is a provider or a mistake. Prompts must not be sent to a provider that is only guessed.
    let inferred = infer_provider(model).filter(|_| !model.contains('/'));
    if let Some(provider) = inferred {
        return Ok((provider.to_owned(), model.to_owned()));
    }
    match model.split_once('/') {
        Some((prefix, _)) => Err(DeploymentError::NoAdapter {
            provider: prefix.to_owned(),
            model: model.to_owned(),
        }),
        None if configured.mock_response.is_some() => Ok(("openai".to_owned(), model.to_owned())),
        None => Err(DeploymentError::NoProvider {
            model: model.to_owned(),
        }),
    }
}

/// Merges two JSON objects: keys of the second take precedence. Both were checked to be objects when they were read.
fn merge(beneath: &str, above: &str) -> Box<str> {
    let parse =
        |text: &str| serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text).unwrap_or_default();
    let mut merged = parse(beneath);
    merged.extend(parse(above));
    serde_json::Value::Object(merged).to_string().into()
}

/// The hosts of the URLs in a plugin's settings. The operator who writes such a URL allows its host: no second entry
/// under `sluice.plugins` is needed for `endpoint: https://…`.
fn hosts_named_in(settings: &str) -> Vec<String> {
    let Ok(serde_json::Value::Object(settings)) = serde_json::from_str(settings) else {
        return Vec::new();
    };
    let urls = settings
        .values()
        .filter_map(|value| reqwest::Url::parse(value.as_str()?).ok());
    urls.filter_map(|url| {
        let host = url.host_str()?;
        let scheme = match url.scheme() {
            "https" => "",
            "http" => "http://",
            _ => return None,
        };
        let port = url.port().map_or_else(String::new, |port| format!(":{port}"));
        Some(format!("{scheme}{host}{port}"))
    })
    .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_in_the_settings_allows_its_host() {
        let hosts = hosts_named_in(
            r#"{"endpoint":"https://logs.example.com/x","other":"http://127.0.0.1:9/","n":1,"t":"file:///x"}"#,
        );
        assert_eq!(hosts, ["logs.example.com", "http://127.0.0.1:9"]);
    }

    #[test]
    fn own_settings_go_over_the_operators_general_ones() {
        assert_eq!(&*merge(r#"{"a":1,"b":1}"#, r#"{"b":2}"#), r#"{"a":1,"b":2}"#);
    }
}
