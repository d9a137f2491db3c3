//! What a component says of itself. Processes that load components and the cache hand it on as JSON.

use serde::{Deserialize, Serialize};

use super::Kind;
use super::bindings::Manifest;

/// What is known of a component apart from its code.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct About {
    pub manifest: Manifest,
    pub kinds: Vec<Kind>,
    /// Interfaces that it imports, sorted.
    pub imports: Vec<String>,
}
