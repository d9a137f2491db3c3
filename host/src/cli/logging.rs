//! Logging: lines of JSON, or of text where a person watches a terminal.

use std::io::IsTerminal;

use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

/// How much is logged.
#[derive(Debug, Clone, Copy)]
pub enum Verbosity {
    /// `SLUICE_LOG` or `LITELLM_LOG`: a level, or `target=level` pairs with commas between; else `info`.
    FromEnvironment,
    More,
    Everything,
}

/// Starts it, on standard error.
pub fn start(verbosity: Verbosity) {
    let lines = tracing_subscriber::fmt::layer().with_writer(std::io::stderr);
    let registry = tracing_subscriber::registry().with(targets(verbosity));
    if std::io::stderr().is_terminal() {
        registry.with(lines.compact().with_target(false)).init();
    } else {
        registry.with(lines.json().flatten_event(true)).init();
    }
}

/// For commands whose output is their answer.
pub fn silent() {
    tracing_subscriber::registry().init();
}

fn targets(verbosity: Verbosity) -> Targets {
    let text = match verbosity {
        Verbosity::More => "sluice=debug,info".to_owned(),
        Verbosity::Everything => "debug".to_owned(),
        Verbosity::FromEnvironment => {
            let named = ["SLUICE_LOG", "LITELLM_LOG"]
                .into_iter()
                .find_map(|name| std::env::var(name).ok());
            named.map_or_else(|| "info".to_owned(), |text| text.to_ascii_lowercase())
        }
    };
    text.parse().unwrap_or_else(|error| {
        eprintln!("sluice: SLUICE_LOG={text:?} is not understood ({error}): `info` is used");
        Targets::new().with_default(tracing::Level::INFO)
    })
}
