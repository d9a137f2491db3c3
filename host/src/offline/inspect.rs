//! What a plugin is and may do, before a gateway loads it.

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;

use serde::Serialize;
use serde_json::value::RawValue;

use super::Offline;
use crate::plugin::apart::Patience;
use crate::plugin::powers::power;
use crate::plugin::{Component, LoadError};
use crate::run::{Options, StartError};

/// Why a plugin was not looked at.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    #[error(transparent)]
    Start(#[from] StartError),
    /// The gateway would refuse it too.
    #[error("{file}: {error}")]
    Load { file: String, error: LoadError },
}

/// What a plugin says of itself, and what its type says of it.
#[derive(Debug, Serialize)]
pub struct Inspected {
    pub name: String,
    pub version: String,
    pub summary: String,
    pub kinds: Vec<&'static str>,
    /// Version of the contract that it was built for; `None` if it imports nothing of it.
    pub contract: Option<String>,
    pub bytes: u64,
    pub sha256: String,
    /// What it may do, a sentence each without "it".
    pub powers: BTreeSet<&'static str>,
    /// Hosts that it asks to reach.
    pub outbound: BTreeSet<String>,
    /// What it is shown beside text, as a guardrail.
    pub looks_at: BTreeSet<&'static str>,
    /// Whether deployments that it leaves out must not be tried, as a strategy.
    pub constrains: bool,
    /// JSON Schema; `None` if it takes no settings.
    pub settings_schema: Option<Box<RawValue>>,
}

/// Loads a component as a gateway would, and says what it is.
///
/// # Errors
/// A gateway would refuse it, or could not be started at all.
pub fn inspect(options: &Options, file: &Path) -> Result<Inspected, InspectError> {
    let offline = Offline::open(options)?;
    let _inside = offline.background.enter();
    let named = |error| InspectError::Load {
        file: file.display().to_string(),
        error,
    };
    let component = offline.host.load_file(file, Patience::Last).map_err(named)?;
    let metadata = std::fs::metadata(file).map_err(|error| named(LoadError::Unreadable(error)))?;
    Ok(Inspected::of(&component, metadata.len()))
}

impl Inspected {
    fn of(component: &Component, bytes: u64) -> Self {
        let manifest = &component.manifest;
        let own = component.imports.iter();
        let versions = own.filter_map(|import| import.strip_prefix("sluice:plugin/")?.split_once('@'));
        Self {
            name: manifest.name.clone(),
            version: manifest.version.clone(),
            summary: manifest.summary.clone(),
            kinds: component.kinds.iter().map(|kind| kind.as_str()).collect(),
            contract: versions.map(|(_, version)| version.to_owned()).max(),
            bytes,
            sha256: component.sha256.clone(),
            powers: component.imports.iter().filter_map(|import| power(import)).collect(),
            outbound: manifest.outbound.iter().cloned().collect(),
            looks_at: component.looks_at().into_iter().map(|medium| medium.word()).collect(),
            constrains: manifest.constrains,
            settings_schema: serde_json::from_str(&manifest.settings_schema).ok(),
        }
    }

    /// What this one may do that an older version could not, a sentence each.
    #[must_use]
    pub fn more_than(&self, older: &Self) -> Vec<String> {
        let kinds = self.kinds.iter().filter(|kind| !older.kinds.contains(kind));
        let kinds = kinds.map(|kind| format!("it is a {kind} too"));
        let powers = self.powers.difference(&older.powers).map(|power| format!("it {power}"));
        let hosts = self.outbound.difference(&older.outbound);
        let hosts = hosts.map(|host| format!("it asks to reach `{host}`"));
        let media = self.looks_at.difference(&older.looks_at);
        let media = media.map(|medium| format!("it is shown media of the kind `{medium}`"));
        kinds.chain(powers).chain(hosts).chain(media).collect()
    }
}

impl fmt::Display for Inspected {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(to, "{} {}: {}", self.name, self.version, self.summary)?;
        let contract = self.contract.as_deref().unwrap_or("any");
        writeln!(to, "  kinds     {}", self.kinds.join(", "))?;
        writeln!(to, "  contract  {contract}")?;
        writeln!(to, "  size      {} kB", self.bytes.div_ceil(1_000))?;
        writeln!(to, "  sha256    {}", self.sha256)?;
        for (index, power) in self.powers.iter().enumerate() {
            let title = if index == 0 { "it" } else { "" };
            writeln!(to, "  {title:<9} {power}")?;
        }
        if !self.outbound.is_empty() {
            let hosts: Vec<&str> = self.outbound.iter().map(String::as_str).collect();
            writeln!(to, "  hosts     {}", hosts.join(", "))?;
        }
        if !self.looks_at.is_empty() {
            let media: Vec<&str> = self.looks_at.iter().copied().collect();
            writeln!(to, "  shown     text, {}", media.join(", "))?;
        }
        if self.constrains {
            writeln!(to, "  note      deployments that it leaves out are not tried")?;
        }
        match &self.settings_schema {
            Some(schema) => writeln!(to, "  settings  {}", schema.get()),
            None => writeln!(to, "  settings  none"),
        }
    }
}
