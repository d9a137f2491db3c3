//! `candidates`: the deployments a strategy may choose among, as columns.

use super::Guest;
use super::bindings::candidates::{Fact, Host};
use crate::deployment::{Candidate, Deployment, is_within};

/// The candidates of one choice, in the order of the configuration.
pub struct Columns {
    pub candidates: Vec<Candidate>,
    /// Weights that an alias gives, one a candidate; they replace the deployments' own.
    pub weights: Option<Vec<f64>>,
}

impl Guest {
    fn columns(&self) -> wasmtime::Result<&Columns> {
        self.candidates
            .as_deref()
            .ok_or_else(|| wasmtime::Error::msg("there are no candidates in this call"))
    }

    fn column<T>(&self, value: impl Fn(&Deployment) -> T) -> wasmtime::Result<Vec<T>> {
        Ok(self
            .columns()?
            .candidates
            .iter()
            .map(|candidate| value(&candidate.deployment))
            .collect())
    }
}

/// Whether a word is the one asked for, which may end in `*`.
fn is_word(own: &str, word: &str) -> bool {
    match word.strip_suffix('*') {
        Some(start) => own.starts_with(start),
        None => own == word,
    }
}

impl Candidate {
    fn has(&self, fact: Fact, word: &str) -> bool {
        let deployment = &self.deployment;
        match fact {
            Fact::Id => is_word(&deployment.settings.id, word),
            Fact::Provider => is_word(&deployment.provider, word),
            Fact::Model => is_word(&self.target.model, word),
            Fact::Tag => deployment.tags.iter().any(|tag| is_word(tag, word)),
            Fact::Region => deployment.region.as_ref().is_some_and(|own| is_within(own, word)),
        }
    }
}

impl Host for Guest {
    fn having(&mut self, fact: Fact, word: String) -> wasmtime::Result<Vec<bool>> {
        let candidates = &self.columns()?.candidates;
        Ok(candidates.iter().map(|candidate| candidate.has(fact, &word)).collect())
    }
    fn count(&mut self) -> wasmtime::Result<u32> {
        let count = self.candidates.as_ref().map_or(0, |columns| columns.candidates.len());
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
    fn ids(&mut self) -> wasmtime::Result<Vec<String>> {
        self.column(|deployment| deployment.settings.id.clone())
    }
    fn providers(&mut self) -> wasmtime::Result<Vec<String>> {
        self.column(|deployment| deployment.provider.to_string())
    }
    fn models(&mut self) -> wasmtime::Result<Vec<String>> {
        let columns = self.columns()?;
        Ok(columns
            .candidates
            .iter()
            .map(|candidate| candidate.target.model.clone())
            .collect())
    }
    fn regions(&mut self) -> wasmtime::Result<Vec<String>> {
        self.column(|deployment| deployment.region.as_deref().unwrap_or_default().to_owned())
    }
    fn tags(&mut self) -> wasmtime::Result<Vec<Vec<String>>> {
        self.column(|deployment| deployment.tags.clone())
    }
    fn weights(&mut self) -> wasmtime::Result<Vec<f64>> {
        match &self.columns()?.weights {
            Some(weights) => Ok(weights.clone()),
            None => self.column(|deployment| deployment.settings.weight.unwrap_or(0.0)),
        }
    }
    fn orders(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.column(|deployment| deployment.settings.order.unwrap_or(0))
    }
    fn in_flight(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.column(|deployment| deployment.health.in_flight())
    }
    fn latency_seconds(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.column(|deployment| deployment.health.latency_seconds())
    }
    fn first_token_seconds(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.column(|deployment| deployment.health.first_token_seconds())
    }
    fn tokens_per_second(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.column(|deployment| deployment.health.tokens_per_second())
    }
    fn sample_ages(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.column(|deployment| deployment.health.sample_age())
    }
    fn failure_rates(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.column(|deployment| deployment.health.failure_rate())
    }
    fn requests_this_minute(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.column(|deployment| deployment.health.requests_this_minute())
    }
    fn tokens_this_minute(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.column(|deployment| deployment.health.tokens_this_minute())
    }
    fn request_limits(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.column(|deployment| deployment.settings.rpm.unwrap_or(0))
    }
    fn token_limits(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.column(|deployment| deployment.settings.tpm.unwrap_or(0))
    }
    fn input_prices(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.column(|deployment| deployment.input_usd_per_million())
    }
    fn output_prices(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.column(|deployment| deployment.output_usd_per_million())
    }
    fn info(&mut self, name: String) -> wasmtime::Result<Vec<String>> {
        self.column(|deployment| {
            deployment
                .settings
                .info
                .get(&name)
                .map_or_else(String::new, |json| json.to_string())
        })
    }
}
