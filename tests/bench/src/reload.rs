//! Files that are rewritten while a gateway runs.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::gateway::Gateway;
use crate::question;

/// Rewrites a configuration each second, until it is dropped.
pub async fn each_second(file: PathBuf) {
    let text = match std::fs::read_to_string(&file) {
        Ok(text) => text,
        Err(error) => return eprintln!("{}: {error}", file.display()),
    };
    let mut ticks = tokio::time::interval(Duration::from_secs(1));
    for count in 0_u64.. {
        ticks.tick().await;
        replace(&file, changed(&text, count).as_bytes());
    }
}

/// How long a gateway may take until a changed configuration is in force.
const APPLIED_WITHIN: Duration = Duration::from_secs(10);

/// Puts a configuration in force, and waits until it is. `None` if it is not in time.
pub async fn await_applied(gateway: &Gateway, configuration: &str) -> Option<()> {
    if std::fs::read_to_string(&gateway.configuration).ok()? == configuration {
        return Some(());
    }
    let before = applied(gateway)?;
    replace(&gateway.configuration, configuration.as_bytes());
    let began = Instant::now();
    while applied(gateway)? == before {
        if began.elapsed() > APPLIED_WITHIN {
            eprintln!("{}: the configuration was not taken up", gateway.name);
            return None;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Some(())
}

/// The gateway's own count of its reloads, by outcome: lines of its metrics.
///
/// # Errors
/// The gateway does not answer.
pub fn counts(gateway: &Gateway) -> Result<String, String> {
    let text = question::get(gateway.address, "/metrics").map_err(|error| format!("/metrics: {error}"))?;
    let lines: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("sluice_reloads_total"))
        .collect();
    Ok(lines.join("\n"))
}

/// The line of configurations that came into force.
fn applied(gateway: &Gateway) -> Option<String> {
    let counts = counts(gateway).ok()?;
    let is_it = |line: &&str| line.contains("configuration") && line.contains("applied");
    Some(counts.lines().find(is_it).unwrap_or_default().to_owned())
}

/// Another configuration than the one of the count before; exchanges do not tell the difference.
pub fn changed(configuration: &str, count: u64) -> String {
    configuration.replace("num_retries: 2", &format!("num_retries: {}", 2 + count % 2))
}

/// As deployments do it: written beside, then renamed.
pub fn replace(path: &Path, bytes: &[u8]) {
    let beside = path.with_extension("new");
    let _ = path.parent().map(std::fs::create_dir_all);
    if let Err(error) = std::fs::write(&beside, bytes).and_then(|()| std::fs::rename(&beside, path)) {
        eprintln!("{}: {error}", path.display());
    }
}
