//! The bundled plugins, loaded and configured as in a gateway, and ready to be called.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use sluice::Source;
use sluice::callbacks::Sinks;
use sluice::config::settings::{Isolation, Settings};
use sluice::config::{Known, Strictness};
use sluice::deployment::Success;
use sluice::identity::Identities;
use sluice::metrics::Metrics;
use sluice::moment::Moment;
use sluice::plugin::Host;
use sluice::plugin::apart::Loader;
use sluice::plugin::egress::Egress;
use sluice::plugin::library::{Library, Registry};
use sluice::snapshot::{Builder, Snapshot, Sources};
use sluice::upstream::tls;

use crate::providers::PROVIDERS;

/// The model group of one deployment at OpenAI.
pub const OPENAI: &str = "gpt";

/// Sizes of the model groups that a strategy ranks.
pub const GROUP_SIZES: [usize; 3] = [4, 64, 1_000];

/// The bundled strategies; the first serves the calls that are about another plugin.
pub const STRATEGIES: [&str; 9] = [
    "simple-shuffle",
    "least-busy",
    "latency-based-routing",
    "cost-based-routing",
    "usage-based-routing-v2",
    "weighted-round-robin",
    "priority",
    "adaptive",
    CONDITIONAL,
];

const CONDITIONAL: &str = "conditional";

const PLUGINS: [&str; 2] = ["openai-compatible", "content-filter"];

/// A call is bounded by the wall clock: on a busy machine a limit of production would end a benchmark of millions of
/// calls. How long the limit is makes no difference to what it costs.
const TIME_LIMIT_MS: u32 = 10_000;

/// One engine, and what a gateway makes of the same configuration under each isolation, with each strategy.
pub struct Loaded {
    builder: Builder,
    registry: Arc<Registry>,
    /// Counts the instances that are made.
    pub metrics: Arc<Metrics>,
}

impl Loaded {
    /// Loads the bundled plugins.
    ///
    /// # Panics
    /// The build is broken, or WebAssembly cannot run here.
    pub fn new() -> Self {
        let metrics = Arc::new(Metrics::default());
        let environment = Arc::new(BTreeMap::new());
        let tls = tls::client_config(None).expect("the certificates that come with the gateway can be read");
        let egress = Egress::new(tls.as_ref().clone()).expect("a client that connects to nothing can be made");
        // The plugins directory is never looked at: only what is bundled counts.
        let loader = Loader::new(PathBuf::new());
        let pagemap_scan = settings(Isolation::default(), STRATEGIES[0]).plugins.pagemap_scan;
        let host = Host::start(
            pagemap_scan,
            None,
            Path::new("plugins"),
            loader,
            egress,
            Arc::clone(&metrics),
        );
        let host = host.expect("WebAssembly can run here");
        let host = Arc::new(host);
        let library =
            Library::open(Arc::clone(&host), sluice_bundled::PLUGINS, PathBuf::new()).expect("bundled plugins load");
        let registry = Arc::new(library.registry());
        let deliveries = tokio::runtime::Builder::new_current_thread().build();
        let deliveries = deliveries.expect("a runtime that runs nothing can be made");
        let sinks = Arc::new(Sinks::new(deliveries.handle().clone(), Arc::clone(&metrics)));
        let identities = Identities::new(tls.as_ref().clone(), deliveries.handle().clone());
        let identities = identities.expect("a client that connects to nothing can be made");
        let builder = Builder::new(host, Arc::clone(&metrics), environment, identities, sinks);
        Self {
            builder,
            registry,
            metrics,
        }
    }

    /// What exchanges would use, were all plugins isolated so and this the strategy.
    ///
    /// # Panics
    /// The bundled plugins do not fit the configuration.
    pub fn under(&self, isolation: Isolation, strategy: &str) -> Snapshot {
        let snapshot = self.builder.build(Sources {
            settings: Arc::new(settings(isolation, strategy)),
            registry: Arc::clone(&self.registry),
        });
        assert!(snapshot.faults.is_empty(), "{:?}", snapshot.faults);
        for (index, deployment) in (1_u64..).zip(snapshot.groups.deployments()) {
            let success = Success {
                whole: Duration::from_millis(800 + 37 * (index % 23)),
                first_token: Some(Duration::from_millis(200 + 11 * (index % 17))),
                completion_tokens: 100,
            };
            deployment.health.succeeded(success, Moment::now());
        }
        snapshot
    }
}

/// The model group of so many deployments.
pub fn group_of(size: usize) -> String {
    format!("{size}-deployments")
}

fn settings(isolation: Isolation, strategy: &str) -> Settings {
    let source = Source::Text {
        text: configuration(isolation, strategy).to_string(),
        directory: PathBuf::new(),
    };
    let loaded = source.load(&BTreeMap::new(), &Known::default(), Strictness::Strict);
    let problems = loaded.problems;
    loaded
        .settings
        .unwrap_or_else(|| panic!("the configuration has errors: {problems:?}"))
}

/// JSON is YAML.
fn configuration(isolation: Isolation, strategy: &str) -> Value {
    let isolation = match isolation {
        Isolation::Call => "call",
        Isolation::Exchange => "exchange",
        Isolation::Shared => "shared",
    };
    let plugins: BTreeMap<&str, Value> = PLUGINS
        .into_iter()
        .chain(PROVIDERS.map(|provider| provider.adapter))
        .chain(STRATEGIES)
        .map(|name| (name, json!({ "isolation": isolation, "time_limit_ms": TIME_LIMIT_MS })))
        .collect();
    let mut deployments = vec![deployment(OPENAI, "openai/gpt-4o", None)];
    deployments.extend(PROVIDERS.map(|provider| deployment(provider.adapter, provider.model, None)));
    for size in GROUP_SIZES {
        let weighted = (0..size).map(|index| deployment(&group_of(size), "openai/gpt-4o", Some(index % 10 + 1)));
        deployments.extend(weighted);
    }
    json!({
        "model_list": deployments,
        "router_settings": { "routing_strategy": strategy, "routing_strategy_args": arguments(strategy) },
        "guardrails": [{ "guardrail_name": "filter", "litellm_params": content_filter() }],
        "sluice": { "plugins": plugins },
    })
}

/// Every other weighted one is tagged.
fn deployment(group: &str, model: &str, weight: Option<usize>) -> Value {
    let tags = weight.filter(|weight| weight % 2 == 0).map(|_| ["reserved"]);
    json!({
        "model_name": group,
        "litellm_params": {
            "model": model,
            "api_key": "sk-never-sent",
            "aws_region_name": "us-east-1",
            "weight": weight,
            "tags": tags,
        },
    })
}

/// Two rules, of which the second holds and prefers half of the deployments.
fn arguments(strategy: &str) -> Value {
    match strategy {
        CONDITIONAL => json!({ "rules": [
            { "if": "prompt_tokens > 100000 || region == \"eu\"", "to": { "region": "eu" }, "only": true },
            { "if": "operation == \"chat-completions\" && !streaming", "to": { "tag": "reserved" } },
        ] }),
        _ => json!({}),
    }
}

/// Twenty patterns and a few words, as an operator may well ask of it: personal data, keys, a house's own numbers.
fn content_filter() -> Value {
    let masked = ["email", "us_phone", "ipv4"];
    let blocked = [
        "us_ssn",
        "credit_card",
        "visa",
        "amex",
        "iban",
        "passport_us",
        "aws_access_key",
        "github_token",
        "slack_token",
        "openai_key",
        "google_api_key",
        "stripe_key",
        "huggingface_token",
        "jwt",
        "private_key",
    ];
    let prebuilt = |names: &[&str], action: &str| -> Vec<Value> {
        let pattern = |name: &&str| json!({ "pattern_type": "prebuilt", "pattern_name": name, "action": action });
        names.iter().map(pattern).collect()
    };
    let own = [
        json!({ "pattern_type": "regex", "name": "employee", "pattern": r"emp-\d{4}", "action": "MASK" }),
        json!({ "pattern_type": "regex", "name": "host", "pattern": r"[a-z0-9-]+\.corp\.example", "action": "MASK" }),
    ];
    let patterns = [prebuilt(&masked, "MASK"), prebuilt(&blocked, "BLOCK"), own.into()].concat();
    json!({
        "guardrail": "content-filter",
        "mode": "pre_call",
        "default_on": true,
        "patterns": patterns,
        "blocked_words": [{ "keyword": "project zeta", "action": "BLOCK" }],
        "words": ["zeta", "confidential", "embargo"],
    })
}
