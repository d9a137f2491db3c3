//! Servers with OpenAI's chat completions: text-generation-inference, LMI, vLLM, Nova. Answers and chunks are passed on
//! unchanged.

pub mod request;

use sluice_sdk::canonical::{RawValue, Text};
use sluice_sdk::{Failure, wire};

use crate::error;

sluice_sdk::wire! {
    /// The fields of an answer or a chunk that the adapter checks.
    Document {
        "choices" choices: Vec<Choice<'a>>,
        /// Present instead of the other fields if the request failed.
        "error" error: &'a RawValue,
        /// `error` if the document itself is an error.
        "object" object: Text<'a>,
    }

    Choice {
        "finish_reason" reason: Text<'a>,
    }
}

/// Checks a whole answer to a request for a stream.
///
/// # Errors
/// The document is an error, or not an answer.
pub fn answer(body: Vec<u8>) -> Result<Vec<u8>, Failure> {
    read(std::str::from_utf8(&body).map_err(Failure::malformed)?)?;
    Ok(body)
}

/// The choices of an answer or a chunk.
fn read(json: &str) -> Result<Vec<Choice<'_>>, Failure> {
    let document: Document = wire::read(json).map_err(Failure::malformed)?;
    let is_error = document.object.is_some_and(|object| object.escaped() == "error");
    match document.choices {
        _ if is_error || document.error.is_some() => Err(error::of_document(json)),
        Some(choices) => Ok(choices),
        None => Err(Failure::malformed("it has no `choices`")),
    }
}

/// The state of one streamed answer.
#[derive(Default)]
pub struct Stream {
    /// Whether a chunk had the finish reason; a chunk with the usage may follow.
    is_finished: bool,
    has_ended: bool,
}

impl Stream {
    pub fn has_ended(&self) -> bool {
        self.has_ended
    }

    pub fn is_finished(&self) -> bool {
        self.has_ended || self.is_finished
    }

    /// Passes on a chunk.
    ///
    /// # Errors
    /// The chunk is an error, or cannot be parsed.
    pub fn data(&mut self, data: &str, out: &mut Vec<u8>) -> Result<(), Failure> {
        if data == "[DONE]" {
            self.has_ended = true;
        } else {
            let choices = read(data)?;
            let says_why = |choice: &Choice| choice.reason.as_ref().is_some_and(|reason| !reason.is_empty());
            self.is_finished |= choices.iter().any(says_why);
        }
        out.extend_from_slice(b"data: ");
        out.extend_from_slice(data.as_bytes());
        out.extend_from_slice(b"\n\n");
        Ok(())
    }
}
