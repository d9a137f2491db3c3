//! The fields other than the conversation: those that become parameters of the generation, those that the server does
//! not support, and those meant for a gateway.

use sluice_sdk::adapter::{Parameters, changes_nothing, is_for_gateway, is_openais_own};
use sluice_sdk::canonical::{Object, RawValue, Request, ResponseKind, Text};
use sluice_sdk::{Failure, deployment};

/// Further parameters without a counterpart.
const UNSUPPORTED: [&str; 3] = ["logprobs", "thinking", "presence_penalty"];

fn is_unsupported(name: &str) -> bool {
    is_openais_own(name) || UNSUPPORTED.contains(&name)
}

const NO_PARAMETER: &str = "text generation has no parameter for it";

/// LiteLLM's parameter that allows sending a temperature of 0, for servers that accept it.
const ALLOW_ZERO: &str = "aws_sagemaker_allow_zero_temp";

/// The fields of a request, sorted by where they go.
#[derive(Default)]
pub struct Fields<'a> {
    /// The client's `extra_body`, which is applied to the finished request.
    pub extra_body: Option<&'a RawValue>,
    allows_zero: bool,
    /// Parameters of the server's own (`top_k`, `seed`, `repetition_penalty`, `details`, …), passed on as in LiteLLM.
    own: Vec<(Text<'a>, &'a RawValue)>,
}

impl<'a> Fields<'a> {
    /// Sorts the fields that the canonical form does not know.
    ///
    /// # Errors
    /// A field has no counterpart.
    pub fn take(request: &mut Request<'a>, parameters: &Parameters) -> Result<Self, Failure> {
        let mut fields = Self {
            allows_zero: deployment::is_true(ALLOW_ZERO),
            ..Self::default()
        };
        for (name, value) in std::mem::take(&mut request.rest) {
            match &*name {
                _ if value.get() == "null" || is_for_gateway(&name) => {}
                "extra_headers" => {}
                "extra_body" if value.get().starts_with('{') => fields.extra_body = Some(value),
                "extra_body" => return Err(Failure::bad_request("extra_body", "`extra_body` is no object")),
                ALLOW_ZERO => fields.allows_zero = value.get() == "true",
                "frequency_penalty" if changes_nothing("frequency_penalty", value.get()) => {}
                "service_tier" if matches!(value.get(), r#""auto""# | r#""default""#) => {}
                unsupported if is_unsupported(unsupported) && !parameters.allows(unsupported) => {
                    if !changes_nothing(unsupported, value.get()) {
                        parameters.drop_or_refuse(unsupported, NO_PARAMETER)?;
                    }
                }
                _ => fields.own.push((Text::from_decoded(&name), value)),
            }
        }
        refuse_unsupported(request, parameters)?;
        Ok(fields)
    }

    /// Writes the parameters of the generation. Parameters in the server's own form take precedence over OpenAI's.
    pub fn write(&self, to: &mut Object, request: &Request) {
        for (name, value) in &self.own {
            to.raw(name.escaped(), value);
        }
        if let Some(most) = request
            .max_completion_tokens
            .or(request.max_tokens)
            .filter(|_| !self.says("max_new_tokens"))
        {
            to.raw("max_new_tokens", most);
        }
        self.write_sampling(to, request);
        if let Some(stop) = request.stop.as_ref().filter(|stop| !stop.0.is_empty()) {
            let mut list = to.list("stop");
            for text in &stop.0 {
                list.json(&format!("\"{}\"", text.escaped()));
            }
        }
        if !self.says("return_full_text") {
            to.json("return_full_text", "false");
        }
    }

    /// Writes temperature and `top_p`. Servers accept neither a temperature of 0, which means the most likely token
    /// each time, nor a `top_p` of 1, which has no effect. A client that gives either parameter wants sampling, which
    /// some servers do only with `do_sample`.
    fn write_sampling(&self, to: &mut Object, request: &Request) {
        let is = |value: &&RawValue, number: f64| value.get().parse() == Ok(number);
        let temperature = request.temperature;
        let top_p = request.top_p.filter(|top_p| !is(top_p, 1.0));
        let is_greedy = !self.allows_zero && temperature.is_some_and(|temperature| is(&temperature, 0.0));
        if !self.says("do_sample") && (is_greedy || temperature.is_some() || top_p.is_some()) {
            to.json("do_sample", if is_greedy { "false" } else { "true" });
        }
        if !is_greedy {
            to.maybe_raw("temperature", temperature).maybe_raw("top_p", top_p);
        }
    }

    fn says(&self, name: &str) -> bool {
        self.own.iter().any(|(own, _)| own.escaped() == name)
    }
}

fn refuse_unsupported(request: &Request, parameters: &Parameters) -> Result<(), Failure> {
    // Without tools, `tool_choice` and `parallel_tool_calls` have no effect.
    if request.tools.as_ref().is_some_and(|tools| !tools.is_empty()) {
        parameters.drop_or_refuse("tools", NO_PARAMETER)?;
    }
    let format = request.response_format.as_ref().and_then(|format| format.kind.as_ref());
    if format.is_some_and(|kind| *kind != ResponseKind::Text) {
        parameters.drop_or_refuse("response_format", NO_PARAMETER)?;
    }
    let effort = request.reasoning_effort.as_ref();
    if effort.is_some_and(|effort| effort.0.escaped() != "none") {
        parameters.drop_or_refuse("reasoning_effort", NO_PARAMETER)?;
    }
    Ok(())
}
