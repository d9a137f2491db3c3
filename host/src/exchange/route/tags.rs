//! Tags (`enable_tag_filtering`): requests with tags go to deployments that have them, and requests of clients that the
//! `tag_regex` of a deployment matches go to this deployment. The rules are LiteLLM's
//! (<https://docs.litellm.ai/docs/proxy/tag_routing>).

use crate::canonical::Canonical;
use crate::config::settings::Tags;
use crate::deployment::Deployment;
use crate::exchange::refusal::{Cause, Refusal};
use crate::snapshot::Found;

/// Deployments with this tag serve requests without tags, and requests with tags that no deployment has.
const DEFAULT: &str = "default";

/// Removes the deployments that the request's tags do not select.
///
/// # Errors
/// The tags select no deployment.
pub fn filter(rules: &Tags, canonical: &Canonical, found: &mut Found) -> Result<(), Refusal> {
    if !rules.is_on {
        return Ok(());
    }
    let wish = Wish::of(canonical, rules);
    let is_default = |deployment: &Deployment| has(deployment, DEFAULT);
    let is_untagged = |deployment: &Deployment| deployment.tags.is_empty();
    let any = |keep: &dyn Fn(&Deployment) -> bool| {
        let mut candidates = found.candidates.iter();
        candidates.any(|candidate| keep(&candidate.deployment))
    };
    let by_agent = wish.may_be_by_agent() && any(&|one| one.settings.tag_regex.is_some() && wish.allows(one));
    let fits = |deployment: &Deployment| wish.allows(deployment) && wish.wants(deployment, by_agent);
    let keep: &dyn Fn(&Deployment) -> bool = match wish.tags.is_empty() && !by_agent {
        true if any(&is_default) => &is_default,
        true => &is_untagged,
        false if any(&fits) => &fits,
        false => &is_default,
    };
    if !any(keep) {
        let group = &canonical.group;
        let whom = match wish.tags.is_empty() {
            true => "requests without tags".to_owned(),
            false => format!("the tags `{}`", wish.tags.join("`, `")),
        };
        return Err(Refusal::new(
            Cause::Unauthenticated,
            format!("not allowed to access the model by its tags: no deployment of `{group}` is for {whom}"),
        ));
    }
    found.retain(|candidate| keep(&candidate.deployment));
    Ok(())
}

fn has(deployment: &Deployment, tag: &str) -> bool {
    deployment.tags.iter().any(|own| own == tag)
}

/// What a request says about the deployments that may serve it.
struct Wish {
    /// As written: `!tag` excludes, `&tag` requires.
    tags: Vec<String>,
    match_any: bool,
    /// The text that `tag_regex` is matched against: `User-Agent: …`.
    agent: Option<String>,
}

impl Wish {
    fn of(canonical: &Canonical, rules: &Tags) -> Self {
        let mut tags = canonical.tags();
        if let Some(prefix) = &rules.prefix {
            tags.retain(|tag| tag.trim_start_matches(['!', '&']).starts_with(prefix.as_str()));
        }
        let agent = canonical.header("user-agent");
        Self {
            tags,
            match_any: rules.match_any,
            agent: agent.map(|agent| format!("User-Agent: {agent}")),
        }
    }

    fn plain(&self) -> impl Iterator<Item = &String> {
        self.tags.iter().filter(|tag| !tag.starts_with(['!', '&']))
    }

    /// A required tag takes precedence over `tag_regex`.
    fn may_be_by_agent(&self) -> bool {
        self.agent.is_some() && !self.tags.iter().any(|tag| tag.starts_with('&'))
    }

    fn allows(&self, deployment: &Deployment) -> bool {
        self.tags.iter().all(|tag| match tag.split_at_checked(1) {
            Some(("!", excluded)) => !has(deployment, excluded),
            Some(("&", required)) => has(deployment, required),
            _ => true,
        })
    }

    /// Whether one of the tags, or the client's user agent, selects this deployment. If neither is used to select, all
    /// are selected.
    fn wants(&self, deployment: &Deployment, by_agent: bool) -> bool {
        let is_plain = self.plain().next().is_some();
        let is_tagged = match self.match_any {
            true => self.plain().any(|tag| has(deployment, tag)),
            false => self.plain().all(|tag| has(deployment, tag)),
        };
        (!is_plain && !by_agent) || (is_plain && is_tagged) || self.is_by_agent(deployment)
    }

    /// If all tags must match, a `tag_regex` cannot select a deployment that has tags.
    fn is_by_agent(&self, deployment: &Deployment) -> bool {
        let expressions = deployment.settings.tag_regex.as_ref();
        let finds = expressions.zip(self.agent.as_ref());
        finds.is_some_and(|(set, agent)| set.is_match(agent)) && (self.match_any || deployment.tags.is_empty())
    }
}
