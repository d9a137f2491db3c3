//! The log: lines of JSON on standard error. Logging never blocks.
//!
//! An event becomes a line on the thread that logs it, and the line is added to a bounded queue ([`Lines`]). A separate
//! thread writes the queue to standard error. If standard error is a full pipe that is not read, lines are dropped and
//! counted, and exchanges go on.

mod json;
mod lines;

pub use json::JsonLines;
pub use lines::{Lines, dropped};
