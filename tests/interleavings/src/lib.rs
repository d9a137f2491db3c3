//! Modules of the gateway in which it matters in what order threads come, built with a scheduler's locks and atomics in place of the
//! real ones, and what must hold in any order.
#![allow(dead_code, reason = "a part of each module is needed")]

mod config;
pub mod deployment;
#[path = "../../../host/src/latch.rs"]
mod latch;
#[path = "../../../host/src/moment.rs"]
mod moment;
mod sync;
pub mod upstream;
