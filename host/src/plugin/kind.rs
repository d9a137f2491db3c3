//! The kinds of plugins. The build script includes this file.

/// A kind of plugin. A component may be of several kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    Strategy,
    Adapter,
    Guardrail,
    Callback,
    Periodic,
    Hook,
}

impl Kind {
    pub const ALL: [Self; 6] = [
        Self::Strategy,
        Self::Adapter,
        Self::Guardrail,
        Self::Callback,
        Self::Periodic,
        Self::Hook,
    ];

    /// The world's name in `wit/0.2.1`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strategy => "routing-strategy",
            Self::Adapter => "provider-adapter",
            Self::Guardrail => "guardrail-check",
            Self::Callback => "logging-callback",
            Self::Periodic => "periodic-task",
            Self::Hook => "request-hook",
        }
    }

    /// The interface whose export makes a component this kind, in the newest version.
    #[must_use]
    pub fn interface(self) -> &'static str {
        match self {
            Self::Strategy => "sluice:plugin/routing@0.2.1",
            Self::Adapter => "sluice:plugin/provider@0.2.1",
            Self::Guardrail => "sluice:plugin/guardrail@0.2.1",
            Self::Callback => "sluice:plugin/callback@0.2.1",
            Self::Periodic => "sluice:plugin/periodic@0.2.1",
            Self::Hook => "sluice:plugin/hook@0.2.1",
        }
    }

    /// Whether an export of this name makes a component this kind.
    #[must_use]
    pub fn is_export(self, name: &str) -> bool {
        is_interface(name, self.interface())
    }
}

/// Whether a component means this interface by a name. A version that differs in its last part only adds, so components
/// for it are linked too (<https://semver.org>).
#[must_use]
pub fn is_interface(name: &str, interface: &str) -> bool {
    let patch = interface.rfind('.').map_or(0, |dot| dot + 1);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    name.strip_prefix(&interface[..patch]).is_some_and(is_number)
}
