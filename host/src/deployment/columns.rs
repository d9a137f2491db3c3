//! The present state of deployments, as the columns that strategies read.

use super::{Candidate, Deployment, Health};
use crate::moment::Moment;
use crate::plugin::columns::{Columns, Fact, Facts, Number, Text, is_over};

/// Candidates, in the order of the configuration.
pub struct Live {
    pub candidates: Vec<Candidate>,
    /// An alias's weights, one per candidate. They replace the deployments' own.
    pub weights: Option<Vec<f64>>,
    /// The time of the decision.
    pub now: Moment,
}

impl Live {
    fn each<T>(&self, value: impl Fn(&Candidate) -> T) -> Vec<T> {
        self.candidates.iter().map(value).collect()
    }
}

impl Columns for Live {
    fn count(&self) -> usize {
        self.candidates.len()
    }

    fn numbers(&self, column: Number) -> Vec<f64> {
        let now = self.now;
        let each = |value: fn(&Deployment, Moment) -> f64| self.each(|candidate| value(&candidate.deployment, now));
        let count =
            |value: fn(&Deployment, Moment) -> u32| self.each(|candidate| f64::from(value(&candidate.deployment, now)));
        match column {
            Number::Weights => match &self.weights {
                Some(weights) => weights.clone(),
                None => each(|deployment, _| deployment.settings.weight.unwrap_or(0.0)),
            },
            Number::Orders => count(|deployment, _| deployment.settings.order.unwrap_or(0)),
            Number::InFlight => count(|deployment, _| deployment.health.in_flight()),
            Number::RequestsThisMinute => count(|deployment, now| deployment.health.requests_this_minute(now)),
            Number::TokensThisMinute => count(|deployment, now| deployment.health.tokens_this_minute(now)),
            Number::RequestLimits => count(|deployment, _| deployment.settings.rpm.unwrap_or(0)),
            Number::TokenLimits => count(|deployment, _| deployment.settings.tpm.unwrap_or(0)),
            Number::LatencySeconds => each(|deployment, _| deployment.health.latency_seconds()),
            Number::FirstTokenSeconds => each(|deployment, _| deployment.health.first_token_seconds()),
            Number::TokensPerSecond => each(|deployment, _| deployment.health.tokens_per_second()),
            Number::SampleAges => each(|deployment, now| deployment.health.sample_age(now)),
            Number::FailureRates => each(|deployment, now| deployment.health.failure_rate(now)),
            Number::InputPrices => each(|deployment, _| deployment.input_usd_per_million()),
            Number::OutputPrices => each(|deployment, _| deployment.output_usd_per_million()),
            Number::ContextWindows => {
                each(|deployment, _| deployment.max_input_tokens.map_or(f64::NAN, |tokens| tokens as f64))
            }
        }
    }

    fn texts(&self, column: Text) -> Vec<String> {
        self.each(|candidate| match column {
            Text::Ids => candidate.deployment.settings.id.clone(),
            Text::Providers => candidate.deployment.provider.to_string(),
            Text::Models => candidate.target.model.clone(),
            Text::Regions => candidate.deployment.region.as_deref().unwrap_or_default().to_owned(),
        })
    }

    fn tags(&self) -> Vec<Vec<String>> {
        self.each(|candidate| candidate.deployment.tags.clone())
    }

    fn info(&self, name: &str) -> Vec<String> {
        let json = |deployment: &Deployment| deployment.settings.info.get(name).map(|json| json.to_string());
        self.each(|candidate| json(&candidate.deployment).unwrap_or_default())
    }

    fn having(&self, fact: Fact, word: &str) -> Vec<bool> {
        self.each(|Candidate { deployment, target }| {
            let facts = Facts {
                id: &deployment.settings.id,
                provider: &deployment.provider,
                model: &target.model,
                tags: &deployment.tags,
                region: deployment.region.as_deref().unwrap_or_default(),
            };
            facts.has(fact, word)
        })
    }

    fn exhausted(&self, prompt_tokens: u32) -> Vec<bool> {
        self.each(|Candidate { deployment, .. }| {
            let (health, now) = (&deployment.health, self.now);
            let is_over = |limit: Option<u32>, used: fn(&Health, Moment) -> u32, more| {
                limit.is_some_and(|limit| is_over(limit, used(health, now), more))
            };
            is_over(deployment.settings.rpm, Health::requests_this_minute, 1)
                || is_over(deployment.settings.tpm, Health::tokens_this_minute, prompt_tokens)
        })
    }
}
