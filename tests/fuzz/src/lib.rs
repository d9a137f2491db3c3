//! One check for each reader of outside bytes: it takes any bytes and panics when the reader breaks a promise. The fuzz
//! targets call them with what libFuzzer finds, `tests/seeded.rs` with mutated seeds from a fixed seed.

#[path = "../../../host/src/framing/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the gateway uses what the checks do not")]
mod framing;
#[path = "../../../host/src/json/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the gateway uses what the checks do not")]
mod json;
#[path = "../../../host/src/canonical/peek.rs"]
#[allow(dead_code, reason = "the gateway uses what the checks do not")]
mod peek;
#[path = "../../../host/src/sse/mod.rs"]
#[allow(dead_code, unused_imports, reason = "the gateway uses what the checks do not")]
mod sse;

mod framing_checks;
mod json_checks;
mod sse_checks;

pub use framing_checks::{framing_aws, framing_lines};
pub use json_checks::{json_edit, json_find, json_scan, json_splice, json_text};
pub use sse_checks::{sse_events, sse_scan};
