//! The settings of the operator, under `routing_strategy_args`.

use serde::Deserialize;

use crate::target::Target;

/// Settings of the strategy.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// The rules. The first one that is true decides.
    pub(crate) rules: Vec<Rule>,
    /// The strategy for the deployments of a rule, and for all of them if no rule is true. Default: `simple-shuffle`.
    pub(crate) strategy: Option<String>,
}

/// One rule: a condition, and what it decides.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Rule {
    /// A name for messages and logs.
    pub name: Option<String>,
    /// An expression in CEL. Default: always true.
    #[serde(rename = "if")]
    pub condition: Option<String>,
    /// The preferred deployments. Those of an earlier target are ranked before those of a later one. Default: all.
    pub to: Option<OneOrMore<Target>>,
    /// Whether no other deployment may be tried. Default: false, the others are ranked last.
    #[serde(default)]
    pub only: bool,
    /// The strategy for this rule. Default: `strategy` of the settings.
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
