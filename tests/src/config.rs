//! Configurations as values; JSON is YAML. What every test needs is filled in, so that a test says only what it is about.

use serde_json::{Value, json};

use crate::upstream::Upstream;

/// The credential of every deployment here: nothing but the upstream may ever see it.
pub const UPSTREAM_KEY: &str = "sk-upstream-secret-0123456789";

/// The gateway's master key, where a test sets one.
pub const MASTER_KEY: &str = "sk-master-secret-0123456789";

/// The bundled strategies.
pub const STRATEGIES: [&str; 9] = [
    "simple-shuffle",
    "adaptive",
    "conditional",
    "cost-based-routing",
    "latency-based-routing",
    "least-busy",
    "priority",
    "usage-based-routing-v2",
    "weighted-round-robin",
];

/// Other plugins whose time is not a test's subject. They and the strategies get more than they need: a debug build on a
/// busy machine may lose a processor for longer than the limits of production.
const PATIENT_PLUGINS: [&str; 15] = [
    "openai-compatible",
    "anthropic",
    "bedrock",
    "cohere",
    "gemini",
    "ollama",
    "replicate",
    "sagemaker",
    "content-filter",
    "webhook",
    "probe-strategy",
    "probe-adapter",
    "probe-guardrail",
    "probe-callback",
    "teller",
];
const PATIENT_MS: u32 = 10_000;

/// A configuration in the making.
#[derive(Debug, Clone)]
pub struct Config(Value);

impl Default for Config {
    fn default() -> Self {
        Self::new()
    }
}

impl Config {
    /// No deployment, no retries, no master key.
    #[must_use]
    pub fn new() -> Self {
        let plugins: serde_json::Map<String, Value> = STRATEGIES
            .iter()
            .chain(&PATIENT_PLUGINS)
            .map(|name| ((*name).to_owned(), json!({ "time_limit_ms": PATIENT_MS })))
            .collect();
        Self(json!({
            "model_list": [],
            "router_settings": { "num_retries": 0 },
            // A test that is over leaves streams open; its gateway does not wait for them. Looking at health asks nobody.
            "sluice": { "plugins": plugins, "server": { "shutdown_timeout_ms": 500, "health_max_age_ms": 0 } },
        }))
    }

    /// A group with one OpenAI deployment at this upstream; again to add another.
    #[must_use]
    pub fn openai(self, group: &str, upstream: &Upstream) -> Self {
        self.deployment(
            group,
            json!({ "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()) }),
        )
    }

    /// The same on Azure, whose deployment is called `upstream-model`.
    #[must_use]
    pub fn azure(self, group: &str, upstream: &Upstream) -> Self {
        let params =
            json!({ "model": "azure/upstream-model", "api_base": upstream.base(), "api_version": "2024-10-21" });
        self.deployment(group, params)
    }

    /// The same at Anthropic.
    #[must_use]
    pub fn anthropic(self, group: &str, upstream: &Upstream) -> Self {
        self.deployment(
            group,
            json!({ "model": "anthropic/claude-upstream", "api_base": upstream.base() }),
        )
    }

    /// The same through the adapter under test (`guests/adapter`), with these settings.
    #[must_use]
    pub fn probe(self, group: &str, upstream: &Upstream, settings: Value) -> Self {
        let plugins = json!({ "plugins": { "probe-adapter": { "settings": settings } } });
        let params = json!({ "model": "probe/upstream-model", "api_base": upstream.base() });
        self.deployment(group, params).set("sluice", plugins)
    }

    /// A group that answers this text by itself.
    #[must_use]
    pub fn mock(self, group: &str, text: &str) -> Self {
        self.deployment(group, json!({ "model": "openai/mock", "mock_response": text }))
    }

    /// A deployment with these `litellm_params`; `api_key` is filled in.
    #[must_use]
    pub fn deployment(self, group: &str, params: Value) -> Self {
        let mut with_key = json!({ "api_key": UPSTREAM_KEY });
        merge(&mut with_key, params);
        self.entry(json!({ "model_name": group, "litellm_params": with_key }))
    }

    /// An entry of `model_list` as it stands.
    ///
    /// # Panics
    /// When the list has been replaced by something else.
    #[must_use]
    pub fn entry(mut self, entry: Value) -> Self {
        self.0["model_list"]
            .as_array_mut()
            .expect("`model_list` is a list")
            .push(entry);
        self
    }

    /// Lays a value over a top-level section, mapping over mapping.
    #[must_use]
    pub fn set(mut self, section: &str, value: Value) -> Self {
        merge(&mut self.0[section], value);
        self
    }

    /// The strategy under test, with these settings.
    #[must_use]
    pub fn strategy(self, name: &str, settings: Value) -> Self {
        self.set(
            "router_settings",
            json!({ "routing_strategy": name, "routing_strategy_args": settings }),
        )
    }

    /// Retries after the first attempt.
    #[must_use]
    pub fn retries(self, count: u32) -> Self {
        self.set("router_settings", json!({ "num_retries": count }))
    }

    /// Deployments stay in service whatever happens.
    #[must_use]
    pub fn without_cooldowns(self) -> Self {
        self.set("router_settings", json!({ "disable_cooldowns": true }))
    }

    /// A guardrail for every exchange: its name, its `litellm_params` but for `default_on`.
    ///
    /// # Panics
    /// When the list has been replaced by something else.
    #[must_use]
    pub fn guardrail(mut self, name: &str, params: Value) -> Self {
        let mut always = json!({ "default_on": true });
        merge(&mut always, params);
        let list = &mut self.0["guardrails"];
        if list.is_null() {
            *list = json!([]);
        }
        let entry = json!({ "guardrail_name": name, "litellm_params": always });
        list.as_array_mut().expect("`guardrails` is a list").push(entry);
        self
    }

    /// A callback with these settings, which may reach this upstream.
    #[must_use]
    pub fn callback(self, name: &str, settings: Value, receiver: &Upstream) -> Self {
        let callbacks = self.set("litellm_settings", json!({ "callbacks": [name] }));
        callbacks
            .set("callback_settings", json!({ name: settings }))
            .outbound(name, receiver)
    }

    /// Lets a plugin reach this upstream.
    #[must_use]
    pub fn outbound(self, plugin: &str, upstream: &Upstream) -> Self {
        self.set(
            "sluice",
            json!({ "plugins": { plugin: { "outbound": [upstream.base()] } } }),
        )
    }

    /// How long one call of this plugin may take.
    #[must_use]
    pub fn time_limit(self, plugin: &str, limit_ms: u32) -> Self {
        self.set(
            "sluice",
            json!({ "plugins": { plugin: { "time_limit_ms": limit_ms } } }),
        )
    }

    /// Asks for [`MASTER_KEY`].
    #[must_use]
    pub fn with_key(self) -> Self {
        self.set("general_settings", json!({ "master_key": MASTER_KEY }))
    }

    /// The master key, where there is one.
    #[must_use]
    pub fn key(&self) -> Option<&str> {
        self.0["general_settings"]["master_key"].as_str()
    }

    /// The file's text.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{:#}", self.0)
    }
}

fn merge(into: &mut Value, from: Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (name, value) in from {
                merge(into.entry(name).or_insert(Value::Null), value);
            }
        }
        (into, from) => *into = from,
    }
}
