//! `candidates`: the deployments that a strategy may choose from, as columns.

use super::Guest;
use super::bindings::candidates::{Fact, Host};
use crate::plugin::columns::{self, Columns, Count, Number, Text};
use crate::plugin::crossing::shapes::check_name;

impl Guest {
    fn columns(&self) -> wasmtime::Result<&dyn Columns> {
        self.candidates
            .as_deref()
            .ok_or_else(|| wasmtime::Error::msg("there are no candidates in this call"))
    }

    fn numbers(&mut self, column: Number) -> wasmtime::Result<Vec<f64>> {
        let numbers = self.columns()?.numbers(column);
        Ok(match &mut self.reads {
            Some(reads) => reads.numbers(column, numbers),
            None => numbers,
        })
    }

    fn counts(&mut self, column: Count) -> wasmtime::Result<Vec<u32>> {
        let counts = self.columns()?.counts(column);
        Ok(match &mut self.reads {
            Some(reads) => reads.counts(column, counts),
            None => counts,
        })
    }

    fn texts(&mut self, name: &str, texts: impl FnOnce(&dyn Columns) -> Vec<String>) -> wasmtime::Result<Vec<String>> {
        let texts = texts(self.columns()?);
        if let Some(reads) = &mut self.reads {
            reads.texts(name, &texts);
        }
        Ok(texts)
    }
}

impl From<Fact> for columns::Fact {
    fn from(fact: Fact) -> Self {
        match fact {
            Fact::Id => Self::Id,
            Fact::Provider => Self::Provider,
            Fact::Model => Self::Model,
            Fact::Tag => Self::Tag,
            Fact::Region => Self::Region,
        }
    }
}

impl Host for Guest {
    fn having(&mut self, fact: Fact, word: String) -> wasmtime::Result<Vec<bool>> {
        check_name(&word)?;
        let fact = columns::Fact::from(fact);
        let having = self.columns()?.having(fact, &word);
        if let Some(reads) = &mut self.reads {
            reads.having(fact, &word, &having);
        }
        Ok(having)
    }
    fn exhausted(&mut self) -> wasmtime::Result<Vec<bool>> {
        let tokens = self.canonical()?.prompt_tokens();
        let exhausted = self.columns()?.exhausted(tokens);
        if let Some(reads) = &mut self.reads {
            reads.exhausted(&exhausted);
        }
        Ok(exhausted)
    }
    fn count(&mut self) -> wasmtime::Result<u32> {
        let count = self.candidates.as_ref().map_or(0, |columns| columns.count());
        Ok(u32::try_from(count).unwrap_or(u32::MAX))
    }
    fn ids(&mut self) -> wasmtime::Result<Vec<String>> {
        self.texts("ids", |columns| columns.texts(Text::Ids))
    }
    fn providers(&mut self) -> wasmtime::Result<Vec<String>> {
        self.texts("providers", |columns| columns.texts(Text::Providers))
    }
    fn models(&mut self) -> wasmtime::Result<Vec<String>> {
        self.texts("models", |columns| columns.texts(Text::Models))
    }
    fn regions(&mut self) -> wasmtime::Result<Vec<String>> {
        self.texts("regions", |columns| columns.texts(Text::Regions))
    }
    fn tags(&mut self) -> wasmtime::Result<Vec<Vec<String>>> {
        let tags = self.columns()?.tags();
        if let Some(reads) = &mut self.reads {
            reads.tags(&tags);
        }
        Ok(tags)
    }
    fn info(&mut self, name: String) -> wasmtime::Result<Vec<String>> {
        check_name(&name)?;
        self.texts(&format!("info.{name}"), |columns| columns.info(&name))
    }
    fn weights(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.numbers(Number::Weights)
    }
    fn orders(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.counts(Count::Orders)
    }
    fn in_flight(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.counts(Count::InFlight)
    }
    fn latency_seconds(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.numbers(Number::LatencySeconds)
    }
    fn first_token_seconds(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.numbers(Number::FirstTokenSeconds)
    }
    fn tokens_per_second(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.numbers(Number::TokensPerSecond)
    }
    fn sample_ages(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.numbers(Number::SampleAges)
    }
    fn failure_rates(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.numbers(Number::FailureRates)
    }
    fn requests_this_minute(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.counts(Count::RequestsThisMinute)
    }
    fn tokens_this_minute(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.counts(Count::TokensThisMinute)
    }
    fn request_limits(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.counts(Count::RequestLimits)
    }
    fn token_limits(&mut self) -> wasmtime::Result<Vec<u32>> {
        self.counts(Count::TokenLimits)
    }
    fn input_prices(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.numbers(Number::InputPrices)
    }
    fn output_prices(&mut self) -> wasmtime::Result<Vec<f64>> {
        self.numbers(Number::OutputPrices)
    }
}
