//! Components of `guests/`, built by `build.rs`. What each does stands at the head of its source.

use std::path::PathBuf;

/// A component that a test can drop into a plugins directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Guest {
    /// Its manifest's name: what a configuration calls it.
    pub name: &'static str,
    file: &'static str,
}

/// Routing strategy that misbehaves on command.
pub const STRATEGY: Guest = Guest {
    name: "probe-strategy",
    file: "guest_strategy.wasm",
};
/// Provider adapter of the provider `probe` that misbehaves and probes on command.
pub const ADAPTER: Guest = Guest {
    name: "probe-adapter",
    file: "guest_adapter.wasm",
};
/// Guardrail that misbehaves and probes on command.
pub const GUARDRAIL: Guest = Guest {
    name: "probe-guardrail",
    file: "guest_guardrail.wasm",
};
/// Logging callback that misbehaves on command.
pub const CALLBACK: Guest = Guest {
    name: "probe-callback",
    file: "guest_callback.wasm",
};
/// Adapter of the provider `teller`, which writes its version, 1.0.0, into every answer.
pub const TELLER_1: Guest = Guest {
    name: "teller",
    file: "guest_teller_1.wasm",
};
/// The same, 2.0.0.
pub const TELLER_2: Guest = Guest {
    name: "teller",
    file: "guest_teller_2.wasm",
};
/// Periodic task and strategy: prefers the deployment that a service names.
pub const BEACON: Guest = Guest {
    name: "beacon",
    file: "guest_beacon.wasm",
};
/// Request hook and guardrail that do as their settings say.
pub const HOOK: Guest = Guest {
    name: "probe-hook",
    file: "guest_hook.wasm",
};
/// Imports sockets.
pub const SOCKETS: Guest = Guest {
    name: "sockets",
    file: "guest_sockets.wasm",
};
/// A strategy that imports outbound HTTP.
pub const DIALER: Guest = Guest {
    name: "dialer",
    file: "guest_dialer.wasm",
};
/// Traps in `describe`.
pub const STILLBORN: Guest = Guest {
    name: "stillborn",
    file: "guest_stillborn.wasm",
};
/// A plugin of every kind, written against version 0.2 of the contract without the SDK.
pub const CONTRACT_0_2: Guest = Guest {
    name: "contract-0-2",
    file: "guest_contract_0_2.wasm",
};

impl Guest {
    /// Where the component is.
    #[must_use]
    pub fn path(&self) -> PathBuf {
        PathBuf::from(env!("GUESTS")).join(self.file)
    }

    /// The component.
    ///
    /// # Panics
    /// When it has not been built.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        let path = self.path();
        std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
    }
}
