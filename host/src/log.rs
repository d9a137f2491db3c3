//! The log: lines of JSON on standard error, which nobody who logs ever waits for.
//!
//! An event becomes a line on the thread where it happens, and the line goes into a bounded queue ([`Lines`]). A thread of
//! its own writes it. Where standard error is a full pipe that nobody reads, lines are dropped and counted; exchanges go on.

mod json;
mod lines;

pub use json::JsonLines;
pub use lines::{Lines, dropped};
