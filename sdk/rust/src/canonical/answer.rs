//! The answer of a chat completion, whole and in chunks.

use serde_json::value::RawValue;

use super::message::{Message, Role, ToolCall};
use super::text::Text;
use super::view::{deserialize_object, view, words};

view! {
    /// A whole answer.
    Answer {
        /// The id that the provider gave it.
        "id" id: Text<'a>,
        /// Creation time in Unix seconds.
        "created" created: u64,
        /// The model that answered.
        "model" model: Text<'a>,
        /// The alternatives: one unless the client asked for more.
        "choices" choices: Vec<Choice<'a>>,
        /// Token counts.
        "usage" usage: Usage<'a>,
    }
}

view! {
    /// One of the alternative answers.
    Choice {
        /// Position among the choices, from 0.
        "index" index: u32,
        /// The answer itself.
        "message" message: Message<'a>,
        /// Why the answer ended.
        "finish_reason" finish_reason: FinishReason<'a>,
    }
}

view! {
    /// One chunk of a streamed answer.
    Chunk {
        /// The same in all chunks of a stream.
        "id" id: Text<'a>,
        /// Creation time in Unix seconds.
        "created" created: u64,
        /// The model that answers.
        "model" model: Text<'a>,
        /// Empty in the chunk that has the usage.
        "choices" choices: Vec<ChunkChoice<'a>>,
        /// Token counts, in one of the last chunks.
        "usage" usage: Usage<'a>,
    }
}

view! {
    /// One chunk of one of the alternative answers.
    ChunkChoice {
        /// Position among the choices, from 0.
        "index" index: u32,
        /// What this chunk adds to the message.
        "delta" delta: Delta<'a>,
        /// Why the answer ended; in its last chunk.
        "finish_reason" finish_reason: FinishReason<'a>,
    }
}

view! {
    /// What a chunk adds to a message.
    Delta {
        /// Only in the first chunk.
        "role" role: Role<'a>,
        /// The next piece of the text.
        "content" content: Text<'a>,
        /// The next piece of the reasoning.
        "reasoning_content" reasoning_content: Text<'a>,
        /// Tool calls that begin, or further pieces of their arguments.
        "tool_calls" tool_calls: Vec<ToolCall<'a>>,
    }
}

words! {
    /// Why an answer ended.
    FinishReason {
        /// The answer was complete, or reached a stop sequence.
        "stop" Stop,
        /// The answer reached a token limit.
        "length" Length,
        /// The model called tools.
        "tool_calls" ToolCalls,
        /// A content filter withheld the answer, or a part of it.
        "content_filter" ContentFilter,
        /// The model called a function, in the API's older form.
        "function_call" FunctionCall,
    }
}

view! {
    /// Token counts.
    Usage {
        /// All tokens of the prompt, cached ones included.
        "prompt_tokens" prompt_tokens: u64,
        /// All tokens of the answer, reasoning included.
        "completion_tokens" completion_tokens: u64,
        /// The sum of both.
        "total_tokens" total_tokens: u64,
        /// The prompt's tokens by kind.
        "prompt_tokens_details" prompt_tokens_details: TokenDetails<'a>,
        /// The answer's tokens by kind.
        "completion_tokens_details" completion_tokens_details: TokenDetails<'a>,
    }
}

view! {
    /// Token counts by kind.
    TokenDetails {
        /// Tokens read from the provider's cache.
        "cached_tokens" cached_tokens: u64,
        /// Tokens written to the provider's cache.
        "cache_creation_tokens" cache_creation_tokens: u64,
        /// Tokens spent on reasoning.
        "reasoning_tokens" reasoning_tokens: u64,
        /// The provider's own detail of the tokens written to its cache.
        "cache_creation_token_details" cache_creation_token_details: &'a RawValue,
    }
}

deserialize_object!(Answer Choice Chunk ChunkChoice Delta Usage TokenDetails);
