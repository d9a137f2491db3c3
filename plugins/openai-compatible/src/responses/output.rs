//! Sorts the items of an output by where they go in a message, and writes the fields of a message or a delta.

use sluice_sdk::Failure;
use sluice_sdk::canonical::{Fields, List, Object, RawValue, Text};

use super::wire::{Item, ItemKind, Part};

/// The items of an output, sorted by where they go.
#[derive(Default)]
pub struct Output<'a> {
    /// Parts of messages: refusals, and text with its annotations.
    parts: Vec<Part<'a>>,
    thoughts: Vec<Item<'a>>,
    calls: Vec<Item<'a>>,
    /// Items that chat completions have no field for, such as `web_search_call`.
    others: Vec<&'a RawValue>,
    phase: Option<Text<'a>>,
}

impl<'a> Output<'a> {
    /// Sorts the items. If the answer `is_structured`, only the first message is used, as in OpenAI's own libraries: a
    /// later one would be a second document.
    ///
    /// # Errors
    /// A call has no function name.
    pub fn sort(items: &[&'a RawValue], is_structured: bool) -> Result<Self, Failure> {
        let mut output = Self::default();
        let mut messages = 0;
        for raw in items {
            let item = Item::read(raw)?;
            match item.kind() {
                ItemKind::Message => {
                    messages += 1;
                    if messages == 1 || !is_structured {
                        output.parts.extend(item.parts());
                        output.phase = item.phase;
                    }
                }
                ItemKind::Reasoning => output.thoughts.push(item),
                ItemKind::Call if item.name.is_none() => return Err(nameless()),
                ItemKind::Call => output.calls.push(item),
                ItemKind::Other => output.others.push(raw),
                ItemKind::Nothing => {}
            }
        }
        Ok(output)
    }

    pub fn has_calls(&self) -> bool {
        !self.calls.is_empty()
    }

    /// Writes the log probabilities of all texts as a chat completion's `logprobs`.
    pub fn write_logprobs(&self, choice: &mut Object) {
        let mut all = self.parts.iter().filter_map(|part| part.logprobs.as_ref()).flatten();
        if let Some(first) = all.next() {
            write_logprobs(choice, std::iter::once(first).chain(all));
        }
    }

    /// Writes the fields of a message. `answer` is the answer's id. In a stream, calls have an `index`.
    pub fn write(&self, to: &mut Object, answer: &str, is_delta: bool) {
        self.write_content(to);
        self.write_refusal(to);
        self.write_annotations(to);
        self.write_thoughts(to);
        if !self.calls.is_empty() {
            let mut list = to.list("tool_calls");
            for (index, call) in self.calls.iter().enumerate() {
                let mut to = list.object();
                if is_delta {
                    to.number("index", index as u64);
                }
                write_call(&mut to, call, &call.call_id(answer, index), call.arguments().as_ref());
            }
        }
        if self.phase.is_some() || !self.others.is_empty() {
            let mut fields = to.object("provider_specific_fields");
            if let Some(phase) = &self.phase {
                fields.text("phase", phase);
            }
            if !self.others.is_empty() {
                let mut list = fields.list("output_items");
                for raw in &self.others {
                    list.json(raw.get());
                }
            }
        }
    }

    fn write_content(&self, to: &mut Object) {
        let mut texts = self.parts.iter().filter_map(|part| part.text.as_ref()).peekable();
        let is_refusal = self.parts.iter().any(|part| part.refusal.is_some());
        if texts.peek().is_none() && (self.has_calls() || is_refusal) {
            to.json("content", "null");
            return;
        }
        write_joined(to.field("content"), texts, "");
    }

    fn write_refusal(&self, to: &mut Object) {
        let mut refusals = self.parts.iter().filter_map(|part| part.refusal.as_ref()).peekable();
        if refusals.peek().is_some() {
            write_joined(to.field("refusal"), refusals, "");
        }
    }

    fn write_annotations(&self, to: &mut Object) {
        let annotations = |part: &Part| part.annotations.as_ref().is_some_and(|list| !list.is_empty());
        if !self.parts.iter().any(annotations) {
            return;
        }
        let mut list = to.list("annotations");
        let mut offset = 0;
        for part in &self.parts {
            for raw in part.annotations.iter().flatten() {
                write_annotation(&mut list, raw, offset);
            }
            offset += part.text.as_ref().map_or(0, characters);
        }
    }

    fn write_thoughts(&self, to: &mut Object) {
        if self.thoughts.is_empty() {
            return;
        }
        let contents: Vec<Part> = self.thoughts.iter().flat_map(Item::parts).collect();
        let summaries = self
            .thoughts
            .iter()
            .flat_map(|thought| thought.summary.iter().flatten());
        let mut texts = summaries
            .chain(&contents)
            .filter_map(|part| part.text.as_ref())
            .filter(|text| !text.is_empty())
            .peekable();
        if texts.peek().is_some() {
            write_joined(to.field("reasoning_content"), texts, BETWEEN_SUMMARIES);
        }
        let mut list = to.list("reasoning_items");
        for thought in &self.thoughts {
            write_reasoning_item(&mut list.object(), thought);
        }
    }
}

/// The text between the parts of a summary, as in LiteLLM.
pub const BETWEEN_SUMMARIES: &str = " ";

/// Escaped texts can be concatenated without decoding them.
pub fn write_joined<'a: 't, 't>(out: &mut Vec<u8>, texts: impl Iterator<Item = &'t Text<'a>>, between: &str) {
    out.push(b'"');
    for (index, text) in texts.enumerate() {
        if index > 0 {
            out.extend_from_slice(between.as_bytes());
        }
        out.extend_from_slice(text.escaped().as_bytes());
    }
    out.push(b'"');
}

/// Writes what the next turn must send back, in LiteLLM's form: an id, or the encrypted thoughts.
pub fn write_reasoning_item(to: &mut Object, item: &Item) {
    if let Some(id) = &item.id {
        to.text("id", id);
    }
    to.string("type", "reasoning");
    match item.encrypted_content {
        Some(sealed) => to.raw("encrypted_content", sealed),
        None => to.json("encrypted_content", "null"),
    };
    let mut summary = to.list("summary");
    for text in item.summary.iter().flatten().filter_map(|part| part.text.as_ref()) {
        summary.object().string("type", "summary_text").text("text", text);
    }
}

/// Writes the fields of a tool call. As in LiteLLM, calls of custom tools have the form of function calls, with their
/// input as the arguments.
pub fn write_call(to: &mut Object, call: &Item, id: &Text, arguments: Option<&Text>) {
    to.text("id", id).string("type", "function");
    {
        let mut function = to.object("function");
        if let Some(name) = &call.name {
            function.text("name", name);
        }
        match arguments {
            Some(arguments) => function.text("arguments", arguments),
            None => function.string("arguments", ""),
        };
    }
    if let Some(namespace) = &call.namespace {
        to.object("provider_specific_fields").text("namespace", namespace);
    }
}

/// The failure for a call without a function name.
pub fn nameless() -> Failure {
    Failure::malformed("a tool call without a name")
}

/// Writes the `logprobs` of a choice.
pub fn write_logprobs<'t>(choice: &mut Object, tokens: impl Iterator<Item = &'t &'t RawValue>) {
    let mut logprobs = choice.object("logprobs");
    {
        let mut list = logprobs.list("content");
        for token in tokens {
            list.json(token.get());
        }
    }
    logprobs.json("refusal", "null");
}

/// Writes an annotation. `offset` is the position in the content, in characters, at which the annotated text begins. In
/// chat completions, a URL citation is an object of its own
/// (<https://platform.openai.com/docs/api-reference/chat/object>).
pub fn write_annotation(list: &mut List, raw: &RawValue, offset: u64) {
    let Ok(annotation) = serde_json::from_str::<Fields>(raw.get()) else {
        list.json(raw.get());
        return;
    };
    let mut to = list.object();
    let is_url = annotation
        .get("type")
        .is_some_and(|kind| kind.get() == r#""url_citation""#);
    if !is_url || annotation.get("url_citation").is_some() {
        write_shifted(&mut to, &annotation, offset);
        return;
    }
    to.string("type", "url_citation");
    let Fields(fields) = annotation;
    let inner = fields.into_iter().filter(|(name, _)| name != "type").collect();
    write_shifted(&mut to.object("url_citation"), &Fields(inner), offset);
}

fn write_shifted(to: &mut Object, annotation: &Fields, offset: u64) {
    for (name, value) in &annotation.0 {
        let place = matches!(&**name, "start_index" | "end_index").then(|| value.get().parse::<u64>());
        match place {
            Some(Ok(place)) => to.number(name, place.saturating_add(offset)),
            _ => to.rest(&[(name.clone(), *value)]),
        };
    }
}

/// The number of characters of the text, the unit of positions in annotations.
pub fn characters(text: &Text) -> u64 {
    text.decoded().chars().count() as u64
}
