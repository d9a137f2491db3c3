//! OpenAI's chat-completions JSON (<https://platform.openai.com/docs/api-reference/chat>), which is the form of every
//! request and answer inside the gateway: views that borrow from a document's bytes, and functions that write such
//! documents.
//!
//! Reading borrows and builds no tree: text stays escaped ([`Text`]), and numbers and values that adapters only copy
//! stay [`RawValue`]. Every object keeps unknown fields in `rest`, in their order, so that nothing a client sent is
//! lost by accident. Every known field is an `Option`: `null` and absent mean the same in this API, and the reader
//! decides which fields it requires.
//!
//! ```
//! use sluice_sdk::canonical::{Content, Request, Role};
//!
//! let body = r#"{"model":"m","messages":[{"role":"user","content":"one\ntwo"}],"top_k":5}"#;
//! let request = Request::parse(body.as_bytes()).unwrap();
//! let message = &request.messages.as_deref().unwrap_or_default()[0];
//! assert_eq!(message.role, Some(Role::User));
//! assert!(matches!(&message.content, Some(Content::Text(text)) if text.escaped() == r"one\ntwo"));
//! assert_eq!((&*request.rest[0].0, request.rest[0].1.get()), ("top_k", "5"));
//! ```

mod answer;
mod message;
mod request;
mod text;
mod view;
mod write;

pub use serde_json::value::RawValue;

pub use answer::{Answer, Choice, Chunk, ChunkChoice, Delta, FinishReason, TokenDetails, Usage};
pub use message::{Content, File, Function, ImageUrl, Message, Part, PartKind, Role, ToolCall};
pub use request::{
    FunctionTool, JsonSchema, ReasoningEffort, Request, ResponseFormat, ResponseKind, Stop, StreamOptions, Tool,
    ToolChoice,
};
pub use text::Text;
pub(crate) use view::Key;
pub use view::{Fields, Rest};
pub use write::{Chunks, List, Object, write_escaped, write_string};

#[cfg(test)]
mod tests;
