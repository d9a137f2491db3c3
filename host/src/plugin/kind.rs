//! The kinds of plugins. The build script includes this file.

/// A kind of plugin. A component may be of several kinds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
pub enum Kind {
    Strategy,
    Adapter,
    Guardrail,
    Callback,
}

impl Kind {
    pub const ALL: [Self; 4] = [Self::Strategy, Self::Adapter, Self::Guardrail, Self::Callback];

    /// The world's name in `wit/0.2/worlds.wit`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Strategy => "routing-strategy",
            Self::Adapter => "provider-adapter",
            Self::Guardrail => "guardrail-check",
            Self::Callback => "logging-callback",
        }
    }

    /// The interface whose export makes a component this kind.
    #[must_use]
    pub fn interface(self) -> &'static str {
        match self {
            Self::Strategy => "sluice:plugin/routing@0.2.0",
            Self::Adapter => "sluice:plugin/provider@0.2.0",
            Self::Guardrail => "sluice:plugin/guardrail@0.2.0",
            Self::Callback => "sluice:plugin/callback@0.2.0",
        }
    }
}
