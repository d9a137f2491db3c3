//! The operator's own prompt template, as in LiteLLM (<https://docs.litellm.ai/docs/completion/prompt_formatting>): the
//! texts before and after the messages of each role, and around the whole prompt.

use std::collections::BTreeMap;

use serde::Deserialize;
use sluice_sdk::deployment;

/// The template of a deployment.
pub struct Template {
    roles: BTreeMap<String, Marks>,
    begin: String,
    end: String,
}

/// The texts around a message.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Marks {
    pre_message: String,
    post_message: String,
}

impl Template {
    /// The template of the deployment, if it has one. `roles` that cannot be parsed count as absent.
    pub fn of_deployment() -> Option<Self> {
        let roles = deployment::parameter("roles")?;
        let text = |name| deployment::text(name).unwrap_or_default();
        Some(Self {
            roles: serde_json::from_str(&roles).ok()?,
            begin: text("initial_prompt_value"),
            end: text("final_prompt_value"),
        })
    }

    /// Joins the messages, given as role and content.
    pub fn write(&self, messages: &[(&str, String)]) -> String {
        let mut prompt = self.begin.clone();
        for (role, content) in messages {
            let none = Marks::default();
            let marks = self.roles.get(*role).unwrap_or(&none);
            for piece in [&marks.pre_message, content, &marks.post_message] {
                prompt += piece;
            }
        }
        prompt + &self.end
    }
}
