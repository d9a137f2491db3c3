//! Cases as data.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::{BUILT_IN, Severity, Strictness, load_file, schema};
use super::{known, lines, nothing_set, read, repository, update};

fn folder() -> PathBuf {
    repository().join("tests/config")
}

/// Reads a case and returns its problems as printed, with the path of the case left out. A folder whose name ends in
/// `-strict` is read strictly.
fn problems(file: &Path, variables: &BTreeMap<String, String>) -> String {
    let name = file
        .parent()
        .and_then(Path::file_name)
        .unwrap_or_default()
        .to_string_lossy();
    let strictness = if name.ends_with("-strict") {
        Strictness::Strict
    } else {
        Strictness::Lenient
    };
    let loaded = load_file(file, variables, &known(), strictness);
    let has_errors = loaded
        .problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    assert_eq!(loaded.settings.is_none(), has_errors, "{}", file.display());
    let directory = format!("{}/", file.parent().unwrap().display());
    lines(&loaded)
        .iter()
        .map(|line| line.replace(&directory, "") + "\n")
        .collect()
}

fn expect(expected: &Path, found: &str, failures: &mut Vec<String>) {
    if update() {
        fs::write(expected, found).unwrap();
        return;
    }
    let wanted = fs::read_to_string(expected).unwrap_or_default();
    if wanted != found {
        failures.push(format!(
            "{}\n--- wanted\n{wanted}--- found\n{found}",
            expected.display()
        ));
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let mut entries: Vec<PathBuf> = fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    entries.sort();
    entries
}

#[test]
fn every_case_gives_the_problems_it_expects() {
    let mut failures = Vec::new();
    let mut count = 0;
    for case in entries(&folder())
        .iter()
        .filter(|case| case.join("config.yaml").exists())
    {
        expect(
            &case.join("expected.txt"),
            &problems(&case.join("config.yaml"), &nothing_set()),
            &mut failures,
        );
        count += 1;
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
    assert!(count >= 40, "only {count} cases were found in {}", folder().display());
}

#[test]
fn published_configurations_load_and_say_what_is_not_yet_in_effect() {
    let mut failures = Vec::new();
    let files = entries(&folder().join("published"));
    let files: Vec<_> = files
        .iter()
        .filter(|file| file.extension().is_some_and(|end| end == "yaml"))
        .collect();
    assert_eq!(files.len(), 6);
    for file in files {
        // Without its master key the gateway would not start.
        let variables = BTreeMap::from([("LITELLM_MASTER_KEY".to_owned(), "sk-a-long-random-key".to_owned())]);
        let found = problems(file, &variables);
        assert!(!found.contains(": error:"), "{found}");
        expect(&file.with_extension("txt"), &found, &mut failures);
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

#[test]
fn the_built_in_configuration_has_no_problems_without_any_variable() {
    let loaded = read(BUILT_IN, &nothing_set());
    assert_eq!(lines(&loaded), Vec::<String>::new());
    let settings = loaded.settings.unwrap();
    assert_eq!(settings.deployments[0].group, "demo");
    assert!(settings.deployments[0].mock_response.is_some());
    assert!(settings.general.master_key.is_none());
}

#[test]
fn the_schema_is_in_step_with_the_table() {
    let file = repository().join("config/sluice.schema.json");
    if update() {
        fs::write(&file, schema::text()).unwrap();
    }
    let stands = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        stands == schema::text(),
        "{} is stale: run the tests with UPDATE=1",
        file.display()
    );
}
