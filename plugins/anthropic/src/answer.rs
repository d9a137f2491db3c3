//! A whole answer: blocks of content become one message.

use serde_json::value::RawValue;
use sluice_sdk::Failure;
use sluice_sdk::canonical::{FinishReason, List, Object, Text, write_escaped, write_string};

use crate::error::{malformed, of_detail};
use crate::request::JSON_TOOL;
use crate::usage::Usage;
use crate::wire::{Block, Message, Refused, finish_reason, provider_field, write_refusal};

/// What an answer's brackets and names need beside what is copied from the provider's.
const ENVELOPE_BYTES: usize = 640;

/// Makes the canonical answer. With `json_tool`, what was put into that tool is the content.
pub fn translate(body: &[u8], json_tool: bool, created: u64) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(body).map_err(malformed)?;
    if let Ok(refused) = serde_json::from_str::<Refused>(text) {
        return Err(of_detail(&refused.error));
    }
    let message: Message = serde_json::from_str(text).map_err(malformed)?;
    let blocks = Blocks::sort(&message, json_tool)?;
    let mut out = Vec::with_capacity(body.len() + body.len() / 4 + ENVELOPE_BYTES);
    write(&mut out, &message, &blocks, created);
    Ok(out)
}

/// An answer's blocks by where they go.
#[derive(Default)]
struct Blocks<'a> {
    text: Vec<Text<'a>>,
    thinking: Vec<Block<'a>>,
    calls: Vec<Block<'a>>,
    /// Inputs of the tool that stands for `response_format`.
    json: Vec<&'a RawValue>,
    /// One list a text block that cites.
    citations: Vec<Vec<&'a RawValue>>,
    /// Blocks only Anthropic has, under their names.
    provider: Vec<(&'static str, &'a RawValue)>,
}

impl<'a> Blocks<'a> {
    fn sort(message: &Message<'a>, json_tool: bool) -> Result<Self, Failure> {
        let mut blocks = Self::default();
        for raw in &message.content {
            let block: Block = serde_json::from_str(raw.get()).map_err(malformed)?;
            match block.kind.escaped() {
                "text" => {
                    blocks
                        .citations
                        .extend(block.citations.filter(|citations| !citations.is_empty()));
                    blocks.text.extend(block.text);
                }
                "thinking" | "redacted_thinking" => blocks.thinking.push(block),
                "tool_use" if json_tool && block.name.as_ref().is_some_and(|name| *name == *JSON_TOOL) => {
                    blocks.json.extend(block.input);
                }
                "tool_use" => blocks.calls.push(block),
                kind => blocks.provider.extend(provider_field(kind).map(|name| (name, *raw))),
            }
        }
        Ok(blocks)
    }
}

fn write(out: &mut Vec<u8>, message: &Message, blocks: &Blocks, created: u64) {
    let mut answer = Object::begin(out);
    answer
        .text("id", &message.id)
        .string("object", "chat.completion")
        .number("created", created);
    answer.text("model", &message.model).json("system_fingerprint", "null");
    {
        let mut choices = answer.list("choices");
        let mut choice = choices.object();
        choice.number("index", 0);
        write_message(&mut choice.object("message"), message, blocks);
        choice.string("finish_reason", reason(message, blocks).as_str());
    }
    let mut usage = Usage::default();
    if let Some(counts) = &message.usage {
        usage.update(counts);
    }
    usage.write(&mut answer.object("usage"));
}

fn reason(message: &Message, blocks: &Blocks) -> FinishReason<'static> {
    match message
        .stop_reason
        .as_ref()
        .map_or(FinishReason::Stop, |reason| finish_reason(reason.escaped()))
    {
        // The only tool called is ours, which the client does not know.
        FinishReason::ToolCalls if blocks.calls.is_empty() && !blocks.json.is_empty() => FinishReason::Stop,
        reason => reason,
    }
}

fn write_message(to: &mut Object, message: &Message, blocks: &Blocks) {
    to.string("role", "assistant");
    write_content(to, blocks);
    write_refusal(to, message.stop_details);
    if !blocks.thinking.is_empty() {
        write_thinking(to, &blocks.thinking);
    }
    if !blocks.calls.is_empty() {
        let mut calls = to.list("tool_calls");
        for call in &blocks.calls {
            write_call(&mut calls.object(), call);
        }
    }
    write_provider_fields(to, message, blocks);
}

/// Escaped text put after escaped text is escaped text: nothing is decoded.
fn write_content(to: &mut Object, blocks: &Blocks) {
    if blocks.json.is_empty() && blocks.text.iter().all(Text::is_empty) {
        to.json("content", "null");
        return;
    }
    let out = to.field("content");
    out.push(b'"');
    for text in &blocks.text {
        out.extend_from_slice(text.escaped().as_bytes());
    }
    for json in &blocks.json {
        write_escaped(out, json.get());
    }
    out.push(b'"');
}

fn write_thinking(to: &mut Object, blocks: &[Block]) {
    let out = to.field("reasoning_content");
    out.push(b'"');
    for thinking in blocks.iter().filter_map(|block| block.thinking.as_ref()) {
        out.extend_from_slice(thinking.escaped().as_bytes());
    }
    out.push(b'"');
    let mut list = to.list("thinking_blocks");
    for block in blocks {
        write_thinking_block(&mut list, block);
    }
}

/// As it must come back in the next turn: signed, or sealed.
pub fn write_thinking_block(list: &mut List, block: &Block) {
    let mut to = list.object();
    to.text("type", &block.kind);
    for (name, text) in [
        ("thinking", &block.thinking),
        ("signature", &block.signature),
        ("data", &block.data),
    ] {
        if let Some(text) = text {
            to.text(name, text);
        }
    }
}

fn write_call(to: &mut Object, call: &Block) {
    if let Some(id) = &call.id {
        to.text("id", id);
    }
    to.string("type", "function");
    let mut function = to.object("function");
    if let Some(name) = &call.name {
        function.text("name", name);
    }
    write_string(function.field("arguments"), call.input.map_or("{}", RawValue::get));
}

fn write_provider_fields(to: &mut Object, message: &Message, blocks: &Blocks) {
    let own = [
        ("container", message.container),
        ("context_management", message.context_management),
        ("stop_details", message.stop_details),
    ];
    if blocks.citations.is_empty() && blocks.provider.is_empty() && own.iter().all(|(_, value)| value.is_none()) {
        return;
    }
    let mut fields = to.object("provider_specific_fields");
    if !blocks.citations.is_empty() {
        let mut lists = fields.list("citations");
        for citations in &blocks.citations {
            let mut list = List::begin(lists.item());
            for citation in citations {
                list.json(citation.get());
            }
        }
    }
    for name in [
        "server_tool_use",
        "web_search_results",
        "tool_results",
        "compaction_blocks",
    ] {
        let mut of_name = blocks.provider.iter().filter(|(field, _)| *field == name).peekable();
        if of_name.peek().is_some() {
            let mut list = fields.list(name);
            for (_, raw) in of_name {
                list.json(raw.get());
            }
        }
    }
    for (name, value) in own {
        fields.maybe_raw(name, value);
    }
}
