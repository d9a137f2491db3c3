//! The verdict of `sluice check` and what a start does: they agree, for every configuration of `tests/config/`.

use std::path::Path;
use std::sync::Arc;

use sluice::config::{PROVIDERS, Severity, Strictness};
use sluice::{Options, Source};
use sluice_tests::prelude::*;

/// Every `config.yaml` of the cases, and the published ones.
fn files() -> Vec<std::path::PathBuf> {
    let cases = Path::new(env!("CARGO_MANIFEST_DIR")).join("config");
    let mut files = Vec::new();
    for folder in std::fs::read_dir(cases).unwrap() {
        let folder = folder.unwrap().path();
        if folder.is_dir() {
            let inside = std::fs::read_dir(folder).unwrap().map(|file| file.unwrap().path());
            files.extend(inside.filter(|file| file.extension().is_some_and(|end| end == "yaml")));
        }
    }
    files.sort();
    files
}

fn options(setup: &Gateway, file: &Path) -> Options {
    let is_strict = file.to_string_lossy().contains("-strict/");
    Options {
        strictness: if is_strict {
            Strictness::Strict
        } else {
            Strictness::Lenient
        },
        source: Source::File(file.to_owned()),
        ..setup.options()
    }
}

#[tokio::test]
async fn a_start_does_what_the_check_says() {
    let gateway = Gateway::start(&Config::new()).await;
    for file in files() {
        let mut options = options(&gateway, &file);
        options.environment = Arc::new(std::collections::BTreeMap::from([(
            "LITELLM_MASTER_KEY".to_owned(),
            MASTER_KEY.to_owned(),
        )]));
        let (checked, started) = tokio::task::spawn_blocking(move || {
            let checked = sluice::check(&options).map_err(|error| error.to_string());
            let started = sluice::start(options);
            let has_started = started.as_ref().map(|_| ()).map_err(ToString::to_string);
            if let Ok(running) = started {
                running.stop();
            }
            (checked, has_started)
        })
        .await
        .unwrap();
        let checked = checked.unwrap();
        let has_errors = checked
            .problems
            .iter()
            .any(|problem| problem.severity == Severity::Error);
        assert_eq!(checked.is_usable, !has_errors, "{}", file.display());
        assert_eq!(checked.is_usable, started.is_ok(), "{}: {started:?}", file.display());
    }
}

/// A prefix of LiteLLM's is served, or the check says that it is not and what to do. None is silently wrong.
#[tokio::test]
async fn every_prefix_is_served_or_the_check_says_what_to_do() {
    let gateway = Gateway::start(&Config::new()).await;
    let listed = gateway.client().get("/plugins").await.json();
    let plugins = listed["plugins"].as_array().unwrap().iter();
    let served: Vec<&str> = plugins
        .flat_map(|plugin| plugin["providers"].as_array().unwrap())
        .map(|provider| provider["name"].as_str().unwrap())
        .collect();
    let entries = PROVIDERS.iter().map(|prefix| {
        json!({
            "model_name": prefix,
            "litellm_params": { "model": format!("{prefix}/some-model"), "api_base": "https://own.example/v1", "api_key": "k" },
        })
    });
    let file = gateway.directory().join("prefixes.yaml");
    let text = json!({ "model_list": entries.collect::<Vec<_>>() }).to_string();
    std::fs::write(&file, text.replace("},{\"litellm_params\"", "},\n{\"litellm_params\"")).unwrap();
    let options = options(&gateway, &file);
    let checked = tokio::task::spawn_blocking(move || sluice::check(&options).map_err(|error| error.to_string()));
    let checked = checked.await.unwrap().unwrap();
    let said: Vec<String> = checked.problems.iter().map(ToString::to_string).collect();
    for prefix in PROVIDERS {
        let problem = said.iter().find(|line| line.contains(&format!("provider `{prefix}`")));
        match problem {
            Some(line) => {
                assert!(!served.contains(prefix), "{line}");
                let says_what_to_do = ["Write `", "adapter", "The strategy", "It is a ", "It reads"];
                assert!(says_what_to_do.iter().any(|words| line.contains(words)), "{line}");
            }
            None => assert!(served.contains(prefix), "{prefix} is not served, and nobody says so"),
        }
    }
}
