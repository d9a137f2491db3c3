//! Loading a component in a process of its own.
//!
//! To compile a component is to work on what somebody else wrote: some need more memory, time or stack than the machine
//! has. The process is this program with another argument. It limits itself before it reads the component from its
//! standard input, and answers on its standard output: a line of JSON ([`Answer`]), and after that the compiled code.
//! What ends it ends nothing else. It has no environment, so it has no secret.

mod child;
mod parent;

use serde::{Deserialize, Serialize};

pub use child::{ARGUMENT, run};
pub use parent::{Loader, Patience};

use super::about::About;

/// What the process says of the component.
#[derive(Serialize, Deserialize)]
enum Answer {
    Loaded {
        about: Box<About>,
        /// Hash of the bytes that it has read, in hex.
        sha256: String,
    },
    /// What is wrong with the component.
    Refused(String),
}

/// What a component may cost to load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Bounds {
    memory_bytes: u64,
    /// Of CPU time.
    seconds: u64,
    /// Of the compiled code.
    code_bytes: u64,
}

impl Bounds {
    /// Bounds for a component of so many bytes. One that was built from a program needs for each of its bytes some 50 of
    /// memory and 2.4 of code, and for a megabyte two seconds and a half (bundled plugins, in a debug build).
    fn of(bytes: u64, patience: Patience) -> Self {
        const MIB: u64 = 1 << 20;
        let mebibytes = bytes.div_ceil(MIB);
        Self {
            memory_bytes: (128 * MIB).saturating_add(bytes.saturating_mul(64)),
            seconds: match patience {
                Patience::First => 2 + mebibytes,
                Patience::Last => 10 + 5 * mebibytes,
            },
            code_bytes: (4 * MIB).saturating_add(bytes.saturating_mul(16)),
        }
    }
}
