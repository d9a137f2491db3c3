//! Locks and atomics where the order in which threads come matters. `tests/interleavings/` puts its own in their place, and tries
//! the orders.

pub use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

pub use parking_lot::Mutex;
