//! What the operator sets under `routing_strategy_args`.

use serde::Deserialize;

use crate::target::Target;

/// Settings of the strategy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The first that holds decides.
    pub(crate) rules: Vec<Rule>,
    /// Who comes first among those that a rule names, and where no rule holds. Default: `simple-shuffle`.
    pub(crate) strategy: Option<String>,
}

/// What is done when something holds.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// For messages and logs.
    pub name: Option<String>,
    /// An expression in CEL. Default: it always holds.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// Which deployments; of several, those of the first come before those of the second. Default: all.
    pub to: Option<OneOrMore<Target>>,
    /// Nothing else may be tried. Default false: the others follow.
    #[serde(default)]
    pub only: bool,
    /// Default: that of the settings.
    pub strategy: Option<String>,
}

/// A value, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub(crate) enum OneOrMore<T> {
    One(T),
    More(Vec<T>),
}

impl<T> OneOrMore<T> {
    pub fn into_vec(self) -> Vec<T> {
        match self {
            Self::One(one) => vec![one],
            Self::More(more) => more,
        }
    }

    pub fn as_slice(&self) -> &[T] {
        match self {
            Self::One(one) => std::slice::from_ref(one),
            Self::More(more) => more,
        }
    }
}
