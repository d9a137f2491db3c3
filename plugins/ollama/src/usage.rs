//! Token counts.

use sluice_sdk::canonical::Object;
use sluice_sdk::exchange;

use crate::wire::Answer;

/// The token counts of an answer.
#[derive(Clone, Copy)]
pub struct Usage {
    prompt: u64,
    completion: u64,
}

impl Usage {
    /// `None` if Ollama sent no counts: the gateway then estimates both. For a prompt in its cache, Ollama may leave
    /// out only the prompt's count, which is then estimated here.
    pub fn of(answer: &Answer) -> Option<Self> {
        answer.prompt_eval_count.or(answer.eval_count)?;
        Some(Self {
            prompt: answer
                .prompt_eval_count
                .unwrap_or_else(|| exchange::prompt_tokens().into()),
            completion: answer.eval_count.unwrap_or(0),
        })
    }

    /// Writes the fields of OpenAI's `usage`.
    pub fn write(self, usage: &mut Object) {
        usage
            .number("prompt_tokens", self.prompt)
            .number("completion_tokens", self.completion)
            .number("total_tokens", self.prompt.saturating_add(self.completion));
    }
}
