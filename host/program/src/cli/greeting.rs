//! What the terminal shows when the gateway serves: what is loaded, and a line to try.

use std::fmt::Write;
use std::path::Path;
use std::time::Duration;

use sluice::Running;

/// Longer lists are cut: a configuration may name hundreds.
const NAMES_MAX: usize = 12;

/// Prints it.
pub fn print(running: &Running, took: Duration, config: Option<&Path>) {
    let snapshot = running.snapshot();
    let groups = snapshot.groups.listed();
    let plugins: Vec<String> = snapshot
        .registry
        .components
        .values()
        .map(|component| format!("{} {}", component.manifest.name, component.manifest.version))
        .collect();
    let plugins: Vec<&str> = plugins.iter().map(String::as_str).collect();
    let mut text = String::new();
    let source = config.map_or_else(|| "built in".to_owned(), |file| file.display().to_string());
    let _ = writeln!(
        text,
        "sluice {} serves http://{} (ready in {} ms)",
        env!("CARGO_PKG_VERSION"),
        running.address(),
        took.as_millis()
    );
    let _ = writeln!(text, "  configuration  {source}");
    let _ = writeln!(text, "  model groups   {}", names(&groups));
    let _ = writeln!(text, "  plugins        {}", names(&plugins));
    let _ = writeln!(
        text,
        "  drop more into {}",
        snapshot.settings.plugins.directory.display()
    );
    if let Some(group) = groups.iter().find(|group| **group == "demo").or(groups.first()) {
        let key = if snapshot.settings.general.master_key.is_some() {
            " -H \"authorization: Bearer $LITELLM_MASTER_KEY\""
        } else {
            ""
        };
        let _ = writeln!(
            text,
            "\n  curl -s http://{}/v1/chat/completions -H 'content-type: application/json'{key} \\",
            running.address()
        );
        let _ = writeln!(
            text,
            "    -d '{{\"model\": \"{group}\", \"messages\": [{{\"role\": \"user\", \"content\": \"hello\"}}]}}'"
        );
    }
    print!("{text}");
}

fn names(names: &[&str]) -> String {
    match names.len() {
        0 => "none".to_owned(),
        count if count > NAMES_MAX => format!("{} and {} more", names[..NAMES_MAX].join(", "), count - NAMES_MAX),
        _ => names.join(", "),
    }
}
