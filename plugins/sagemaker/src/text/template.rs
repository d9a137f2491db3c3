//! The operator's own template, as LiteLLM has it (<https://docs.litellm.ai/docs/completion/prompt_formatting>): what stands
//! before and after what each role says.

use std::collections::BTreeMap;

use serde::Deserialize;
use sluice_sdk::deployment;

/// A template of the deployment's.
pub struct Template {
    roles: BTreeMap<String, Marks>,
    begin: String,
    end: String,
    /// Before what the user's side says after an answer.
    bos: String,
    /// After an answer.
    eos: String,
}

/// What stands around a message.
#[derive(Default, Deserialize)]
#[serde(default)]
pub struct Marks {
    pub pre_message: String,
    pub post_message: String,
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
            bos: text("bos_token"),
            eos: text("eos_token"),
        })
    }

    /// Puts the messages together: roles, and what each says.
    pub fn write(&self, messages: &[(&str, String)]) -> String {
        let mut prompt = format!("{}{}", self.bos, self.begin);
        let mut is_open = true;
        for (role, content) in messages {
            let is_answer = *role == "assistant";
            if !is_answer && !is_open {
                prompt += &self.bos;
                is_open = true;
            }
            let none = Marks::default();
            let marks = self.roles.get(*role).unwrap_or(&none);
            for piece in [&marks.pre_message, content, &marks.post_message] {
                prompt += piece;
            }
            if is_answer {
                prompt += &self.eos;
                is_open = false;
            }
        }
        prompt + &self.end
    }
}
