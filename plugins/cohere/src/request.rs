//! Translates a chat completion's request to a chat request. It decides first what to send ([`Plan`]), and then writes
//! it in one pass.

mod content;
mod conversation;
mod fields;
mod structure;
mod thinking;
mod tools;

use sluice_sdk::Failure;
use sluice_sdk::adapter::{Parameters, lay_extra_bodies_over};
use sluice_sdk::canonical::{Object, Request, Text};

use conversation::Conversation;
use fields::Own;
use structure::Structure;
use thinking::Thinking;
use tools::Tools;

/// Estimated bytes of a request in addition to what is copied from the client's request.
const ENVELOPE_BYTES: usize = 512;

/// The range of `p` that Cohere accepts (<https://docs.cohere.com/reference/chat#request.body.p>).
const P_RANGE: (f64, f64) = (0.01, 0.99);

/// The translated request.
pub struct Translated {
    pub body: Vec<u8>,
    pub streaming: bool,
}

/// Translates the canonical request for a model.
///
/// # Errors
/// The request cannot be parsed, is invalid for Cohere, or asks for something that Cohere does not support.
pub fn translate(body: &[u8], model: &str) -> Result<Translated, Failure> {
    let mut request = Request::parse(body).map_err(|error| Failure::bad_request("messages", error))?;
    let parameters = Parameters::read("Cohere", &request);
    let own = Own::take(&mut request, &parameters)?;
    let plan = Plan::make(&request, &own, model, &parameters)?;
    let mut out = Vec::with_capacity(body.len() + body.len() / 8 + ENVELOPE_BYTES);
    write(&mut out, model, &request, &own, &plan)?;
    Ok(Translated {
        body: lay_extra_bodies_over(out, own.extra_body),
        streaming: request.stream == Some(true),
    })
}

/// The fields of the request that must be examined before they are written.
struct Plan<'a> {
    thinking: Thinking<'a>,
    structure: Structure<'a>,
    tools: Tools<'a>,
}

impl<'a> Plan<'a> {
    fn make(request: &'a Request<'a>, own: &Own<'a>, model: &str, parameters: &Parameters) -> Result<Self, Failure> {
        Ok(Self {
            thinking: Thinking::plan(request, own, model, parameters)?,
            structure: Structure::plan(request, parameters)?,
            tools: Tools::plan(request, own, parameters)?,
        })
    }
}

fn write(out: &mut Vec<u8>, model: &str, request: &Request, own: &Own, plan: &Plan) -> Result<(), Failure> {
    let messages = request.messages.as_deref().unwrap_or_default();
    let mut to = Object::begin(out);
    to.string("model", model);
    Conversation::begin(&mut to, crate::model::thinks(model)).write(messages)?;
    plan.tools.write(&mut to)?;
    plan.structure.write(&mut to);
    plan.thinking.write(&mut to);
    to.maybe_raw("max_tokens", request.max_completion_tokens.or(request.max_tokens));
    to.maybe_raw("temperature", request.temperature);
    write_sampling(&mut to, request, own);
    if let Some(stop) = request.stop.as_ref().filter(|stop| !stop.0.is_empty()) {
        write_texts(&mut to, "stop_sequences", &stop.0);
    }
    if request.stream == Some(true) {
        to.json("stream", "true");
    }
    own.write_passed_on(&mut to);
    Ok(())
}

/// Writes `top_p` and `top_k` under Cohere's names, unless the client uses Cohere's names itself. Many clients send
/// `top_p: 1`, which is beyond Cohere's range; the highest accepted value means the same.
fn write_sampling(to: &mut Object, request: &Request, own: &Own) {
    let (least, most) = P_RANGE;
    match (own.p, request.top_p) {
        (Some(p), _) => to.raw("p", p),
        (None, Some(top_p)) => match top_p.get().parse::<f64>() {
            Ok(number) if number > most => to.json("p", "0.99"),
            Ok(number) if number < least => to.json("p", "0.01"),
            _ => to.raw("p", top_p),
        },
        (None, None) => to,
    };
    to.maybe_raw("k", own.k.or(own.top_k));
}

fn write_texts(to: &mut Object, name: &str, texts: &[Text]) {
    let mut list = to.list(name);
    for text in texts {
        let out = list.item();
        out.push(b'"');
        out.extend_from_slice(text.escaped().as_bytes());
        out.push(b'"');
    }
}
