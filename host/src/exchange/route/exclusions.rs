//! Deployments that were left out before a strategy was asked, and why. This is collected only if choices are recorded.

use super::plan::Plan;
use crate::decisions::{Exclusion, Recorder};
use crate::deployment::Candidate;
use crate::snapshot::Found;

/// The deployments left out so far; `None` if choices are not recorded.
pub struct Exclusions(Option<Vec<Exclusion>>);

impl Exclusions {
    pub fn told_to(recorder: Option<&Recorder>) -> Self {
        Self(recorder.map(|_| Vec::new()))
    }

    /// Runs a filter, and records the candidates that it removes, with the reason `why`.
    pub fn by<R>(&mut self, why: &str, found: &mut Found, filter: impl FnOnce(&mut Found) -> R) -> R {
        let Some(exclusions) = &mut self.0 else {
            return filter(found);
        };
        let mut left_out = found.candidates.clone();
        let result = filter(found);
        let is = |one: &Candidate, other: &Candidate| std::ptr::eq(&*one.deployment, &*other.deployment);
        left_out.retain(|candidate| !found.candidates.iter().any(|kept| is(kept, candidate)));
        exclusions.extend(left_out.iter().map(|candidate| exclusion(candidate, why.to_owned())));
        result
    }

    /// Records the candidates that are in cooldown, or coming back from one.
    pub fn by_plan(&mut self, plan: &Plan) {
        let Some(exclusions) = &mut self.0 else { return };
        for (remaining, candidate) in &plan.out {
            let outage = candidate.deployment.health.outage();
            let because = outage.map(|outage| format!(", after {}: {}", outage.kind.name(), outage.message));
            let seconds = remaining.as_secs_f64();
            let why = format!("it cools down for {seconds:.1} s more{}", because.unwrap_or_default());
            exclusions.push(exclusion(candidate, why));
        }
        let ramping = plan.ramping.iter();
        exclusions.extend(ramping.map(|candidate| {
            exclusion(
                candidate,
                "it comes back from a cooldown, and takes a share of its traffic".to_owned(),
            )
        }));
    }

    /// Returns the entries for the first choice that is recorded; for later choices nothing is left.
    pub fn take(&mut self) -> Vec<Exclusion> {
        self.0.as_mut().map(std::mem::take).unwrap_or_default()
    }
}

fn exclusion(candidate: &Candidate, why: String) -> Exclusion {
    Exclusion {
        deployment: candidate.deployment.settings.id.clone(),
        why,
    }
}
