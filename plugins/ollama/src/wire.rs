//! Ollama's answers and the lines of its streams, as views over their bytes
//! (<https://github.com/ollama/ollama/blob/main/docs/api.md>). A line of a stream has the form of a whole answer. The
//! answers of `/api/chat` and `/api/generate` differ only in the field with the text, so one view reads both.

use sluice_sdk::canonical::{FinishReason, RawValue, Text};

sluice_sdk::wire! {
    /// A whole answer, or a line of a stream.
    Answer {
        "model" model: Text<'a>,
        /// For `/api/chat`.
        "message" message: Message<'a>,
        /// For `/api/generate`, as is the next field.
        "response" response: Text<'a>,
        "thinking" thinking: Text<'a>,
        "logprobs" logprobs: Vec<Logprob<'a>>,
        "done" done: &'a RawValue,
        "done_reason" done_reason: Text<'a>,
        "prompt_eval_count" prompt_eval_count: u64,
        "eval_count" eval_count: u64,
        /// Present instead of all other fields if the request failed.
        "error" error: &'a RawValue,
    }

    /// The assistant's message.
    Message {
        "content" content: Text<'a>,
        "thinking" thinking: Text<'a>,
        "tool_calls" tool_calls: Vec<ToolCall<'a>>,
    }

    /// A call. It comes in a single line, even if the answer is streamed.
    ToolCall {
        /// Absent before Ollama 0.12.
        "id" id: Text<'a>,
        "function" function: Function<'a>,
    }

    Function {
        "name" name: Text<'a>,
        /// A JSON object.
        "arguments" arguments: &'a RawValue,
    }

    /// The log probability of a token; since Ollama 0.12.11.
    Logprob {
        "token" token: Text<'a>,
        "logprob" logprob: &'a RawValue,
        "bytes" bytes: &'a RawValue,
        "top_logprobs" top_logprobs: Vec<Logprob<'a>>,
    }
}

impl<'a> Answer<'a> {
    /// The text, from either field.
    pub fn text(&self) -> Option<&Text<'a>> {
        let of_message = self.message.as_ref().and_then(|message| message.content.as_ref());
        of_message.or(self.response.as_ref())
    }

    /// The thoughts, if they came in a field of their own.
    pub fn thoughts(&self) -> Option<&Text<'a>> {
        let of_message = self.message.as_ref().and_then(|message| message.thinking.as_ref());
        of_message.or(self.thinking.as_ref()).filter(|text| !text.is_empty())
    }

    pub fn calls(&self) -> &[ToolCall<'a>] {
        let calls = self.message.as_ref().and_then(|message| message.tool_calls.as_deref());
        calls.unwrap_or_default()
    }

    /// Whether the answer ends here. A finish reason shows it too, since servers that imitate the API may leave `done`
    /// out.
    pub fn is_done(&self) -> bool {
        self.done.is_some_and(|done| done.get() == "true") || self.done_reason.is_some()
    }

    /// OpenAI's finish reason. Ollama says `stop` for calls too; `load` and `unload` follow requests that ask for no
    /// answer.
    pub fn finish_reason(&self, calls: bool) -> FinishReason<'static> {
        match self.done_reason.as_ref().map_or("", Text::escaped) {
            "length" => FinishReason::Length,
            _ if calls => FinishReason::ToolCalls,
            _ => FinishReason::Stop,
        }
    }
}
