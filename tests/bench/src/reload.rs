//! Files that are rewritten while a gateway runs.

use std::path::{Path, PathBuf};
use std::time::Duration;

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
