//! Every adapter case (`plugins/*/cases/*.json` with a `deployment`) through the real component and real HTTP. The same
//! files run natively in each plugin's own tests; `sluice_sdk::testing::cases` says what a case holds.
//!
//! What differs here: the upstream is on loopback, so `api_base` keeps only its path; the gateway names the model group in
//! answers, and keeps a usage chunk from a client that did not ask for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::case::Case;
use sluice_tests::prelude::*;

/// Cases that do not hold here, by plugin, and why.
const NOT_HERE: [(&str, &str, &[&str]); 6] = [
    (
        "openai-compatible",
        "the adapter looks at the upstream's host name, which is always loopback here",
        &[
            "azure-behind-cloudflare",
            "foundry-azure-openai-resource",
            "foundry-inference",
            "foundry-serverless",
            "foundry-streams-without-options",
            "foundry-v1",
            "responses-foundry",
            "responses-functions-while-reasoning",
            "responses-model-of-the-pro-series",
            "responses-model-that-serves-nothing-else",
        ],
    ),
    (
        "openai-compatible",
        "the adapter looks whether there is an `api_base`, which every deployment has here",
        &["huggingface-provider-before-the-model"],
    ),
    (
        "openai-compatible",
        "the gateway keeps `metadata` to itself where nothing is stored",
        &["extra-body"],
    ),
    (
        "bedrock",
        "the gateway refuses a guardrail that is not configured",
        &["fields_for_the_gateway_stay"],
    ),
    (
        "cohere",
        "the gateway refuses an operation that the adapter does not name",
        &["operation_not_served"],
    ),
    ("gemini", "the gateway reads `stream` itself", &["wrong_type"]),
];

#[tokio::test]
async fn cases_of_openai_compatible_hold() {
    run("openai-compatible").await;
}

#[tokio::test]
async fn cases_of_anthropic_hold() {
    run("anthropic").await;
}

#[tokio::test]
async fn cases_of_bedrock_hold() {
    run("bedrock").await;
}

#[tokio::test]
async fn cases_of_cohere_hold() {
    run("cohere").await;
}

#[tokio::test]
async fn cases_of_gemini_hold() {
    run("gemini").await;
}

#[tokio::test]
async fn cases_of_ollama_hold() {
    run("ollama").await;
}

#[tokio::test]
async fn cases_of_replicate_hold() {
    run("replicate").await;
}

#[tokio::test]
async fn cases_of_sagemaker_hold() {
    run("sagemaker").await;
}

#[test]
fn every_plugin_with_adapter_cases_is_run() {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    let folders = std::fs::read_dir(plugins).unwrap().map(|entry| entry.unwrap().path());
    let mut adapters: Vec<String> = folders
        .filter(|folder| {
            read(&folder.join("cases"))
                .iter()
                .any(|(_, case)| case.get("deployment").is_some())
        })
        .map(|folder| folder.file_name().unwrap().to_string_lossy().into_owned())
        .collect();
    adapters.sort();
    assert_eq!(
        adapters,
        [
            "anthropic",
            "bedrock",
            "cohere",
            "gemini",
            "ollama",
            "openai-compatible",
            "replicate",
            "sagemaker"
        ],
        "give a new adapter a test above"
    );
}

#[test]
fn the_cases_left_out_exist() {
    for (plugin, _, names) in NOT_HERE {
        let there: Vec<String> = read(&cases(plugin)).into_iter().map(|(name, _)| name).collect();
        for name in names {
            assert!(
                there.iter().any(|other| other == name),
                "no case of {plugin} is called {name} any more"
            );
        }
    }
}

fn cases(plugin: &str) -> PathBuf {
    let plugins = Path::new(env!("CARGO_MANIFEST_DIR")).join("../plugins");
    plugins.join(plugin).join("cases")
}

/// Runs all cases of one plugin through one gateway, one group a case.
async fn run(plugin: &str) {
    let folder = cases(plugin);
    let cases: BTreeMap<String, Case> = read(&folder)
        .into_iter()
        .filter(|(name, _)| is_for_here(plugin, name))
        .map(|(name, case)| (name.clone(), Case::read(&name, case)))
        .collect();
    assert!(!cases.is_empty(), "no case in {}", folder.display());
    let (upstream, tokens) = (Upstream::start().await, Upstream::start().await);
    tokens.always(Script::json(
        200,
        &json!({ "access_token": "token-of-the-cases", "expires_in": 3600 }),
    ));
    let mut config = Config::new();
    for case in cases.values() {
        config = config.entry(case.entry(&upstream, &tokens));
    }
    let gateway = Gateway::start(&config).await;
    let mut failed = Vec::new();
    for (name, case) in &cases {
        let differences = case.differences(&gateway, &upstream).await;
        if !differences.is_empty() {
            failed.push(format!("{name}: {}\n  {}\n", case.about(), differences.join("\n  ")));
        }
    }
    assert!(
        failed.is_empty(),
        "{} of {} cases do not hold\n\n{}",
        failed.len(),
        cases.len(),
        failed.join("\n")
    );
}

fn is_for_here(plugin: &str, name: &str) -> bool {
    NOT_HERE
        .iter()
        .all(|(of, _, names)| *of != plugin || !names.contains(&name))
}

/// The JSON files of a folder by their names; none where there is no folder.
fn read(folder: &Path) -> Vec<(String, Value)> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.unwrap().path());
    let mut paths: Vec<PathBuf> = paths
        .filter(|path| path.extension().is_some_and(|extension| extension == "json"))
        .collect();
    paths.sort();
    let read = |path: PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        let text = std::fs::read_to_string(&path).unwrap();
        (
            name,
            serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())),
        )
    };
    paths.into_iter().map(read).collect()
}
