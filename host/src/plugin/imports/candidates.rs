//! `candidates`: the deployments that a strategy may choose from, as columns.

use super::Guest;
use super::bindings::candidates::{Fact, Host, NumberColumn, TextColumn};
use crate::plugin::columns::{self, Columns, Number, Text};
use crate::plugin::crossing::shapes::check_name;

impl Guest {
    fn columns(&self) -> wasmtime::Result<&dyn Columns> {
        self.candidates
            .as_deref()
            .ok_or_else(|| wasmtime::Error::msg("there are no candidates in this call"))
    }

    fn read(&mut self, column: Number) -> wasmtime::Result<Vec<f64>> {
        let numbers = self.columns()?.numbers(column);
        Ok(match &mut self.reads {
            Some(reads) => reads.numbers(column, numbers),
            None => numbers,
        })
    }

    fn named(&mut self, name: &str, texts: impl FnOnce(&dyn Columns) -> Vec<String>) -> wasmtime::Result<Vec<String>> {
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
    fn numbers(&mut self, column: NumberColumn) -> wasmtime::Result<Vec<f64>> {
        self.read(Number::from(column))
    }
    fn measured(&mut self, name: String) -> wasmtime::Result<Option<Vec<f64>>> {
        check_name(&name)?;
        let known = Number::ALL.iter().find(|column| column.name() == name);
        known.map(|column| self.read(*column)).transpose()
    }
    fn texts(&mut self, column: TextColumn) -> wasmtime::Result<Vec<String>> {
        let column = Text::from(column);
        self.named(column.name(), |columns| columns.texts(column))
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
        self.named(&format!("info.{name}"), |columns| columns.info(&name))
    }
}
