#![doc = include_str!("../README.md")]
#![deny(missing_docs)]

pub mod adapter;
#[doc(hidden)]
pub mod bindings;
pub mod canonical;
#[doc(hidden)]
pub mod export;
mod fault;
mod import;
mod kinds;
pub mod ranking;
#[cfg(not(target_arch = "wasm32"))]
pub mod testing;
pub mod wire;

pub use serde;
pub use serde_json;

pub use import::{candidates, deployment, exchange, http, log, notes, state};
pub use kinds::{
    Auth, Changes, Continuation, Decision, DeliveryError, Edit, Event, Failure, Fault, Framing, Guardrail,
    GuardrailError, Header, HookError, LoggingCallback, Manifest, Medium, NoSettings, Passage, PeriodicTask, Plugin,
    ProviderAdapter, ProviderInfo, Reading, Refusal, RequestBody, RequestEdit, RequestHook, RoutingError,
    RoutingStrategy, Stage, Target, UpstreamRequest, Verdict, Violation,
};
