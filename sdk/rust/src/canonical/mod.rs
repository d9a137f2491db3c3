//! OpenAI's chat-completions JSON, the form that every exchange has inside the gateway
//! (<https://platform.openai.com/docs/api-reference/chat>), as views over the document's own bytes, and what it takes
//! to write such documents.
//!
//! Reading borrows: text stays escaped where it stands ([`Text`]), numbers and whatever an adapter only hands on stay
//! [`RawValue`], and no tree is built. Every object keeps the fields it does not know in `rest`, in their order, so that
//! nothing a client said is lost by accident. Every known field is an `Option`: `null` and absent mean the same in this
//! API, and which ones are needed is for the reader to say.
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
