//! The answers of servers, whole and streamed.

use sluice_sdk::canonical::{FinishReason, Object, RawValue, Text};
use sluice_sdk::{Failure, Fault, exchange, wire};

use crate::error;

sluice_sdk::wire! {
    /// A whole answer, or an event of a stream.
    Answer {
        /// The whole text; in a stream, only in the last event.
        "generated_text" text: Text<'a>,
        /// The same, from JumpStart's first Llama 2.
        "generation" generation: Text<'a>,
        /// In a stream.
        "token" token: Token<'a>,
        "details" details: Details<'a>,
        /// Present instead of the other fields if the request failed.
        "error" error: &'a RawValue,
    }

    Token {
        "text" text: Text<'a>,
        /// Whether the token is a control token and not text.
        "special" special: &'a RawValue,
        /// From LMI.
        "error_msg" error: Text<'a>,
    }

    Details {
        "finish_reason" reason: Text<'a>,
        "generated_tokens" generated: u64,
        /// Tokens of the prompt, if the server counts them.
        "input_length" input: u64,
    }
}

/// Parses an answer, which some servers put into a list.
///
/// # Errors
/// The document is not JSON, or is an error.
pub fn read(json: &str) -> Result<Answer<'_>, Failure> {
    let document = match json.starts_with('[') {
        true => {
            let items: Vec<&RawValue> = serde_json::from_str(json).map_err(Failure::malformed)?;
            items
                .first()
                .ok_or_else(|| Failure::malformed("it is an empty list"))?
                .get()
        }
        false => json,
    };
    let answer: Answer = wire::read(document).map_err(Failure::malformed)?;
    let message = answer.token.as_ref().and_then(|token| token.error.as_ref());
    match message.filter(|message| !message.is_blank()) {
        _ if answer.error.is_some() => Err(error::of_document(document)),
        Some(message) => Err(Failure::new(Fault::UpstreamError, message.decoded().into_owned())),
        None => Ok(answer),
    }
}

impl<'a> Answer<'a> {
    /// The whole text, from either field.
    pub fn whole_text(&self) -> Option<&Text<'a>> {
        self.text.as_ref().or(self.generation.as_ref())
    }

    /// The finish reason, if the server sent one.
    pub fn said_reason(&self) -> Option<&Text<'a>> {
        let reason = self.details.as_ref()?.reason.as_ref()?;
        Some(reason).filter(|reason| !reason.is_empty())
    }

    /// OpenAI's finish reason.
    ///
    /// # Errors
    /// The answer did not end, because the server failed.
    pub fn finish_reason(&self) -> Result<FinishReason<'static>, Failure> {
        match self.said_reason().map(Text::escaped) {
            Some("length") => Ok(FinishReason::Length),
            Some("content_filter") => Ok(FinishReason::ContentFilter),
            Some("error") => Err(Failure::new(
                Fault::UpstreamError,
                "the model's server ended the answer with an error",
            )),
            // `eos_token`, `stop_sequence`, or a server that sends no reason.
            _ => Ok(FinishReason::Stop),
        }
    }

    /// The token counts; `None` if the answer's tokens were not counted, and the gateway estimates all. The tokens of
    /// the prompt are estimated here if the server did not count them, as most do not.
    pub fn usage(&self) -> Option<Usage> {
        let details = self.details.as_ref()?;
        Some(Usage {
            completion: details.generated?,
            prompt: details.input.unwrap_or_else(|| exchange::prompt_tokens().into()),
        })
    }
}

impl<'a> Token<'a> {
    /// The text that the token adds to the answer.
    pub fn added(&self) -> Option<&Text<'a>> {
        let is_special = self.special.is_some_and(|special| special.get() == "true");
        let text = self.text.as_ref()?;
        Some(text).filter(|text| !is_special && !text.is_empty() && !ends_text(text))
    }

    /// Whether the token ends the answer.
    pub fn is_last(&self) -> bool {
        self.text.as_ref().is_some_and(ends_text)
    }
}

/// The text of the last token, from servers that mark no token as special.
fn ends_text(text: &Text) -> bool {
    text.escaped() == "<|endoftext|>"
}

/// The token counts of an answer.
#[derive(Clone, Copy)]
pub struct Usage {
    prompt: u64,
    completion: u64,
}

impl Usage {
    /// Writes the fields of OpenAI's `usage`.
    pub fn write(self, usage: &mut Object) {
        usage
            .number("prompt_tokens", self.prompt)
            .number("completion_tokens", self.completion)
            .number("total_tokens", self.prompt.saturating_add(self.completion));
    }
}
