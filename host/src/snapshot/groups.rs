//! Finds the deployments that may serve the model that a client names.
//!
//! The order is LiteLLM's: alias, exact group, deployment id, wildcards from the longest, then a deployment's own model
//! name. Last, for a name without a provider, wildcards are tried once more with the provider that is known for this
//! name.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::config::infer_provider;
use crate::config::settings::Alias;
use crate::deployment::{Candidate, Deployment};
use crate::prices::Catalogue;

/// All model groups of a configuration.
#[derive(Default)]
pub struct Groups {
    exact: HashMap<Box<str>, Vec<Arc<Deployment>>>,
    /// In the order in which they are tried.
    wildcards: Vec<(Pattern, Vec<Arc<Deployment>>)>,
    aliases: BTreeMap<String, Alias>,
    /// The groups that the configuration names, including those whose deployments cannot be used.
    configured: Vec<Pattern>,
    /// In the order of the configuration.
    all: Vec<Arc<Deployment>>,
}

/// The candidates for a model.
#[derive(Clone)]
pub struct Found {
    /// The group that was found. If it is a wildcard, its pattern.
    pub group: Box<str>,
    pub candidates: Vec<Candidate>,
    /// An alias's weights, one per candidate. They replace the deployments' own.
    pub weights: Option<Vec<f64>>,
}

impl Found {
    /// Removes candidates and their weights.
    pub fn retain(&mut self, mut keep: impl FnMut(&Candidate) -> bool) {
        let Some(weights) = &mut self.weights else {
            return self.candidates.retain(keep);
        };
        let mut kept = self.candidates.iter().map(&mut keep).collect::<Vec<bool>>().into_iter();
        weights.retain({
            let mut kept = kept.clone();
            move |_| kept.next() == Some(true)
        });
        self.candidates.retain(|_| kept.next() == Some(true));
    }
}

/// A wildcard such as `openai/*`: the texts between its stars. A name matches if it begins with the first text,
/// contains the others in order and ends with the last.
pub struct Pattern {
    text: Box<str>,
    parts: Vec<Box<str>>,
}

impl Groups {
    pub fn new<'n>(
        all: Vec<Arc<Deployment>>,
        aliases: BTreeMap<String, Alias>,
        configured: impl Iterator<Item = &'n str>,
    ) -> Self {
        let mut groups = Self {
            aliases,
            configured: configured.map(Pattern::new).collect(),
            all: all.clone(),
            ..Self::default()
        };
        for deployment in all {
            let group = deployment.settings.group.as_str();
            if !group.contains('*') {
                groups.exact.entry(group.into()).or_default().push(deployment);
                continue;
            }
            match groups.wildcards.iter_mut().find(|(pattern, _)| *pattern.text == *group) {
                Some((_, members)) => members.push(deployment),
                None => groups.wildcards.push((Pattern::new(group), vec![deployment])),
            }
        }
        groups
            .wildcards
            .sort_by_key(|(pattern, _)| std::cmp::Reverse(pattern.text.len()));
        groups
    }

    /// All deployments, in the order of the configuration.
    #[must_use]
    pub fn deployments(&self) -> &[Arc<Deployment>] {
        &self.all
    }

    /// The number of deployments of a group. A wildcard is named by its pattern.
    #[must_use]
    pub fn size_of(&self, group: &str) -> usize {
        let wildcard = || {
            let found = self.wildcards.iter().find(|(pattern, _)| *pattern.text == *group);
            found.map(|(_, members)| members)
        };
        self.exact.get(group).or_else(wildcard).map_or(0, Vec::len)
    }

    /// The names that match wildcards, by the models that the catalogue knows of their providers, each with its
    /// deployment.
    #[must_use]
    pub fn expanded(&self) -> Vec<(String, &Arc<Deployment>)> {
        let mut names: Vec<(String, &Arc<Deployment>)> = Vec::new();
        for (group, members) in &self.wildcards {
            for deployment in members {
                let own = Pattern::new(&deployment.model);
                // The wildcard's deployment has another number of stars: it serves one model for all names, or names
                // cannot be derived.
                if own.parts.len() != group.parts.len() {
                    continue;
                }
                for known in Catalogue::bundled().models_of(&deployment.provider) {
                    if let Some(captures) = own.captures(known) {
                        names.push((group.filled(&captures), deployment));
                    }
                }
            }
        }
        names.sort_by(|one, other| one.0.cmp(&other.0));
        names.dedup_by(|one, other| one.0 == other.0);
        names.retain(|(name, _)| !self.exact.contains_key(name.as_str()));
        names
    }

    /// Every name that [`Found::group`] may have.
    #[must_use]
    pub fn labels(&self) -> HashSet<&str> {
        let groups = self.all.iter().map(|deployment| deployment.settings.group.as_str());
        groups.chain(self.aliases.keys().map(String::as_str)).collect()
    }

    /// The patterns of the wildcards.
    pub fn wildcards(&self) -> impl Iterator<Item = &str> {
        self.wildcards.iter().map(|(pattern, _)| pattern.text.as_ref())
    }

    /// Exact groups and aliases that are not hidden, in order, each once.
    #[must_use]
    pub fn listed(&self) -> Vec<&str> {
        let mut names: Vec<&str> = Vec::new();
        let groups = self.all.iter().map(|deployment| deployment.settings.group.as_str());
        let aliases = self
            .aliases
            .iter()
            .filter(|(_, alias)| !matches!(alias, Alias::Group { hidden: true, .. }));
        for name in groups.chain(aliases.map(|(name, _)| name.as_str())) {
            if !name.contains('*') && !names.contains(&name) {
                names.push(name);
            }
        }
        names
    }

    /// The deployments that may serve this model; `None` when there are none.
    #[must_use]
    pub fn find(&self, model: &str) -> Option<Found> {
        match self.aliases.get(model) {
            Some(Alias::Group { model, .. }) => self.find_named(model),
            Some(Alias::Weighted(targets)) => self.find_weighted(model, targets),
            None => self.find_named(model),
        }
    }

    /// Whether the configuration has deployments for this name. If so and [`Self::find`] finds none, they cannot be
    /// used.
    #[must_use]
    pub fn is_configured(&self, model: &str) -> bool {
        let model = match self.aliases.get(model) {
            Some(Alias::Group { model, .. }) => model,
            _ => model,
        };
        self.configured.iter().any(|group| group.matches(model))
    }

    /// The names that are most similar to a name that was not found, best first, at most three.
    #[must_use]
    pub fn nearest(&self, model: &str) -> Vec<&str> {
        let mut scored: Vec<(f64, &str)> = self
            .listed()
            .into_iter()
            .map(|name| (strsim::jaro_winkler(model, name), name))
            .collect();
        scored.retain(|(score, _)| *score > 0.7);
        scored.sort_by(|one, other| other.0.total_cmp(&one.0));
        scored.into_iter().take(3).map(|(_, name)| name).collect()
    }

    fn find_named(&self, model: &str) -> Option<Found> {
        if let Some(members) = self.exact.get(model) {
            return Some(found(model, members.iter().map(Candidate::of).collect()));
        }
        if let Some(deployment) = self.all.iter().find(|deployment| deployment.settings.id == model) {
            return Some(found(&deployment.settings.group, vec![Candidate::of(deployment)]));
        }
        self.find_wildcard(model)
            .or_else(|| self.find_by_own_name(model))
            .or_else(|| self.find_of_known_provider(model))
    }

    /// A name without a provider, such as `gpt-4o`, is also found as `openai/gpt-4o` if a wildcard serves that.
    fn find_of_known_provider(&self, model: &str) -> Option<Found> {
        if self.wildcards.is_empty() || model.contains('/') {
            return None;
        }
        let provider = Catalogue::bundled()
            .provider_of(model)
            .or_else(|| infer_provider(model))?;
        self.find_wildcard(&format!("{provider}/{model}"))
    }

    fn find_wildcard(&self, model: &str) -> Option<Found> {
        self.wildcards.iter().find_map(|(pattern, members)| {
            let captures = pattern.captures(model)?;
            let candidates = members
                .iter()
                .map(|member| substituted(member, model, &captures))
                .collect();
            Some(found(&pattern.text, candidates))
        })
    }

    /// A name such as `azure/gpt-4o` finds the deployments with this `litellm_params.model`.
    fn find_by_own_name(&self, model: &str) -> Option<Found> {
        let own: Vec<Candidate> = self
            .all
            .iter()
            .filter(|deployment| deployment.settings.model == model)
            .map(Candidate::of)
            .collect();
        let group = own.first()?.deployment.settings.group.clone();
        Some(found(&group, own))
    }

    /// The deployments of all targets. Those of a target share its weight equally.
    fn find_weighted(&self, alias: &str, targets: &[(String, f64)]) -> Option<Found> {
        let mut candidates = Vec::new();
        let mut weights = Vec::new();
        for (target, weight) in targets {
            let members = self.members_of_target(alias, target);
            let share = weight / f64::from(u32::try_from(members.len().max(1)).unwrap_or(1));
            weights.extend(std::iter::repeat_n(share, members.len()));
            candidates.extend(members);
        }
        (!candidates.is_empty()).then(|| Found {
            group: alias.into(),
            candidates,
            weights: Some(weights),
        })
    }

    /// The deployments of a target. A target is a group, or the `provider/model` of deployments in the group that has
    /// the alias's name.
    fn members_of_target(&self, alias: &str, target: &str) -> Vec<Candidate> {
        let within = self.exact.get(alias).map_or(&[][..], Vec::as_slice);
        let own: Vec<Candidate> = within
            .iter()
            .filter(|deployment| deployment.settings.model == target)
            .map(Candidate::of)
            .collect();
        if own.is_empty() {
            self.find_named(target).map_or_else(Vec::new, |found| found.candidates)
        } else {
            own
        }
    }
}

fn found(group: &str, candidates: Vec<Candidate>) -> Found {
    Found {
        group: group.into(),
        candidates,
        weights: None,
    }
}

/// A wildcard's deployment, with its own stars replaced by the captures.
fn substituted(deployment: &Arc<Deployment>, model: &str, captures: &[&str]) -> Candidate {
    let stars = deployment.model.matches('*').count();
    if stars == 0 {
        return Candidate::of(deployment);
    }
    if captures.len() > stars {
        // There are more captures than stars: the model is the client's name without the provider's prefix.
        let prefix = format!("{}/", deployment.provider);
        return Candidate::with_model(deployment, model.strip_prefix(&prefix).unwrap_or(model).to_owned());
    }
    let mut filled = deployment.model.to_string();
    for capture in captures {
        filled = filled.replacen('*', capture, 1);
    }
    Candidate::with_model(deployment, filled)
}

impl Pattern {
    pub fn new(text: &str) -> Self {
        Self {
            text: text.into(),
            parts: text.split('*').map(Into::into).collect(),
        }
    }

    pub fn matches(&self, model: &str) -> bool {
        self.captures(model).is_some()
    }

    /// The texts that the stars match; `None` if the name does not match.
    fn captures<'m>(&self, model: &'m str) -> Option<Vec<&'m str>> {
        let (first, later) = self.parts.split_first()?;
        let Some((last, between)) = later.split_last() else {
            return (model == first.as_ref()).then(Vec::new);
        };
        let mut rest = model.strip_prefix(first.as_ref())?;
        let mut captures = Vec::with_capacity(later.len());
        for part in between {
            let at = rest.find(part.as_ref())?;
            captures.push(&rest[..at]);
            rest = &rest[at + part.len()..];
        }
        captures.push(rest.strip_suffix(last.as_ref())?);
        Some(captures)
    }

    /// The pattern with its stars replaced by other texts.
    fn filled(&self, captures: &[&str]) -> String {
        let mut captures = captures.iter();
        let mut filled = String::new();
        for (index, part) in self.parts.iter().enumerate() {
            if index > 0 {
                filled.push_str(captures.next().unwrap_or(&"*"));
            }
            filled.push_str(part);
        }
        filled
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[track_caller]
    fn check(pattern: &str, model: &str, captures: Option<&[&str]>) {
        assert_eq!(
            Pattern::new(pattern).captures(model).as_deref(),
            captures,
            "{pattern} on {model}"
        );
    }

    #[test]
    fn stars_stand_for_text_in_order() {
        check("openai/*", "openai/gpt-4o", Some(&["gpt-4o"]));
        check("openai/*", "azure/gpt-4o", None);
        check("*", "anything", Some(&["anything"]));
        check("a/*/b-*", "a/x/b-y", Some(&["x", "y"]));
        check("claude-*-latest", "claude-3-latest", Some(&["3"]));
        check("claude-*-latest", "claude-3", None);
        check("gateway/*-chat", "gateway/demo-chat", Some(&["demo"]));
        check("gateway/*-chat", "gateway/demo-chat-extra", None);
        check("*-chat", "a-chat-b-chat", Some(&["a-chat-b"]));
        check("a*a", "a", None);
    }
}
