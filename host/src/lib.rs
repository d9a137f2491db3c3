//! Sluice: an LLM gateway whose routing strategies, provider adapters, guardrails and logging callbacks are WebAssembly
//! components.
//!
//! Modules in reading order:
//! - [`exchange`]: the life of one exchange, top to bottom; everything else serves it
//! - [`canonical`]: requests and answers in their one form, and what can be asked
//! - [`server`], [`api`]: from sockets to exchanges; what is asked of the gateway itself
//! - [`gateway`], [`snapshot`], [`worker`]: what is shared, what can be reloaded, what belongs to one core
//! - [`plugin`]: the plugin host
//! - [`deployment`], [`identity`], [`upstream`]: whom exchanges are sent to, who we are there, and the connections
//! - [`config`]: the configuration file
//! - [`json`], [`sse`], [`framing`], [`body`], [`joined`], [`spool`]: bytes; [`latch`]: what is polled only when it was woken; [`sync`]: locks
//! - [`usage`], [`prices`], [`metrics`], [`callbacks`], [`decisions`]: what is counted and told; [`moment`]: when

pub mod api;
pub mod body;
pub mod callbacks;
pub mod canonical;
pub mod config;
pub mod decisions;
pub mod deployment;
pub mod exchange;
mod framing;
pub mod gateway;
pub mod identity;
mod joined;
pub mod json;
mod latch;
pub mod log;
pub mod metrics;
pub mod moment;
pub mod notes;
mod offline;
pub mod plugin;
pub mod prices;
mod region;
mod run;
pub mod server;
pub mod simulate;
pub mod snapshot;
mod spool;
pub mod sse;
mod sync;
mod unread;
pub mod upstream;
pub mod usage;
pub mod worker;

pub use gateway::Source;
pub use offline::{
    Checked, HealthError, InspectError, Inspected, ReplayError, SimulateError, Simulation, check, decisions_file,
    health, inspect, replay, simulate,
};
pub use run::{Options, Running, StartError, start};
