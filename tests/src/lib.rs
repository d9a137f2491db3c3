//! What the whole-gateway tests stand on.
//!
//! In reading order:
//! - [`upstream`]: a provider on loopback that follows a script, misbehaves on command and notes what it was asked
//! - [`dialect`]: what OpenAI and Anthropic put on the wire
//! - [`config`]: configurations as values
//! - [`gateway`]: the gateway in this process, with a configuration and a plugins directory of its own
//! - [`client`]: a client that shows everything an answer holds, chunk by chunk
//! - [`guests`]: components that misbehave and probe
//! - [`schema`]: documents against the published JSON Schemas
//! - [`wait`]: waiting for something to become so, without sleeping
//!
//! `README.md` says which test belongs where.

pub mod chaos;
pub mod client;
pub mod config;
pub mod dialect;
pub mod gateway;
pub mod guests;
pub mod schema;
pub mod upstream;
pub mod wait;

/// What every integration test imports.
pub mod prelude {
    pub use serde_json::{Value, json};

    pub use crate::client::{Answer, Client};
    pub use crate::config::{Config, MASTER_KEY, STRATEGIES, UPSTREAM_KEY};
    pub use crate::dialect::{anthropic, openai};
    pub use crate::gateway::{Gateway, Setup};
    pub use crate::guests;
    pub use crate::upstream::{Event, Gate, Script, Upstream};
    pub use crate::wait::eventually;
}
