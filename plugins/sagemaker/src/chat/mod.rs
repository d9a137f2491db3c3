//! A server that speaks OpenAI's chat completions: text-generation-inference, LMI, vLLM, Nova. Answers and chunks are handed
//! on as they are.

pub mod request;

use sluice_sdk::canonical::{RawValue, Text};
use sluice_sdk::{Failure, wire};

use crate::error;

sluice_sdk::wire! {
    /// What is looked at of an answer or of a chunk.
    Document {
        "choices" choices: Vec<Choice<'a>>,
        /// In place of the others.
        "error" error: &'a RawValue,
        /// `error` where the document itself is one.
        "object" object: Text<'a>,
    }

    Choice {
        "finish_reason" reason: Text<'a>,
    }
}

/// An answer that was to be streamed and came whole.
///
/// # Errors
/// It is an error, or no answer.
pub fn answer(body: Vec<u8>) -> Result<Vec<u8>, Failure> {
    read(std::str::from_utf8(&body).map_err(Failure::malformed)?)?;
    Ok(body)
}

/// The choices of an answer or of a chunk.
fn read(json: &str) -> Result<Vec<Choice<'_>>, Failure> {
    let document: Document = wire::read(json).map_err(Failure::malformed)?;
    let is_error = document.object.is_some_and(|object| object.escaped() == "error");
    match document.choices {
        _ if is_error || document.error.is_some() => Err(error::of_document(json)),
        Some(choices) => Ok(choices),
        None => Err(Failure::malformed("it has no `choices`")),
    }
}

/// What is known of a stream so far.
#[derive(Default)]
pub struct Stream {
    /// A chunk said why the answer ended; one with the usage may follow it.
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

    /// Hands on the chunk.
    ///
    /// # Errors
    /// It is an error, or no chunk.
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
