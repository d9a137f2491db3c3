//! One check for each reader of outside bytes: it takes any bytes and panics when the reader breaks a promise. The fuzz
//! targets call them with what libFuzzer finds, `tests/seeded.rs` with mutated seeds from a fixed seed.

#[path = "../../../host/src/json/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the gateway uses what the checks do not")]
mod json;
#[path = "../../../host/src/sse/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the gateway uses what the checks do not")]
mod sse;

mod json_checks;
mod sse_checks;

pub use json_checks::{json_find, json_scan, json_splice, json_text};
pub use sse_checks::{sse_events, sse_scan};
