//! Ranking cases as data, a list of cases in each file: what a strategy reads, and the ranking that it must return.
//!
//! ```json
//! [
//!   {
//!     "about": "one sentence",
//!     "settings": { "ttl": 60 },
//!     "request": { "stream": true },
//!     "attributes": { "metadata.plan": "premium" },
//!     "started_ms": 1795285800000,
//!     "columns": { "weights": [3, "NaN"], "in-flight": [0, 1] },
//!     "words": { "providers": ["azure", "bedrock"] },
//!     "candidates": 2,
//!     "seed": 7,
//!     "rank": [0, 1]
//!   }
//! ]
//! ```
//!
//! - `settings` and `request` default to `{}`, and a missing column is all zero. `words` holds the columns `ids`,
//!   `providers`, `models`, `regions` and `tags` (as `a,b`).
//! - A number may be written as `"NaN"`, `"inf"` or `"-inf"`.
//! - Instead of `rank`, a case may have `error`: the expected error of the settings or of the ranking.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::{Map, Value};

use super::Host;
use crate::{RoutingError, RoutingStrategy};

/// Runs every case in the text of a file.
///
/// # Panics
/// If a case fails, after all cases have run, with the result of each failed case. Also if there is no case, or a case
/// that cannot be read.
#[track_caller]
pub fn run<P: RoutingStrategy>(file: &str) {
    let cases: Vec<Case> = serde_json::from_str(file).unwrap_or_else(|error| panic!("not a list of cases: {error}"));
    assert!(!cases.is_empty(), "no case in the file");
    let failed: Vec<String> = cases.into_iter().filter_map(report::<P>).collect();
    assert!(
        failed.is_empty(),
        "{} cases do not hold\n{}",
        failed.len(),
        failed.join("\n")
    );
}

/// Runs one case; returns what is wrong with it, if anything.
fn report<P: RoutingStrategy>(case: Case) -> Option<String> {
    let choice = Choice {
        candidates: case.candidates,
        columns: case.columns.into_iter().map(numbers).collect(),
        settings: Value::Object(case.settings).to_string(),
        request: Value::Object(case.request).to_string(),
        attributes: case.attributes,
        words: case.words,
        started_ms: case.started_ms,
    };
    let expected = case.error.map_or_else(|| Ok(case.rank.unwrap_or_default()), Err);
    let answered = choice.rank::<P>(case.seed);
    (answered != expected).then(|| format!("{}: {answered:?} is not {expected:?}", case.about))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    #[serde(default)]
    settings: Map<String, Value>,
    #[serde(default)]
    request: Map<String, Value>,
    #[serde(default)]
    columns: BTreeMap<String, Vec<Value>>,
    #[serde(default)]
    words: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    attributes: BTreeMap<String, String>,
    #[serde(default)]
    started_ms: u64,
    candidates: u32,
    #[serde(default)]
    seed: u32,
    rank: Option<Vec<u32>>,
    error: Option<String>,
}

/// Reads numbers that may be written as words, since JSON has no NaN and no infinity.
fn numbers((name, values): (String, Vec<Value>)) -> (String, Vec<f64>) {
    let number = |value: &Value| match value {
        Value::String(word) => word.parse().ok(),
        _ => value.as_f64(),
    };
    let column = values
        .iter()
        .map(|value| number(value).unwrap_or_else(|| panic!("column `{name}`: {value} is no number")))
        .collect();
    (name, column)
}

/// A choice among deployments, for tests with one seed or many.
#[derive(Debug, Clone)]
pub struct Choice {
    candidates: u32,
    columns: BTreeMap<String, Vec<f64>>,
    settings: String,
    request: String,
    attributes: BTreeMap<String, String>,
    words: BTreeMap<String, Vec<String>>,
    started_ms: u64,
}

impl Choice {
    /// A choice among this many candidates, with all columns zero.
    #[must_use]
    pub fn among(candidates: u32) -> Self {
        Self {
            candidates,
            columns: BTreeMap::new(),
            settings: "{}".into(),
            request: "{}".into(),
            attributes: BTreeMap::new(),
            words: BTreeMap::new(),
            started_ms: 0,
        }
    }

    /// Sets a column by its name in kebab-case, such as `in-flight`; one number for each candidate.
    #[must_use]
    pub fn column(mut self, name: &str, numbers: impl IntoIterator<Item = f64>) -> Self {
        self.columns.insert(name.into(), numbers.into_iter().collect());
        self
    }

    /// Sets the strategy's settings, as JSON. Default: `{}`.
    #[must_use]
    pub fn settings(mut self, json: &str) -> Self {
        self.settings = json.into();
        self
    }

    /// Sets the canonical request, as JSON. Default: `{}`.
    #[must_use]
    pub fn request(mut self, json: &str) -> Self {
        self.request = json.into();
        self
    }

    /// Makes a new instance of the strategy, and returns its ranking.
    ///
    /// # Errors
    /// The error of the settings or of the ranking.
    ///
    /// # Panics
    /// If the ranking has a candidate twice or one that does not exist, or if a column has the wrong length.
    #[track_caller]
    pub fn rank<P: RoutingStrategy>(&self, seed: u32) -> Result<Vec<u32>, String> {
        let count = self.candidates as usize;
        for (name, column) in &self.columns {
            assert_eq!(column.len(), count, "column `{name}`: a number a candidate");
        }
        Host {
            columns: self.columns.clone(),
            candidates: self.candidates,
            body: self.request.clone().into_bytes(),
            attributes: self.attributes.clone(),
            words: self.words.clone(),
            started_ms: self.started_ms,
            seed,
            ..Host::default()
        }
        .install();
        let settings = serde_json::from_str(&self.settings).map_err(|error| format!("settings: {error}"))?;
        let ranking = P::new(settings)?.rank().map_err(|error| match error {
            RoutingError::NoneSuitable(reason) => format!("none suitable: {reason}"),
            RoutingError::BadSettings(reason) | RoutingError::Other(reason) => reason,
        })?;
        let mut seen = vec![false; count];
        for &index in &ranking {
            let seen = seen.get_mut(index as usize).expect("it ranks what does not exist");
            assert!(!std::mem::replace(seen, true), "it ranks candidate {index} twice");
        }
        Ok(ranking)
    }

    /// The share, 0 to 1, of the seeds 0 to 9,999 whose ranking passes the test. The seeds are fixed, so the result is
    /// the same each time; its standard deviation is at most 0.005.
    ///
    /// # Panics
    /// If the strategy returns an error.
    #[track_caller]
    pub fn share<P: RoutingStrategy>(&self, test: impl Fn(&[u32]) -> bool) -> f64 {
        const SEEDS: u32 = 10_000;
        let rank = |seed| {
            self.rank::<P>(seed)
                .unwrap_or_else(|error| panic!("seed {seed}: {error}"))
        };
        let passed = (0..SEEDS).filter(|&seed| test(&rank(seed))).count();
        passed as f64 / f64::from(SEEDS)
    }
}
