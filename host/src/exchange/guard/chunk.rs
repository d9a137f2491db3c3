//! One event of a stream, with the places of its text.

use bytes::{Bytes, BytesMut};

use crate::exchange::{Cause, Refusal};
use crate::json::{self, Kind, Span, Value, elements, find, member, members, text::quote};
use crate::sse;

/// Which text of a stream: each grows by itself, and each has a window of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    pub choice: u64,
    pub part: Part,
}

/// The parts of a choice that hold text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    Content,
    Reasoning,
    Refusal,
    /// `text` of a completion.
    Text,
    /// Arguments of the tool call with this index.
    Arguments(u64),
    /// The same as reasoning, block by block.
    Thinking,
}

/// One event.
pub struct Chunk {
    pub data: Bytes,
    /// Each text's place, and its span with the quotes.
    pub texts: Vec<(Place, Span)>,
    /// Choices that end with this event.
    pub ended: Vec<u64>,
    /// Something else is in it than text: a role, a tool's name, a reason.
    says_more: bool,
    names_a_tool: bool,
}

impl Chunk {
    pub fn read(data: Bytes) -> Self {
        let mut chunk = Self {
            data: data.clone(),
            texts: Vec::new(),
            ended: Vec::new(),
            says_more: false,
            names_a_tool: false,
        };
        let choices = find::root(&data).and_then(|root| member(&data, root.span, "choices"));
        let Some(choices) = choices else {
            return Self {
                says_more: true,
                ..chunk
            };
        };
        let mut is_empty = true;
        for choice in elements(&data, choices.span) {
            is_empty = false;
            chunk.read_choice(&data, choice);
        }
        chunk.says_more |= is_empty;
        // Replacing goes through the document in order.
        chunk.texts.sort_by_key(|(_, span)| span.start);
        chunk
    }

    fn read_choice(&mut self, data: &[u8], choice: Value) {
        let index = member(data, choice.span, "index")
            .and_then(|index| index.as_u64(data))
            .unwrap_or(0);
        for field in members(data, choice.span) {
            match field.name(data).as_deref() {
                Some("delta") => self.read_delta(data, index, field.value),
                Some("text") => self.add(index, Part::Text, field.value),
                Some("finish_reason") if field.value.kind == Kind::String => {
                    self.ended.push(index);
                    self.says_more = true;
                }
                _ => {}
            }
        }
    }

    fn read_delta(&mut self, data: &[u8], choice: u64, delta: Value) {
        for field in members(data, delta.span) {
            match field.name(data).as_deref() {
                Some("content") => self.add(choice, Part::Content, field.value),
                Some("reasoning_content") => self.add(choice, Part::Reasoning, field.value),
                Some("refusal") => self.add(choice, Part::Refusal, field.value),
                Some("tool_calls") => self.read_calls(data, choice, field.value),
                Some("thinking_blocks") => {
                    let blocks = elements(data, field.value.span);
                    let texts: Vec<Value> = blocks
                        .filter_map(|block| member(data, block.span, "thinking"))
                        .collect();
                    texts
                        .into_iter()
                        .for_each(|text| self.add(choice, Part::Thinking, text));
                    self.says_more = true;
                }
                _ => self.says_more = true,
            }
        }
    }

    fn read_calls(&mut self, data: &[u8], choice: u64, calls: Value) {
        for call in elements(data, calls.span) {
            let index = member(data, call.span, "index")
                .and_then(|index| index.as_u64(data))
                .unwrap_or(0);
            let function = member(data, call.span, "function");
            if let Some(arguments) = function.and_then(|function| member(data, function.span, "arguments")) {
                self.add(choice, Part::Arguments(index), arguments);
            }
            let function_names = function.is_some_and(|function| member(data, function.span, "name").is_some());
            self.names_a_tool |= function_names || member(data, call.span, "id").is_some();
            self.says_more |= self.names_a_tool;
        }
    }

    /// An empty text, or none, says nothing: `"content": ""` beside a role stays as it is.
    fn add(&mut self, choice: u64, part: Part, text: Value) {
        if text.kind == Kind::String && text.span.len() > 2 {
            self.texts.push((Place { choice, part }, text.span));
        }
    }

    /// Whether a tool call begins here.
    pub fn names_a_tool(&self) -> bool {
        self.names_a_tool
    }

    pub fn text(&self, span: Span) -> String {
        let quoted = span.of(&self.data);
        let inside = quoted.get(1..quoted.len().saturating_sub(1)).unwrap_or_default();
        json::text::unescape(inside).map_or_else(String::new, |text| text.into_owned())
    }

    /// The event with its text replaced; left out when it would say nothing.
    pub fn write<'t>(&self, text_of: impl Fn(Place) -> &'t str, out: &mut BytesMut) -> Result<(), Refusal> {
        if !self.says_more && self.texts.iter().all(|(place, _)| text_of(*place).is_empty()) {
            return Ok(());
        }
        let replacements: Vec<_> = self
            .texts
            .iter()
            .map(|(place, span)| (*span, quote(text_of(*place))))
            .collect();
        let replaced = json::replace(&self.data, &replacements).map_err(|error| {
            Refusal::new(Cause::Internal, "a guardrail's changes could not be applied").detail(error.to_string())
        })?;
        sse::write_data(out, &replaced.into_bytes());
        Ok(())
    }
}

/// An event with one text alone, in the company of another event of its stream: same id, model and time.
pub fn write_owed(company: &[u8], place: Place, text: &str, out: &mut BytesMut) {
    let mut event = b"{".to_vec();
    let root = find::root(company);
    for name in ["id", "object", "created", "model"] {
        if let Some(value) = root.and_then(|root| member(company, root.span, name)) {
            event.extend_from_slice(format!("\"{name}\":").as_bytes());
            event.extend_from_slice(value.raw(company));
            event.push(b',');
        }
    }
    let text = String::from_utf8(quote(text)).unwrap_or_default();
    let said = match place.part {
        Part::Content => format!(r#""delta":{{"content":{text}}}"#),
        Part::Reasoning => format!(r#""delta":{{"reasoning_content":{text}}}"#),
        Part::Refusal => format!(r#""delta":{{"refusal":{text}}}"#),
        Part::Text => format!(r#""text":{text}"#),
        Part::Arguments(call) => {
            format!(r#""delta":{{"tool_calls":[{{"index":{call},"function":{{"arguments":{text}}}}}]}}"#)
        }
        Part::Thinking => format!(r#""delta":{{"thinking_blocks":[{{"type":"thinking","thinking":{text}}}]}}"#),
    };
    let choice = place.choice;
    event.extend_from_slice(format!(r#""choices":[{{"index":{choice},{said},"finish_reason":null}}]}}"#).as_bytes());
    sse::write_data(out, &event);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(event: &'static str, text: &str) -> String {
        let mut out = BytesMut::new();
        Chunk::read(Bytes::from_static(event.as_bytes()))
            .write(|_| text, &mut out)
            .unwrap();
        String::from_utf8(out.to_vec()).unwrap()
    }

    #[test]
    fn an_event_that_says_nothing_is_left_out() {
        let event = r#"{"choices":[{"index":0,"delta":{"content":"hi"}}]}"#;
        assert_eq!(written(event, ""), "");
        assert_eq!(
            written(event, "HI"),
            "data: {\"choices\":[{\"index\":0,\"delta\":{\"content\":\"HI\"}}]}\n\n"
        );
    }

    #[test]
    fn text_is_found_wherever_a_stream_holds_it() {
        let event = r#"{"choices":[{"index":1,"delta":{"tool_calls":[{"index":2,"function":{"arguments":"a"}}],
            "reasoning_content":"b","refusal":"c","thinking_blocks":[{"thinking":"d"}]}},{"index":0,"text":"e"}]}"#;
        let chunk = Chunk::read(Bytes::from_static(event.as_bytes()));
        let places: Vec<(u64, Part)> = chunk
            .texts
            .iter()
            .map(|(place, _)| (place.choice, place.part))
            .collect();
        let expected = [
            (1, Part::Arguments(2)),
            (1, Part::Reasoning),
            (1, Part::Refusal),
            (1, Part::Thinking),
            (0, Part::Text),
        ];
        assert_eq!(places, expected);
    }

    #[test]
    fn what_is_owed_repeats_nothing_else() {
        let mut out = BytesMut::new();
        let company = br#"{"id":"x","model":"m","choices":[{"index":0,"delta":{"content":"hi","tool_calls":[{}]}}]}"#;
        write_owed(
            company,
            Place {
                choice: 0,
                part: Part::Content,
            },
            "rest",
            &mut out,
        );
        let expected =
            r#"data: {"id":"x","model":"m","choices":[{"index":0,"delta":{"content":"rest"},"finish_reason":null}]}"#;
        assert_eq!(out, format!("{expected}\n\n"));
    }
}
