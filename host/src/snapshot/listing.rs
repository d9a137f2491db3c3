//! What a configuration serves, name by name: what `/v1/models` and `/model/info` list.

use super::Groups;
use crate::deployment::Candidate;
use crate::operation::Operation;

/// A name that clients may ask for, and who answers.
pub struct Served {
    pub name: String,
    pub candidates: Vec<Candidate>,
}

impl Groups {
    /// All that is served: groups, aliases that are not hidden, and what wildcards stand for by the models that are known of
    /// their providers, as far as the gateway serves models of their kind.
    #[must_use]
    pub fn served(&self) -> Vec<Served> {
        let written = self.listed().into_iter().map(str::to_owned);
        let mut served: Vec<Served> = written.filter_map(|name| self.served_as(name)).collect();
        let known = self.expanded().into_iter().map(|(name, _)| name);
        served.extend(
            known
                .filter_map(|name| self.served_as(name))
                .filter(Served::is_answered),
        );
        served
    }

    /// One name, with whoever answers; `None` where nobody does.
    #[must_use]
    pub fn served_as(&self, name: String) -> Option<Served> {
        let candidates = self.find(&name)?.candidates;
        Some(Served { name, candidates })
    }
}

impl Served {
    /// Whether a candidate is for something that the gateway serves, as far as that is known.
    fn is_answered(&self) -> bool {
        self.candidates.iter().any(|candidate| {
            let mode = candidate.deployment.mode_of(&candidate.target.model);
            mode.is_none_or(|mode| Operation::of_mode(&mode).is_some())
        })
    }
}
