//! The bundled plugins, loaded and configured as in a gateway, and ready to be called.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use serde_json::{Value, json};
use sluice::Source;
use sluice::callbacks::Sinks;
use sluice::config::settings::{Isolation, Settings};
use sluice::config::{Known, Strictness};
use sluice::metrics::Metrics;
use sluice::plugin::Host;
use sluice::plugin::imports::http::Egress;
use sluice::plugin::library::Library;
use sluice::snapshot::{Builder, Snapshot, Sources};
use sluice::upstream::tls;

/// The model group of one deployment at OpenAI.
pub const OPENAI: &str = "gpt";

/// The model group of one deployment at Anthropic.
pub const ANTHROPIC: &str = "claude";

/// Sizes of the model groups that a strategy ranks.
pub const GROUP_SIZES: [usize; 3] = [4, 64, 1_000];

const PLUGINS: [&str; 4] = ["openai-compatible", "anthropic", "simple-shuffle", "content-filter"];

/// A call is bounded by the wall clock: on a busy machine a limit of production would end a benchmark of millions of
/// calls. How long the limit is makes no difference to what it costs.
const TIME_LIMIT_MS: u32 = 10_000;

/// One engine, and what a gateway makes of the same configuration under each isolation.
pub struct Loaded {
    by_call: Snapshot,
    by_exchange: Snapshot,
    shared: Snapshot,
    /// Counts the instances that are made.
    pub metrics: Arc<Metrics>,
}

impl Loaded {
    /// Compiles the plugins anew, as a gateway does at its first start.
    ///
    /// # Panics
    /// The build is broken, or WebAssembly cannot run here.
    pub fn new() -> Self {
        let metrics = Arc::new(Metrics::default());
        let environment = Arc::new(BTreeMap::new());
        let tls = tls::client_config(None).expect("the certificates that come with the gateway can be read");
        let egress = Egress::new(tls.as_ref().clone()).expect("a client that connects to nothing can be made");
        let pagemap_scan = settings(Isolation::default()).plugins.pagemap_scan;
        let host = Host::start(pagemap_scan, None, egress, Arc::clone(&metrics)).expect("WebAssembly can run here");
        let host = Arc::new(host);
        // The plugins directory is never looked at: only what is bundled counts.
        let library = Library::open(Arc::clone(&host), PathBuf::new()).expect("bundled plugins load");
        let registry = Arc::new(library.registry());
        let deliveries = tokio::runtime::Builder::new_current_thread().build();
        let deliveries = deliveries.expect("a runtime that runs nothing can be made");
        let sinks = Arc::new(Sinks::new(deliveries.handle().clone(), Arc::clone(&metrics)));
        let builder = Builder::new(host, Arc::clone(&metrics), environment, sinks);
        let snapshot = |isolation| {
            let snapshot = builder.build(Sources {
                settings: Arc::new(settings(isolation)),
                registry: Arc::clone(&registry),
            });
            assert!(snapshot.faults.is_empty(), "{:?}", snapshot.faults);
            snapshot
        };
        Self {
            by_call: snapshot(Isolation::Call),
            by_exchange: snapshot(Isolation::Exchange),
            shared: snapshot(Isolation::Shared),
            metrics,
        }
    }

    /// What exchanges would use, were all plugins isolated so.
    pub fn under(&self, isolation: Isolation) -> &Snapshot {
        match isolation {
            Isolation::Call => &self.by_call,
            Isolation::Exchange => &self.by_exchange,
            Isolation::Shared => &self.shared,
        }
    }
}

/// The model group of so many deployments.
pub fn group_of(size: usize) -> String {
    format!("{size}-deployments")
}

fn settings(isolation: Isolation) -> Settings {
    let source = Source::Text {
        text: configuration(isolation).to_string(),
        directory: PathBuf::new(),
    };
    let loaded = source.load(&BTreeMap::new(), &Known::default(), Strictness::Strict);
    let problems = loaded.problems;
    loaded
        .settings
        .unwrap_or_else(|| panic!("the configuration has errors: {problems:?}"))
}

/// JSON is YAML.
fn configuration(isolation: Isolation) -> Value {
    let isolation = match isolation {
        Isolation::Call => "call",
        Isolation::Exchange => "exchange",
        Isolation::Shared => "shared",
    };
    let plugins: BTreeMap<&str, Value> = PLUGINS
        .map(|name| (name, json!({ "isolation": isolation, "time_limit_ms": TIME_LIMIT_MS })))
        .into();
    let single = [(OPENAI, "openai/gpt-4o"), (ANTHROPIC, "anthropic/claude-sonnet-4-5")];
    let mut deployments: Vec<Value> = single.map(|(group, model)| deployment(group, model, None)).into();
    for size in GROUP_SIZES {
        let weighted = (0..size).map(|index| deployment(&group_of(size), "openai/gpt-4o", Some(index % 10 + 1)));
        deployments.extend(weighted);
    }
    json!({
        "model_list": deployments,
        "guardrails": [{ "guardrail_name": "filter", "litellm_params": content_filter() }],
        "sluice": { "plugins": plugins },
    })
}

fn deployment(group: &str, model: &str, weight: Option<usize>) -> Value {
    json!({
        "model_name": group,
        "litellm_params": { "model": model, "api_key": "sk-never-sent", "weight": weight },
    })
}

/// What an operator may well ask of it: personal data, keys, a house's own numbers, a few words.
fn content_filter() -> Value {
    json!({
        "guardrail": "content-filter",
        "mode": "pre_call",
        "default_on": true,
        "patterns": [
            { "pattern_type": "prebuilt", "pattern_name": "email", "action": "MASK" },
            { "pattern_type": "prebuilt", "pattern_name": "us_ssn", "action": "BLOCK" },
            { "pattern_type": "prebuilt", "pattern_name": "credit_card", "action": "BLOCK" },
            { "pattern_type": "prebuilt", "pattern_name": "openai_key", "action": "BLOCK" },
            { "pattern_type": "regex", "name": "employee", "pattern": r"emp-\d{4}", "action": "MASK" },
        ],
        "blocked_words": [{ "keyword": "project zeta", "action": "BLOCK" }],
        "words": ["zeta", "confidential", "embargo"],
    })
}
