//! The deployments that a rule refers to.

use std::fmt;

use serde::Deserialize;
use sluice_sdk::candidates::{self, Fact};

use crate::settings::OneOrMore;

/// Selects the deployments for which all given fields match. A field matches if any of its words does.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Target {
    id: Option<OneOrMore<String>>,
    provider: Option<OneOrMore<String>>,
    model: Option<OneOrMore<String>>,
    tag: Option<OneOrMore<String>>,
    region: Option<OneOrMore<String>>,
}

impl Target {
    fn facts(&self) -> impl Iterator<Item = (Fact, &'static str, &[String])> {
        let facts = [
            (Fact::Id, "id", &self.id),
            (Fact::Provider, "provider", &self.provider),
            (Fact::Model, "model", &self.model),
            (Fact::Tag, "tag", &self.tag),
            (Fact::Region, "region", &self.region),
        ];
        facts
            .into_iter()
            .filter_map(|(fact, name, words)| Some((fact, name, words.as_ref()?.as_slice())))
    }

    /// Whether the target has no field, or a field whose words are all blank.
    pub fn is_empty(&self) -> bool {
        let is_word = |word: &String| !word.trim().is_empty();
        self.facts().next().is_none() || self.facts().any(|(_, _, words)| !words.iter().any(is_word))
    }

    /// For each candidate, whether the target selects it.
    fn matches(&self, count: usize) -> Vec<bool> {
        let mut matches = vec![true; count];
        for (fact, _, words) in self.facts() {
            let mut any = vec![false; count];
            for word in words {
                let having = candidates::having(fact, word);
                any.iter_mut().zip(having).for_each(|(any, has)| *any |= has);
            }
            matches.iter_mut().zip(any).for_each(|(all, any)| *all &= any);
        }
        matches
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (_, name, words)) in self.facts().enumerate() {
            let and = if index > 0 { " and " } else { "" };
            write!(f, "{and}{name} `{}`", words.join("` or `"))?;
        }
        Ok(())
    }
}

/// The candidates of each target without those of earlier targets, and the candidates of no target.
pub(crate) fn levels(targets: &[Target], count: u32) -> (Vec<Vec<u32>>, Vec<u32>) {
    let mut others: Vec<u32> = (0..count).collect();
    let mut levels = Vec::with_capacity(targets.len());
    for target in targets {
        let matches = target.matches(count as usize);
        let (level, rest) = others.into_iter().partition(|&index| matches[index as usize]);
        levels.push(level);
        others = rest;
    }
    (levels, others)
}
