//! The operator's own template, as LiteLLM has it (<https://docs.litellm.ai/docs/completion/prompt_formatting>): what stands
//! before and after what each role says, and around all of it.

use std::collections::BTreeMap;

use serde::Deserialize;
use sluice_sdk::deployment;

/// A template of the deployment's.
pub struct Template {
    roles: BTreeMap<String, Marks>,
    begin: String,
    end: String,
}

/// What stands around a message.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Marks {
    pre_message: String,
    post_message: String,
}

impl Template {
    /// The one that the deployment has, if any. `roles` that cannot be read are none.
    pub fn of_deployment() -> Option<Self> {
        let roles = deployment::parameter("roles")?;
        let text = |name| deployment::text(name).unwrap_or_default();
        Some(Self {
            roles: serde_json::from_str(&roles).ok()?,
            begin: text("initial_prompt_value"),
            end: text("final_prompt_value"),
        })
    }

    /// Puts the messages together: roles, and what each says.
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
