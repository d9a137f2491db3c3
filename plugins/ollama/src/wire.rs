//! Ollama's answers and the lines of its streams, as views over their bytes
//! (<https://github.com/ollama/ollama/blob/main/docs/api.md>). A line of a stream has the form of a whole answer, and
//! `/api/chat` and `/api/generate` differ in where the text stands, so that one view reads all of them.

use sluice_sdk::canonical::{FinishReason, RawValue, Text};

sluice_sdk::wire! {
    /// A whole answer, or a line of a stream.
    Answer {
        "model" model: Text<'a>,
        /// Of `/api/chat`.
        "message" message: Message<'a>,
        /// Of `/api/generate`, as is the next one.
        "response" response: Text<'a>,
        "thinking" thinking: Text<'a>,
        "logprobs" logprobs: Vec<Logprob<'a>>,
        "done" done: &'a RawValue,
        "done_reason" done_reason: Text<'a>,
        "prompt_eval_count" prompt_eval_count: u64,
        "eval_count" eval_count: u64,
        /// In place of all the others.
        "error" error: &'a RawValue,
    }

    /// What the assistant says.
    Message {
        "content" content: Text<'a>,
        "thinking" thinking: Text<'a>,
        "tool_calls" tool_calls: Vec<ToolCall<'a>>,
    }

    /// A call, whole in one line also where the answer is streamed.
    ToolCall {
        /// Absent before Ollama 0.12.
        "id" id: Text<'a>,
        "function" function: Function<'a>,
    }

    Function {
        "name" name: Text<'a>,
        /// An object.
        "arguments" arguments: &'a RawValue,
    }

    /// How likely a token was, since Ollama 0.12.11.
    Logprob {
        "token" token: Text<'a>,
        "logprob" logprob: &'a RawValue,
        "bytes" bytes: &'a RawValue,
        "top_logprobs" top_logprobs: Vec<Logprob<'a>>,
    }
}

impl<'a> Answer<'a> {
    /// The text, wherever it stands.
    pub fn text(&self) -> Option<&Text<'a>> {
        let of_message = self.message.as_ref().and_then(|message| message.content.as_ref());
        of_message.or(self.response.as_ref())
    }

    /// What the model thought, if that came apart from the text.
    pub fn thoughts(&self) -> Option<&Text<'a>> {
        let of_message = self.message.as_ref().and_then(|message| message.thinking.as_ref());
        of_message.or(self.thinking.as_ref()).filter(|text| !text.is_empty())
    }

    pub fn calls(&self) -> &[ToolCall<'a>] {
        let calls = self.message.as_ref().and_then(|message| message.tool_calls.as_deref());
        calls.unwrap_or_default()
    }

    /// Whether the answer ends here: a reason says it too, since servers that imitate the API may leave `done` out.
    pub fn is_done(&self) -> bool {
        self.done.is_some_and(|done| done.get() == "true") || self.done_reason.is_some()
    }

    /// Why it ended, in OpenAI's words. Ollama says `stop` of calls too; `load` and `unload` follow requests that ask for
    /// no answer.
    pub fn finish_reason(&self, calls: bool) -> FinishReason<'static> {
        match self.done_reason.as_ref().map_or("", Text::escaped) {
            "length" => FinishReason::Length,
            _ if calls => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        }
    }
}
