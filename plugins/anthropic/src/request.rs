//! Translates a chat completion's request to a message request. It decides first what to send ([`Plan`]), and then
//! writes it in one pass.

mod content;
mod conversation;
mod fields;
mod structure;
mod thinking;
mod tools;

use sluice_sdk::adapter::claude::{Betas, Thinking};
use sluice_sdk::adapter::{Parameters, lay_extra_bodies_over, lay_sorted_over, schema};
use sluice_sdk::canonical::{Fields, Message, Object, RawValue, Request, Stop, Text};

use sluice_sdk::{Failure, Header};

use crate::invoke;
use crate::model::Model;
use crate::place::Place;
use conversation::{Conversation, write_system};
use fields::Own;
use structure::Structure;
use tools::Tools;

pub use structure::JSON_TOOL;

/// Estimated bytes of a request in addition to what is copied from the client's request.
const ENVELOPE_BYTES: usize = 512;

/// The translated request.
pub struct Translated {
    pub body: Vec<u8>,
    /// Options that are sent as headers.
    pub headers: Vec<Header>,
    /// Those to name in a header.
    pub betas: Option<Betas>,
    /// Whether the request has the tool [`JSON_TOOL`].
    pub json_tool: bool,
    pub streaming: bool,
}

/// The limits of an answer's tokens if the client gives none.
#[derive(Clone, Copy)]
pub struct AnswerLimits {
    /// The operator's default.
    pub default: Option<u64>,
    /// The model's maximum, if the gateway knows it.
    pub of_model: Option<u64>,
}

/// The limit for models whose maximum is not known; every model accepts it.
const MAX_TOKENS: u64 = 4096;

impl AnswerLimits {
    /// The limit to send. It includes thinking tokens, so the thinking budget is added to the default, up to the
    /// model's maximum.
    fn tokens(self, model: Model, thinking_budget: u64) -> u64 {
        let with_thinking = |tokens: u64| tokens.saturating_add(thinking_budget);
        match (self.default, self.of_model.or(model.max_output)) {
            (None, Some(most)) => most,
            (default, most) => with_thinking(default.unwrap_or(MAX_TOKENS)).min(most.unwrap_or(u64::MAX)),
        }
    }
}

/// Translates the canonical request for a model.
///
/// # Errors
/// The request cannot be parsed, is invalid for Anthropic, or asks for something that Anthropic does not support.
pub fn translate(body: &[u8], model_name: &str, place: Place, limits: AnswerLimits) -> Result<Translated, Failure> {
    let mut request = Request::parse(body).map_err(|error| Failure::bad_request("messages", error))?;
    let model = Model::named(model_name, place);
    let parameters = Parameters::read(place.name(), &request);
    let mut own = Own::take(&mut request, place, &parameters)?;
    let options = std::mem::take(&mut own.options);
    let mut betas = own.betas(place);
    let plan = Plan::make(&request, &own, model, &parameters, limits, &mut betas)?;
    let mut out = Vec::with_capacity(body.len() + body.len() / 8 + ENVELOPE_BYTES);
    write(&mut out, place, model_name, &request, &own, &plan, &mut betas)?;
    let body = match place {
        Place::Bedrock => lay_sorted_over(out, own.extra_body, invoke::for_body),
        Place::Anthropic | Place::Vertex | Place::Foundry => lay_extra_bodies_over(out, own.extra_body),
    };
    let json_tool = matches!(plan.structure, Structure::Tool { .. });
    Ok(Translated {
        body,
        headers: options.headers()?,
        betas: (!place.has_betas_in_body()).then_some(betas),
        json_tool,
        streaming: request.stream == Some(true),
    })
}

/// The fields of the request that depend on each other or on the model.
struct Plan<'a> {
    max_tokens: MaxTokens<'a>,
    thinking: Thinking<'a>,
    structure: Structure<'a>,
    tools: Tools<'a>,
    /// `temperature`, `top_p` and `top_k`, as far as the model accepts them.
    sampling: Vec<(&'static str, &'a RawValue)>,
    user: Option<Text<'a>>,
    stop: Vec<&'a Text<'a>>,
}

#[derive(Clone, Copy)]
enum MaxTokens<'a> {
    Asked(&'a RawValue),
    Default(u64),
}

impl<'a> Plan<'a> {
    fn make(
        request: &'a Request<'a>,
        own: &Own<'a>,
        model: Model,
        parameters: &Parameters,
        limits: AnswerLimits,
        betas: &mut Betas,
    ) -> Result<Self, Failure> {
        let asked = request.max_completion_tokens.or(request.max_tokens);
        let asked_tokens = asked.and_then(|raw| raw.get().parse().ok());
        let thinking = thinking::plan(request, own, model, asked_tokens, parameters)?;
        let default = limits.tokens(model, thinking.budget().unwrap_or(0));
        let structure = Structure::plan(request, model, &thinking);
        let tools = Tools::plan(request, own, &structure, model, parameters, betas)?;
        Ok(Self {
            max_tokens: asked.map_or(MaxTokens::Default(default), MaxTokens::Asked),
            thinking,
            structure,
            tools,
            sampling: sampling(request, own, model, parameters)?,
            user: fields::user(request),
            stop: request
                .stop
                .as_ref()
                .map(|stop| stop_sequences(stop, parameters))
                .unwrap_or_default(),
        })
    }
}

/// Models since 4.7 accept no sampling parameters but the default, yet OpenAI's clients send them.
fn sampling<'a>(
    request: &Request<'a>,
    own: &Own<'a>,
    model: Model,
    parameters: &Parameters,
) -> Result<Vec<(&'static str, &'a RawValue)>, Failure> {
    let mut kept = Vec::new();
    for (name, value) in [
        ("temperature", request.temperature),
        ("top_p", request.top_p),
        ("top_k", own.top_k),
    ] {
        let Some(value) = value else { continue };
        let is_default = name == "temperature" && value.get().parse() == Ok(1.0);
        if model.claude.sampling || is_default {
            kept.push((name, value));
        } else {
            parameters.drop_or_refuse(name, "this model takes no sampling parameters but `temperature` 1")?;
        }
    }
    Ok(kept)
}

/// Anthropic refuses blank stop sequences; with `drop_params` they are left out.
fn stop_sequences<'a>(stop: &'a Stop<'a>, parameters: &Parameters) -> Vec<&'a Text<'a>> {
    stop.0
        .iter()
        .filter(|text| !(parameters.drops() && text.is_blank()))
        .collect()
}

fn write(
    out: &mut Vec<u8>,
    place: Place,
    model_name: &str,
    request: &Request,
    own: &Own,
    plan: &Plan,
    betas: &mut Betas,
) -> Result<(), Failure> {
    let messages = request.messages.as_deref().unwrap_or_default();
    let mut to = Object::begin(out);
    match place.version_in_body() {
        Some(version) => to.string("anthropic_version", version),
        None => to.string("model", model_name),
    };
    match plan.max_tokens {
        MaxTokens::Asked(raw) => to.raw("max_tokens", raw),
        MaxTokens::Default(tokens) => to.number("max_tokens", tokens),
    };
    write_system(&mut to, messages)?;
    let spoke = write_messages(&mut to, messages, place, betas)?;
    plan.tools.write(&mut to, spoke.used_tools, betas)?;
    plan.thinking.write(&mut to);
    write_output_config(&mut to, own, plan);
    for (name, value) in &plan.sampling {
        to.raw(name, value);
    }
    if !plan.stop.is_empty() {
        let mut list = to.list("stop_sequences");
        for text in &plan.stop {
            let out = list.item();
            out.push(b'"');
            out.extend_from_slice(text.escaped().as_bytes());
            out.push(b'"');
        }
    }
    if let Some(user) = &plan.user {
        to.object("metadata").text("user_id", user);
    }
    if let Some(tier) = own.service_tier {
        to.string("service_tier", tier);
    }
    if request.stream == Some(true) && !place.streams_by_path() {
        to.json("stream", "true");
    }
    own.write_passed_on(&mut to, betas);
    // At the end, when it is known what the request needs.
    if place.has_betas_in_body() && !betas.is_empty() {
        betas.write(to.field("anthropic_beta"));
    }
    Ok(())
}

/// What the conversation contains.
struct Spoke {
    used_tools: bool,
}

fn write_messages(to: &mut Object, messages: &[Message], place: Place, betas: &mut Betas) -> Result<Spoke, Failure> {
    let mut conversation = Conversation::begin(to.field("messages"), place, betas);
    for (index, message) in messages.iter().enumerate() {
        conversation.message(index, message, index + 1 == messages.len())?;
    }
    let spoke = Spoke {
        used_tools: conversation.used_tools(),
    };
    if conversation.end() {
        return Ok(spoke);
    }
    Err(Failure::bad_request(
        "messages",
        "Anthropic needs at least one message that is not the system's",
    ))
}

/// Writes `output_config`: the effort, the format, and any other field that the client put there.
fn write_output_config(to: &mut Object, own: &Own, plan: &Plan) {
    let effort = plan.thinking.effort();
    let schema = match &plan.structure {
        Structure::Native(schema) => Some(*schema),
        _ => None,
    };
    let client = own
        .output_config
        .and_then(|raw| serde_json::from_str::<Fields>(raw.get()).ok());
    if effort.is_none() && schema.is_none() && client.is_none() {
        return;
    }
    let Fields(client) = client.unwrap_or_default();
    let mut config = to.object("output_config");
    if let Some(effort) = effort {
        config.string("effort", effort);
    }
    if let Some(schema) = schema {
        let mut format = config.object("format");
        format.string("type", "json_schema");
        schema::write_strict(format.field("schema"), schema);
    }
    for (name, value) in client {
        let ours = (name == "effort" && effort.is_some()) || (name == "format" && schema.is_some());
        if !ours {
            config.rest(&[(name, value)]);
        }
    }
}
