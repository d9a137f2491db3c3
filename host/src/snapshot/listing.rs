//! The list of model names that a configuration serves, for `/v1/models` and `/model/info`.

use super::Groups;
use crate::canonical::Operation;
use crate::deployment::Candidate;

/// A model name that clients can use, and the deployments that serve it.
pub struct Served {
    pub name: String,
    pub candidates: Vec<Candidate>,
}

impl Groups {
    /// All model names: groups, aliases that are not hidden, and the known models that wildcards match. The latter are
    /// listed only if the gateway serves models of their kind.
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

    /// One name with its deployments; `None` if no deployment serves it.
    #[must_use]
    pub fn served_as(&self, name: String) -> Option<Served> {
        let candidates = self.find(&name)?.candidates;
        Some(Served { name, candidates })
    }
}

impl Served {
    /// Whether a candidate's model is of a kind that the gateway serves. If the kind is not known, it counts as served.
    fn is_answered(&self) -> bool {
        self.candidates.iter().any(|candidate| {
            let mode = candidate.deployment.mode_of(&candidate.target.model);
            mode.is_none_or(|mode| Operation::of_mode(&mode).is_some())
        })
    }
}
