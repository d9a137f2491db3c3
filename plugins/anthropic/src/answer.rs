//! Translates a whole answer: its content blocks become one message.

use serde_json::value::RawValue;
use sluice_sdk::Failure;
use sluice_sdk::canonical::{FinishReason, List, Object, Text, write_escaped};
use sluice_sdk::wire;

use crate::error::of_error;
use crate::request::JSON_TOOL;
use crate::usage::Usage;
use crate::wire::{Block, Message, finish_reason, is_blocked, provider_field, write_refusal};
use sluice_sdk::adapter::Origin;

/// Estimated bytes of an answer in addition to what is copied from the provider's answer.
const ENVELOPE_BYTES: usize = 640;

/// Translates the answer to the canonical form. With `json_tool`, the input of the tool that stands for
/// `response_format` becomes the content.
///
/// # Errors
/// The document is an error, or has none of an answer's fields.
pub fn translate(body: &[u8], json_tool: bool, origin: &Origin) -> Result<Vec<u8>, Failure> {
    let text = std::str::from_utf8(body).map_err(Failure::malformed)?;
    let message: Message = wire::read(text).map_err(Failure::malformed)?;
    if let Some(error) = message.error {
        return Err(of_error(error));
    }
    if message.content.is_none() && message.stop_reason.is_none() {
        return Err(Failure::malformed("it has neither `content` nor `stop_reason`"));
    }
    let blocks = Blocks::sort(&message, json_tool)?;
    let mut out = Vec::with_capacity(body.len() + body.len() / 4 + ENVELOPE_BYTES);
    write(&mut out, &message, &blocks, origin);
    Ok(out)
}

/// The blocks of an answer, sorted by where they go.
#[derive(Default)]
struct Blocks<'a> {
    text: Vec<Text<'a>>,
    thinking: Vec<Block<'a>>,
    calls: Vec<Block<'a>>,
    /// The inputs of the tool that stands for `response_format`.
    json: Vec<&'a RawValue>,
    /// One list of citations for each text block that has any.
    citations: Vec<Vec<&'a RawValue>>,
    /// Blocks that only Anthropic has, with their names under `provider_specific_fields`.
    provider: Vec<(&'static str, &'a RawValue)>,
}

impl<'a> Blocks<'a> {
    fn sort(message: &Message<'a>, json_tool: bool) -> Result<Self, Failure> {
        let mut blocks = Self::default();
        let Some(content) = &message.content else {
            return Ok(blocks);
        };
        blocks.text.extend(content.text.clone());
        for raw in &content.blocks {
            let block: Block = wire::read(raw.get()).map_err(Failure::malformed)?;
            match block.kind() {
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
                "tool_use" if block.name.is_none() => return Err(Failure::malformed("a tool call without a name")),
                "tool_use" => blocks.calls.push(block),
                kind => blocks.provider.extend(provider_field(kind).map(|name| (name, *raw))),
            }
        }
        Ok(blocks)
    }
}

fn write(out: &mut Vec<u8>, message: &Message, blocks: &Blocks, origin: &Origin) {
    let id = origin.id(message.id.as_ref());
    let mut answer = Object::begin(out);
    answer
        .text("id", &id)
        .string("object", "chat.completion")
        .number("created", origin.created());
    answer
        .text("model", &origin.model(message.model.as_ref()))
        .json("system_fingerprint", "null");
    {
        let mut choices = answer.list("choices");
        let mut choice = choices.object();
        choice.number("index", 0);
        write_message(&mut choice.object("message"), message, blocks, &id);
        let reason = match is_blocked(message.guardrail_action.as_ref()) {
            true => FinishReason::ContentFilter,
            false => finish_reason(message.stop_reason.as_ref(), !blocks.calls.is_empty()),
        };
        choice.string("finish_reason", reason.as_str());
    }
    let mut usage = Usage::default();
    if let Some(counts) = &message.usage {
        usage.update(counts);
    }
    if usage.is_known() {
        usage.write(&mut answer.object("usage"));
    }
}

fn write_message(to: &mut Object, message: &Message, blocks: &Blocks, id: &Text) {
    to.string("role", "assistant");
    write_content(to, blocks);
    write_refusal(to, message.stop_details);
    if !blocks.thinking.is_empty() {
        write_thinking(to, &blocks.thinking);
    }
    if !blocks.calls.is_empty() {
        let mut calls = to.list("tool_calls");
        for (index, call) in blocks.calls.iter().enumerate() {
            write_call(&mut calls.object(), call, &call_id(call, id, index));
        }
    }
    write_provider_fields(to, message, blocks);
}

/// Escaped texts can be concatenated without decoding them.
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

/// Writes a thinking block with its signature or its encrypted data, as the client must send it back in the next turn.
pub fn write_thinking_block(list: &mut List, block: &Block) {
    let mut to = list.object();
    to.string("type", block.kind());
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

/// The id of the call, or else one made from the answer's id, since clients refer to a call by its id.
pub fn call_id<'a>(call: &Block<'a>, answer: &Text, index: usize) -> Text<'a> {
    let made = || Text::from_decoded(&format!("call_{index}_{}", answer.decoded()));
    call.id.clone().filter(|id| !id.is_empty()).unwrap_or_else(made)
}

fn write_call(to: &mut Object, call: &Block, id: &Text) {
    to.text("id", id).string("type", "function");
    let mut function = to.object("function");
    if let Some(name) = &call.name {
        function.text("name", name);
    }
    function.text("arguments", &arguments(call.input));
}

/// A tool's input as the text of `arguments`. Some servers send the input as a string already.
pub fn arguments<'a>(input: Option<&'a RawValue>) -> Text<'a> {
    match input {
        Some(input) => Text::of(input).unwrap_or_else(|| Text::from_decoded(input.get())),
        None => Text::from_decoded("{}"),
    }
}

fn write_provider_fields(to: &mut Object, message: &Message, blocks: &Blocks) {
    let own = [
        ("container", message.container),
        ("context_management", message.context_management),
        ("stop_details", message.stop_details),
        ("trace", message.guardrail_trace),
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
