//! The configuration as a whole. Cases are folders in `tests/config/`: `config.yaml` and, line for line, the problems it
//! must give, in `expected.txt`. `UPDATE=1 cargo test` writes the expectations and the schema anew; read the difference.

mod cases;
mod keys;
mod settings;

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::{Environment, Known, Loaded, Origin, Strictness, load};

/// The repository's folder that these tests read and, when asked, write.
fn repository() -> PathBuf {
    PathBuf::from(std::env::var("CARGO_MANIFEST_DIR").expect("cargo sets it for tests")).join("..")
}

/// What plugins provide in all these tests.
fn known() -> Known {
    let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
    Known {
        providers: names(&[
            "openai",
            "azure",
            "anthropic",
            "gemini",
            "mistral",
            "groq",
            "deepseek",
            "openrouter",
            "cohere",
        ]),
        strategies: names(&[
            "adaptive",
            "cost-based-routing",
            "latency-based-routing",
            "least-busy",
            "priority",
            "simple-shuffle",
            "usage-based-routing-v2",
            "weighted-round-robin",
        ]),
        guardrails: names(&["content-filter"]),
        unseen: BTreeMap::from([("content-filter".to_owned(), vec!["images", "files"])]),
        callbacks: names(&["webhook"]),
    }
}

fn nothing_set() -> BTreeMap<String, String> {
    BTreeMap::new()
}

fn read(text: &str, environment: &dyn Environment) -> Loaded {
    let origin = Origin {
        name: "config.yaml".into(),
        directory: "/etc/sluice".into(),
        file: None,
    };
    load(text, &origin, environment, &known(), Strictness::Lenient)
}

fn lines(loaded: &Loaded) -> Vec<String> {
    loaded.problems.iter().map(ToString::to_string).collect()
}

fn update() -> bool {
    std::env::var_os("UPDATE").is_some()
}
