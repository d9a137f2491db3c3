//! The answer of a chat completion, whole and in chunks.

use serde_json::value::RawValue;

use super::message::{Message, Role, ToolCall};
use super::text::Text;
use super::view::{deserialize_object, view, words};

view! {
    /// A whole answer.
    Answer {
        /// The provider's id.
        "id" id: Text<'a>,
        /// Unix seconds.
        "created" created: u64,
        /// Who answered.
        "model" model: Text<'a>,
        /// One unless the client asked for more.
        "choices" choices: Vec<Choice<'a>>,
        /// What it cost in tokens.
        "usage" usage: Usage<'a>,
    }
}

view! {
    /// One answer among the choices.
    Choice {
        /// Counts from 0.
        "index" index: u32,
        /// What was answered.
        "message" message: Message<'a>,
        /// Why it ended.
        "finish_reason" finish_reason: FinishReason<'a>,
    }
}

view! {
    /// A piece of an answer.
    Chunk {
        /// The same in all chunks of a stream.
        "id" id: Text<'a>,
        /// Unix seconds.
        "created" created: u64,
        /// Who answers.
        "model" model: Text<'a>,
        /// None in the chunk that says the usage.
        "choices" choices: Vec<ChunkChoice<'a>>,
        /// What it cost in tokens; in one of the last chunks.
        "usage" usage: Usage<'a>,
    }
}

view! {
    /// A piece of one answer among the choices.
    ChunkChoice {
        /// Counts from 0.
        "index" index: u32,
        /// What is new.
        "delta" delta: Delta<'a>,
        /// Why it ended; in its last chunk.
        "finish_reason" finish_reason: FinishReason<'a>,
    }
}

view! {
    /// What is new in a chunk.
    Delta {
        /// In the first chunk.
        "role" role: Role<'a>,
        /// Text that follows.
        "content" content: Text<'a>,
        /// Reasoning that follows.
        "reasoning_content" reasoning_content: Text<'a>,
        /// Calls that begin or go on.
        "tool_calls" tool_calls: Vec<ToolCall<'a>>,
    }
}

words! {
    /// Why an answer ended.
    FinishReason {
        /// By itself, or at a stop sequence.
        "stop" Stop,
        /// At a limit of tokens.
        "length" Length,
        /// It wants tools called.
        "tool_calls" ToolCalls,
        /// It was withheld.
        "content_filter" ContentFilter,
        /// It wants a function called, in the API's older form.
        "function_call" FunctionCall,
    }
}

view! {
    /// Counted tokens.
    Usage {
        /// All of the prompt, cached or not.
        "prompt_tokens" prompt_tokens: u64,
        /// All of the answer, reasoning included.
        "completion_tokens" completion_tokens: u64,
        /// Both.
        "total_tokens" total_tokens: u64,
        /// What the prompt was made of.
        "prompt_tokens_details" prompt_tokens_details: TokenDetails<'a>,
        /// What the answer was made of.
        "completion_tokens_details" completion_tokens_details: TokenDetails<'a>,
    }
}

view! {
    /// Parts of a count.
    TokenDetails {
        /// Read from the provider's cache.
        "cached_tokens" cached_tokens: u64,
        /// Written to the provider's cache.
        "cache_creation_tokens" cache_creation_tokens: u64,
        /// Spent on reasoning.
        "reasoning_tokens" reasoning_tokens: u64,
        /// The provider's further split of what was written.
        "cache_creation_token_details" cache_creation_token_details: &'a RawValue,
    }
}

deserialize_object!(Answer Choice Chunk ChunkChoice Delta Usage TokenDetails);
