//! Recorded decisions (`sluice.decisions`): every choice of a strategy, and how the exchange went, a line of JSON each.
//!
//! [`Recorder`] writes them, off the path of exchanges; [`read`] reads them back; [`replay`] repeats the choices, and
//! [`explain`] tells of one exchange. A line is a [`Line`]: deployments and strategies are written when they first occur,
//! with a number that later lines use, and a `start` begins the numbers anew.

pub mod explain;
pub mod read;
mod recorder;
pub mod replay;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use recorder::Recorder;

use crate::canonical::Canonical;
use crate::deployment::columns::Live;
use crate::moment::Moment;
use crate::plugin::Identity;
use crate::plugin::reads::Reads;

/// Of the lines; it rises when an older reader would misread them.
pub const VERSION: u32 = 1;

/// One choice, as the exchange makes it.
pub struct Choice {
    pub canonical: Arc<Canonical>,
    pub at: Moment,
    /// The model group that was found.
    pub group: Box<str>,
    /// `None` where no strategy was asked: there was one candidate, or no strategy could rank.
    pub strategy: Option<Arc<Identity>>,
    /// The candidates.
    pub columns: Arc<Live>,
    pub reads: Reads,
    pub exclusions: Vec<Exclusion>,
    /// Candidate indexes, best first; or why there are none.
    pub ranking: Result<Vec<usize>, String>,
}

/// A deployment that no strategy was asked about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exclusion {
    pub deployment: String,
    pub why: String,
}

/// One line of the file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "line", rename_all = "kebab-case")]
pub enum Line {
    Start(Start),
    Strategy(StrategyLine),
    Deployment(DeploymentLine),
    Choice(ChoiceLine),
    Exchange(ExchangeLine),
}

/// A process begins to write; numbers begin anew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Start {
    pub version: u32,
    /// Of the gateway.
    pub sluice: String,
    /// Milliseconds since the Unix epoch.
    pub at_ms: u64,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StrategyLine {
    pub number: u32,
    pub name: String,
    /// Of the component, in hex.
    pub sha256: String,
    /// What it was configured with, JSON.
    pub settings: String,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DeploymentLine {
    pub number: u32,
    pub id: String,
    pub provider: String,
    pub model: String,
    /// Empty where it is not known.
    #[serde(default)]
    pub region: String,
    #[serde(default)]
    pub tags: Vec<String>,
    /// `model_info`, as JSON text of each value.
    pub info: std::collections::BTreeMap<String, String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ChoiceLine {
    /// The exchange's id.
    pub exchange: String,
    /// Milliseconds since the Unix epoch.
    pub at_ms: u64,
    /// The model that the client named.
    pub model: String,
    pub group: String,
    pub operation: String,
    pub stream: bool,
    pub prompt_tokens: u32,
    pub seed: u32,
    /// When the exchange began, milliseconds since the Unix epoch.
    pub started_ms: u64,
    /// A strategy's number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub strategy: Option<u32>,
    /// The candidates: deployments' numbers.
    pub of: Vec<u32>,
    #[serde(flatten)]
    pub reads: Reads,
    #[serde(default, skip_serializing_if = "Vec::is_empty", alias = "asides")]
    pub exclusions: Vec<Exclusion>,
    /// Indexes of `of`, best first.
    #[serde(default)]
    pub rank: Vec<usize>,
    /// Why nothing was ranked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}

/// How an exchange went.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ExchangeLine {
    pub exchange: String,
    /// Milliseconds since the Unix epoch, at its end.
    pub at_ms: u64,
    /// The model group that was asked last.
    pub group: Option<String>,
    pub status: u16,
    pub took_ms: f64,
    /// From the beginning of the exchange.
    pub first_content_ms: Option<f64>,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub cost_usd: Option<f64>,
    pub attempts: Vec<AttemptLine>,
    /// Model groups that were asked after the first.
    pub fallbacks: usize,
    pub error: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptLine {
    /// A deployment's id.
    pub deployment: String,
    /// From the beginning of the exchange.
    pub begun_ms: f64,
    /// LiteLLM's class and the message; absent for the one that answered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
}
