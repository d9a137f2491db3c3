//! The tables of providers in `plugins/README.md`: who serves what, as adapters say it themselves, and what the
//! conversations of `tests/sdk/conversations` show. `UPDATE=1` writes them anew.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;
use std::path::{Path, PathBuf};

use sluice_tests::prelude::*;

const BEGIN: &str = "<!-- Made by tests/tests/table.rs from what adapters say of themselves. -->\n";
const END: &str = "<!-- The end of what is made. -->\n";

fn path(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(name)
}

#[tokio::test]
async fn the_tables_of_providers_are_what_adapters_say() {
    let gateway = Gateway::start(&Config::new()).await;
    let listed = gateway.client().get("/plugins").await.json();
    let file = path("../plugins/README.md");
    let text = std::fs::read_to_string(&file).unwrap();
    let (before, rest) = text.split_once(BEGIN).expect("the README says where the tables begin");
    let (found, after) = rest.split_once(END).expect("the README says where the tables end");
    let made = format!("\n{}\n{}\n", operations(&listed), features());
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&file, [before, BEGIN, &made, END, after].concat()).unwrap();
    } else {
        assert_eq!(found, made, "UPDATE=1 writes the tables anew");
    }
}

/// A row for the providers of one adapter that serve the same operations.
fn operations(listed: &Value) -> String {
    let mut columns = BTreeSet::new();
    let mut rows: BTreeMap<(String, Vec<String>), Vec<String>> = BTreeMap::new();
    for plugin in listed["plugins"].as_array().unwrap() {
        for provider in plugin["providers"].as_array().unwrap() {
            let operations: BTreeSet<String> = provider["operations"]
                .as_array()
                .unwrap()
                .iter()
                .map(|operation| operation.as_str().unwrap().to_owned())
                .collect();
            columns.extend(operations.iter().cloned());
            let models = provider["models"].as_str().map(|models| format!(" ({models})"));
            let name = format!("`{}`{}", provider["name"].as_str().unwrap(), models.unwrap_or_default());
            let adapter = plugin["name"].as_str().unwrap().to_owned();
            rows.entry((adapter, operations.into_iter().collect()))
                .or_default()
                .push(name);
        }
    }
    let mut table = format!(
        "| adapter | providers | {} |\n|---|---|{}\n",
        columns.iter().cloned().collect::<Vec<_>>().join(" | "),
        "---|".repeat(columns.len())
    );
    for ((adapter, served), mut providers) in rows {
        providers.sort();
        let marks = columns
            .iter()
            .map(|column| if served.contains(column) { "✓" } else { "" });
        let marks: Vec<&str> = marks.collect();
        writeln!(
            table,
            "| `{adapter}` | {} | {} |",
            providers.join(", "),
            marks.join(" | ")
        )
        .unwrap();
    }
    table
}

/// What goes through each adapter, whole and streamed.
fn features() -> String {
    let providers = std::fs::read_to_string(path("sdk/providers.json")).unwrap();
    let providers: Vec<Value> = serde_json::from_str(&providers).unwrap();
    let names: Vec<&str> = providers
        .iter()
        .map(|provider| provider["name"].as_str().unwrap())
        .collect();
    let mut table = format!(
        "| conversation | {} |\n|---|{}\n",
        names.join(" | "),
        "---|".repeat(names.len())
    );
    let mut files: Vec<PathBuf> = std::fs::read_dir(path("sdk/conversations"))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    for file in files {
        let script: Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
        let marks = names.iter().map(|name| match script["except"].get(name) {
            Some(_) => "",
            None => "✓",
        });
        let marks: Vec<&str> = marks.collect();
        writeln!(
            table,
            "| {} | {} |",
            script["feature"].as_str().unwrap(),
            marks.join(" | ")
        )
        .unwrap();
    }
    table
}
