//! Translates Tern's answers to chat completions, whole and streamed. `wire!` reads each document leniently: a field
//! that is missing, `null` or of another type is `None`, and only text that is not JSON is an error.

use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{Chunks, FinishReason, List, Object, RawValue, Text};
use sluice_sdk::{Failure, wire};

use crate::error::{self, Trouble};

sluice_sdk::wire! {
    /// A whole answer. Each event of a stream is an object of the same form with some of the fields.
    Talk {
        "id" id: Text<'a>,
        "say" say: Text<'a>,
        "use" calls: Vec<Call<'a>>,
        "end" end: Text<'a>,
        "spent" spent: Spent<'a>,
        "fault" fault: Trouble<'a>,
    }

    Call {
        "id" id: Text<'a>,
        "tool" tool: Text<'a>,
        "with" with: &'a RawValue,
    }

    /// Token counts.
    Spent {
        "in" prompt: u64,
        "out" answer: u64,
    }
}

fn read(body: &[u8]) -> Result<Talk<'_>, Failure> {
    let text = std::str::from_utf8(body).map_err(Failure::malformed)?;
    let talk: Talk = wire::read(text).map_err(Failure::malformed)?;
    match &talk.fault {
        Some(trouble) => Err(error::of_trouble(trouble)),
        None => Ok(talk),
    }
}

/// Translates a whole answer.
///
/// # Errors
/// The body is not an answer of Tern's, or it reports a failure.
pub fn translate(body: &[u8], origin: &Origin) -> Result<Vec<u8>, Failure> {
    let talk = read(body)?;
    let Some(end) = &talk.end else {
        return Err(Failure::malformed("it does not say why it ended"));
    };
    let mut out = Vec::with_capacity(body.len() + 512);
    let mut to = Object::begin(&mut out);
    to.text("id", &origin.id(talk.id.as_ref()))
        .string("object", "chat.completion")
        .number("created", origin.created())
        .text("model", &origin.model(None));
    {
        let mut choices = to.list("choices");
        let mut choice = choices.object();
        choice.number("index", 0);
        {
            let mut message = choice.object("message");
            message.string("role", "assistant");
            match &talk.say {
                Some(say) => message.text("content", say),
                None => message.json("content", "null"),
            };
            write_calls(&mut message, &talk, None)?;
        }
        choice.string("finish_reason", finish_reason(end).as_str());
    }
    if let Some(spent) = &talk.spent {
        write_usage(&mut to.object("usage"), spent);
    }
    drop(to);
    Ok(out)
}

/// The state of one streamed answer.
#[derive(Default)]
pub struct Stream {
    chunks: Option<Chunks>,
    /// Number of tool calls so far, which is the index of the next one.
    calls: u64,
    has_ended: bool,
}

impl Stream {
    /// Called when the upstream's stream has ended.
    ///
    /// # Errors
    /// The stream ended before an event with `end`.
    pub fn finish(&self) -> Result<Vec<u8>, Failure> {
        if self.has_ended {
            Ok(Vec::new())
        } else {
            Err(Failure::malformed("the stream broke off before its `end`"))
        }
    }

    /// Appends the chunks for one event.
    ///
    /// # Errors
    /// The event reports a failure, or is not an event of Tern's.
    pub fn event(&mut self, data: &[u8], origin: &Origin, out: &mut Vec<u8>) -> Result<(), Failure> {
        let talk = read(data)?;
        let is_first = self.chunks.is_none();
        let chunks = self
            .chunks
            .get_or_insert_with(|| Chunks::new(&origin.id(talk.id.as_ref()), origin.created(), &origin.model(None)));
        if is_first {
            chunks.delta(out, |delta| {
                delta.string("role", "assistant");
            });
        }
        if let Some(say) = talk.say.as_ref().filter(|say| !say.is_empty()) {
            chunks.delta(out, |delta| {
                delta.text("content", say);
            });
        }
        let calls = talk.calls.as_ref().map_or(0, Vec::len);
        if calls > 0 {
            let mut written = Ok(());
            chunks.delta(out, |delta| written = write_calls(delta, &talk, Some(self.calls)));
            written?;
            self.calls += calls as u64;
        }
        if let Some(end) = &talk.end {
            chunks.finish(out, &finish_reason(end), |_| {});
            if let Some(spent) = &talk.spent {
                chunks.usage(out, |usage| write_usage(usage, spent));
            }
            chunks.done(out);
            self.has_ended = true;
        }
        Ok(())
    }
}

/// Writes `tool_calls`. `first` is the index of the first call; whole answers have no indexes.
fn write_calls(to: &mut Object, talk: &Talk, first: Option<u64>) -> Result<(), Failure> {
    let calls = talk.calls.as_deref().unwrap_or_default();
    if calls.is_empty() {
        return Ok(());
    }
    let mut list: List = to.list("tool_calls");
    for (number, call) in calls.iter().enumerate() {
        let (Some(id), Some(tool)) = (&call.id, &call.tool) else {
            return Err(Failure::malformed("a call has no id or no tool"));
        };
        let mut to = list.object();
        if let Some(first) = first {
            to.number("index", first + number as u64);
        }
        to.text("id", id).string("type", "function");
        let arguments = call.with.map_or("{}", RawValue::get);
        to.object("function").text("name", tool).string("arguments", arguments);
    }
    Ok(())
}

fn write_usage(usage: &mut Object, spent: &Spent) {
    let (prompt, answer) = (spent.prompt.unwrap_or(0), spent.answer.unwrap_or(0));
    usage
        .number("prompt_tokens", prompt)
        .number("completion_tokens", answer)
        .number("total_tokens", prompt.saturating_add(answer));
}

fn finish_reason(end: &Text) -> FinishReason<'static> {
    match end.escaped() {
        "limit" => FinishReason::Length,
        "tools" => FinishReason::ToolCalls,
        "withheld" => FinishReason::ContentFilter,
        _ => FinishReason::Stop,
    }
}
