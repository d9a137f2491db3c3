//! A chat completion's request as Converse's: what to say is decided first ([`Plan`]), then written in one go.

mod additional;
mod content;
mod conversation;
mod documents;
mod fields;
mod format;
mod media;
mod part;
mod references;
mod structure;
mod system;
mod thinking;
mod tool_choice;
mod tools;
mod turn;

use sluice_sdk::adapter::Parameters;
use sluice_sdk::adapter::claude::Betas;
use sluice_sdk::canonical::{Message, Object, RawValue, Request, Role, Text};
use sluice_sdk::{Failure, deployment};

use crate::model::Model;
use crate::names::Names;
use crate::usage::THINKING_PATH;
use conversation::Conversation;
use fields::Own;
use structure::Structure;
use system::{holds_guarded_text, write_system};
use thinking::Thinking;
use tools::Tools;

pub use structure::JSON_TOOL;

/// What tools' brackets and the like need beside what is copied from the request.
const ENVELOPE_BYTES: usize = 512;

/// A request to send.
pub struct Translated {
    pub body: Vec<u8>,
    /// Tools that are called otherwise at Bedrock.
    pub names: Names,
    /// Whether it carries [`JSON_TOOL`].
    pub json_tool: bool,
    /// Whether fields of the model's own answer are the client's to see: it asked for them.
    pub shows_fields: bool,
    pub streaming: bool,
}

/// Translates the canonical request for a model.
///
/// # Errors
/// The request cannot be read, makes no sense to Bedrock, or asks for what it cannot do.
pub fn translate(body: &[u8], model: Model) -> Result<Translated, Failure> {
    let mut request = Request::parse(body).map_err(|error| Failure::bad_request("messages", error))?;
    let parameters = Parameters::read("Bedrock", &request);
    let own = Own::take(&mut request, &parameters)?;
    let plan = Plan::make(&request, &own, model, &parameters)?;
    let mut out = Vec::with_capacity(body.len() + body.len() / 8 + ENVELOPE_BYTES);
    write(&mut out, &request, &own, &plan)?;
    let json_tool = plan.structure.is_tool();
    let (names, streaming) = (plan.names, request.stream == Some(true));
    Ok(Translated {
        body: own.lay_extra_bodies_over(out),
        names,
        json_tool,
        shows_fields: own.asks_for_response_fields(),
        streaming,
    })
}

/// What the request comes to, where one field hangs on another or on the model.
struct Plan<'a> {
    model: Model,
    max_tokens: Option<MaxTokens<'a>>,
    thinking: Thinking<'a>,
    structure: Structure<'a>,
    names: Names,
    tools: Tools<'a>,
    temperature: Option<&'a RawValue>,
    top_p: Option<&'a RawValue>,
    top_k: Option<&'a RawValue>,
    stop: Vec<&'a Text<'a>>,
    betas: Betas,
    /// Of a guardrail, the first message that it checks.
    guarded_from: Option<usize>,
}

#[derive(Clone, Copy)]
enum MaxTokens<'a> {
    Asked(&'a RawValue),
    /// More than what is to be thought, as it must be.
    BesideThoughts(u64),
}

impl<'a> Plan<'a> {
    fn make(request: &'a Request<'a>, own: &Own<'a>, model: Model, parameters: &Parameters) -> Result<Self, Failure> {
        let asked = request.max_completion_tokens.or(request.max_tokens);
        let asked_tokens = asked.and_then(|raw| raw.get().parse().ok());
        let thinking = Thinking::plan(request, own, model, asked_tokens, parameters)?;
        let structure = Structure::plan(request, model, &thinking);
        let names = Names::of(tools::function_names(request));
        let mut betas = own.betas(model);
        let tools = Tools::plan(request, own, &structure, model, parameters, &mut betas)?;
        let stop = request.stop.iter().flat_map(|stop| &stop.0);
        Ok(Self {
            model,
            max_tokens: asked
                .map(MaxTokens::Asked)
                .or_else(|| thinking.max_tokens().map(MaxTokens::BesideThoughts)),
            temperature: sampling("temperature", request.temperature, model, parameters)?,
            top_p: sampling("top_p", request.top_p, model, parameters)?,
            top_k: sampling("top_k", own.top_k, model, parameters)?,
            thinking,
            structure,
            names,
            tools,
            // Blank ones are refused; where parameters may be dropped, those are.
            stop: stop.filter(|text| !(parameters.drops() && text.is_blank())).collect(),
            betas,
            guarded_from: guarded_from(request, own),
        })
    }
}

/// Claude takes no sampling but the default since 4.7; OpenAI's clients send it all the same.
fn sampling<'a>(
    name: &str,
    value: Option<&'a RawValue>,
    model: Model,
    parameters: &Parameters,
) -> Result<Option<&'a RawValue>, Failure> {
    let is_default = name == "temperature" && value.is_some_and(|value| value.get().parse() == Ok(1.0));
    if value.is_some() && !model.sampling && !is_default {
        parameters.drop_or_refuse(name, "this model takes no sampling parameters but `temperature` 1")?;
        return Ok(None);
    }
    Ok(value)
}

/// With a guardrail, what the user said last is what it checks, as in LiteLLM: checking the whole conversation again in
/// each turn would cost as often. The clients' own `guarded_text` there says it better.
fn guarded_from(request: &Request, own: &Own) -> Option<usize> {
    if own.given("guardrailConfig").is_none() && !deployment::has_parameter("guardrailConfig") {
        return None;
    }
    let messages = request.messages.as_deref().unwrap_or_default();
    let is_user = |message: &Message| message.role == Some(Role::User);
    let since = messages.len() - messages.iter().rev().take_while(|message| is_user(message)).count();
    let last = messages.get(since..)?;
    let says_itself = last.iter().any(holds_guarded_text);
    (!last.is_empty() && !says_itself).then_some(since)
}

fn write(out: &mut Vec<u8>, request: &Request, own: &Own, plan: &Plan) -> Result<(), Failure> {
    let messages = request.messages.as_deref().unwrap_or_default();
    let mut to = Object::begin(out);
    let used_tools = write_messages(&mut to, messages, plan)?;
    write_system(&mut to, messages, plan.model)?;
    write_inference_config(&mut to, own, plan);
    plan.tools.write(&mut to, used_tools, &plan.names, plan.model)?;
    additional::write(&mut to, own, plan);
    plan.structure.write(&mut to, own.given("outputConfig"));
    own.write_top_level(&mut to, plan.structure.is_native());
    write_response_paths(&mut to, own, &plan.thinking);
    Ok(())
}

/// Says whether there were calls or results: Bedrock then needs tools to be named.
fn write_messages(to: &mut Object, messages: &[Message], plan: &Plan) -> Result<bool, Failure> {
    let mut conversation = Conversation::begin(to.field("messages"), &plan.names, plan.model);
    for (index, message) in messages.iter().enumerate() {
        let is_guarded = plan.guarded_from.is_some_and(|since| index >= since);
        conversation.message(index, message, index + 1 == messages.len(), is_guarded)?;
    }
    let used_tools = conversation.used_tools();
    if conversation.end() {
        return Ok(used_tools);
    }
    Err(Failure::bad_request(
        "messages",
        "Bedrock needs at least one message that is not the system's",
    ))
}

/// `inferenceConfig`; what the client wrote there itself takes precedence.
fn write_inference_config(to: &mut Object, own: &Own, plan: &Plan) {
    let clients = own.inference_config();
    let is_ours = |name: &str| clients.get(name).is_none();
    let mut out = Vec::new();
    let mut config = Object::begin(&mut out);
    match plan.max_tokens.filter(|_| is_ours("maxTokens")) {
        Some(MaxTokens::Asked(raw)) => {
            config.raw("maxTokens", raw);
        }
        Some(MaxTokens::BesideThoughts(tokens)) => {
            config.number("maxTokens", tokens);
        }
        None => {}
    }
    config
        .maybe_raw("temperature", plan.temperature.filter(|_| is_ours("temperature")))
        .maybe_raw("topP", plan.top_p.filter(|_| is_ours("topP")));
    if !plan.stop.is_empty() && is_ours("stopSequences") {
        let mut list = config.list("stopSequences");
        for text in &plan.stop {
            let out = list.item();
            out.push(b'"');
            out.extend_from_slice(text.escaped().as_bytes());
            out.push(b'"');
        }
    }
    config.rest(&clients.0);
    drop(config);
    if out != b"{}" {
        to.field("inferenceConfig").extend_from_slice(&out);
    }
}

/// Which fields of the model's own answer to hand on: the client's, and where the model thinks how much it thought.
fn write_response_paths(to: &mut Object, own: &Own, thinking: &Thinking) {
    let clients = own
        .response_paths
        .map(|raw| serde_json::from_str::<Vec<&RawValue>>(raw.get()));
    match clients {
        // Not a list: Bedrock says what is wrong with it.
        Some(Err(_)) => {
            to.maybe_raw("additionalModelResponseFieldPaths", own.response_paths);
        }
        None if !thinking.counts() => {}
        clients => {
            let clients = clients.and_then(Result::ok).unwrap_or_default();
            let mut list = to.list("additionalModelResponseFieldPaths");
            for path in &clients {
                list.json(path.get());
            }
            let ours = format!("\"{THINKING_PATH}\"");
            if thinking.counts() && !clients.iter().any(|path| path.get() == ours) {
                list.json(&ours);
            }
        }
    }
}
