//! Servers that generate text in Hugging Face's form
//! (<https://huggingface.co/docs/text-generation-inference/reference/api_reference>): a prompt with parameters, and the
//! text that follows it.

pub mod answer;
mod fields;
mod prompt;
pub mod request;
mod stream;
mod template;
mod wire;

pub use stream::Stream;
