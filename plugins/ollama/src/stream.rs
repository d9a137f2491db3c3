//! Translates a streamed answer, line by line. A line has the next piece of the text or of the thoughts, or whole
//! calls; the last one has the finish reason and the token counts.

use sluice_sdk::Failure;
use sluice_sdk::adapter::Origin;
use sluice_sdk::canonical::{Chunks, Object, Text};

use crate::answer::{Form, call_id, id, name, read, write_call};
use crate::logprobs;
use crate::tags::{Pieces, Tags};
use crate::usage::Usage;
use crate::wire::{Answer, Logprob};

/// The state of one streamed answer.
pub struct Stream {
    form: Form,
    /// Set by the first line.
    begun: Option<Begun>,
    tags: Tags,
    /// Whether a chunk with the role was written.
    spoke: bool,
    /// Number of tool calls so far, which is the index of the next one.
    calls: usize,
    /// For text completions: the position of the next token in the text, in characters.
    offset: u64,
    ended: bool,
}

struct Begun {
    id: Text<'static>,
    chunks: Chunks,
}

impl Stream {
    pub fn new(form: Form) -> Self {
        Self {
            form,
            begun: None,
            tags: Tags::default(),
            spoke: false,
            calls: 0,
            offset: 0,
            ended: false,
        }
    }

    /// Called when the upstream's stream has ended; fails if the answer has not.
    pub fn finish(&self) -> Result<Vec<u8>, Failure> {
        if self.ended {
            Ok(Vec::new())
        } else {
            Err(Failure::malformed(
                "the stream broke off before a line that says `done`",
            ))
        }
    }

    /// Appends the chunks for one line; none after the answer has ended.
    ///
    /// # Errors
    /// The line is an error, or not an answer.
    pub fn line(&mut self, line: &[u8], origin: &Origin, out: &mut Vec<u8>) -> Result<(), Failure> {
        if self.ended {
            return Ok(());
        }
        let answer = read(line)?;
        let begun = self.begun.take().unwrap_or_else(|| begin(self.form, &answer, origin));
        let written = match self.form {
            Form::Chat => self.chat(&begun, &answer, out),
            Form::Completion => {
                self.completion(&begun.chunks, &answer, out);
                Ok(())
            }
        };
        self.begun = Some(begun);
        written
    }

    fn chat(&mut self, begun: &Begun, answer: &Answer, out: &mut Vec<u8>) -> Result<(), Failure> {
        let chunks = &begun.chunks;
        let tokens = answer.logprobs.as_deref();
        if let Some(thoughts) = answer.thoughts() {
            let held = self.tags.finish();
            self.pieces(chunks, &held, None, out);
            let pieces = Pieces {
                thoughts: Some(thoughts.clone()),
                text: None,
            };
            self.pieces(chunks, &pieces, tokens, out);
        }
        let pieces = answer.text().map(|text| self.tags.take(text)).unwrap_or_default();
        let tokens = tokens.filter(|_| answer.thoughts().is_none());
        self.pieces(chunks, &pieces, tokens, out);
        self.calls(begun, answer, out)?;
        if answer.is_done() {
            let held = self.tags.finish();
            self.pieces(chunks, &held, None, out);
            let speaks = self.speaks();
            chunks.finish(out, &answer.finish_reason(self.calls > 0), |delta| {
                write_role(delta, speaks)
            });
            self.end(chunks, answer, out);
        }
        Ok(())
    }

    /// Whether the current chunk is the first one, which has the role.
    fn speaks(&mut self) -> bool {
        !std::mem::replace(&mut self.spoke, true)
    }

    /// Writes one chunk, unless it would be empty.
    fn pieces(&mut self, chunks: &Chunks, pieces: &Pieces, tokens: Option<&[Logprob]>, out: &mut Vec<u8>) {
        let tokens = tokens.filter(|tokens| !tokens.is_empty());
        if pieces.thoughts.is_none() && pieces.text.is_none() && tokens.is_none() {
            return;
        }
        let speaks = self.speaks();
        let delta = |delta: &mut Object| {
            write_role(delta, speaks);
            if let Some(thoughts) = &pieces.thoughts {
                delta.text("reasoning_content", thoughts);
            }
            if let Some(text) = &pieces.text {
                delta.text("content", text);
            }
        };
        chunks.choice(out, delta, None, |choice| logprobs::write_of_chat(choice, tokens));
    }

    fn calls(&mut self, begun: &Begun, answer: &Answer, out: &mut Vec<u8>) -> Result<(), Failure> {
        if answer.calls().is_empty() {
            return Ok(());
        }
        let names = answer.calls().iter().map(name).collect::<Result<Vec<_>, _>>()?;
        let speaks = self.speaks();
        begun.chunks.delta(out, |delta| {
            write_role(delta, speaks);
            let mut list = delta.list("tool_calls");
            for (call, name) in answer.calls().iter().zip(names) {
                let mut to = list.object();
                to.number("index", self.calls as u64);
                write_call(&mut to, call, name, &call_id(call, &begun.id, self.calls));
                self.calls += 1;
            }
        });
        Ok(())
    }

    fn completion(&mut self, chunks: &Chunks, answer: &Answer, out: &mut Vec<u8>) {
        let (text, thoughts) = (answer.text().filter(|text| !text.is_empty()), answer.thoughts());
        let has_tokens = answer.logprobs.as_ref().is_some_and(|tokens| !tokens.is_empty());
        let reason = answer.is_done().then(|| answer.finish_reason(false));
        if text.is_none() && thoughts.is_none() && !has_tokens && reason.is_none() {
            return;
        }
        let nothing = Text::from_decoded("");
        chunks.text(out, text.unwrap_or(&nothing), reason.as_ref(), |choice| {
            if let Some(thoughts) = thoughts {
                choice.text("reasoning_content", thoughts);
            }
            logprobs::write_of_completion(choice, answer.logprobs.as_deref(), &mut self.offset);
        });
        if answer.is_done() {
            self.end(chunks, answer, out);
        }
    }

    fn end(&mut self, chunks: &Chunks, answer: &Answer, out: &mut Vec<u8>) {
        if let Some(usage) = Usage::of(answer) {
            chunks.usage(out, |to| usage.write(to));
        }
        chunks.done(out);
        self.ended = true;
    }
}

fn begin(form: Form, answer: &Answer, origin: &Origin) -> Begun {
    let id = id(form, origin);
    let model = origin.model(answer.model.as_ref());
    let chunks = match form {
        Form::Chat => Chunks::new(&id, origin.created(), &model),
        Form::Completion => Chunks::of_completion(&id, origin.created(), &model),
    };
    Begun { id, chunks }
}

fn write_role(delta: &mut Object, speaks: bool) {
    if speaks {
        delta.string("role", "assistant");
    }
}
