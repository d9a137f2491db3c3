//! The whole gateway in process: real components, real HTTP, scripted upstreams. One program, for each links all of wasmtime.

mod adapters;
mod attempts;
mod callbacks;
mod case;
mod cases;
mod chaos;
mod continuation;
mod decisions;
mod errors;
mod exchange;
mod guardrails;
mod health;
mod health_checks;
mod hostile;
mod http2;
mod isolation;
mod keys;
mod limits;
mod models;
mod published;
mod reload;
mod resilience;
mod simulate;
mod streams;
mod tls;
mod upstream;
