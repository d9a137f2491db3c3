//! The document that logging callbacks get.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use schemars::JsonSchema;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::canonical::Canonical;
use crate::canonical::Operation;
use crate::canonical::fields::{Says, is_secret};
use crate::canonical::join::Transcript;
use crate::exchange::history::{Attempt, Ending, GuardrailReport, History, HookReport, ip};
use crate::exchange::state::Exchange;
use crate::json;
use crate::notes::Facts;
use crate::prices::Cost;
use crate::usage::Usage;

/// One finished exchange. Names are LiteLLM's where it has one; times are seconds since 1970 with fractions.
#[derive(Debug, Serialize, JsonSchema)]
pub struct Record {
    /// The answer's id where there is one, else the exchange's.
    pub id: String,
    /// The exchange's id: in the log, and in the `x-litellm-call-id` header.
    pub litellm_call_id: String,
    /// The client's `litellm_trace_id`, or the header `x-litellm-trace-id`. Like `session_id`, `end_user` and
    /// `request_tags`, what a plugin says of it takes precedence, if the operator granted it `attribution`.
    pub trace_id: Option<String>,
    /// The client's `litellm_session_id`, or the header `x-litellm-session-id`.
    pub session_id: Option<String>,
    /// `acompletion`, `atext_completion`, `aembedding`.
    pub call_type: &'static str,
    /// Whether the client asked for a stream.
    pub stream: bool,
    /// `success` or `failure`.
    pub status: &'static str,
    /// The HTTP status; 499 for a client that hung up.
    pub status_code: u16,
    /// USD, exact. `null` when there is no usage or no price.
    #[schemars(with = "Option<f64>")]
    pub response_cost: Option<crate::prices::PicoDollars>,
    pub cost_breakdown: Option<CostBreakdown>,
    /// The provider's prefix.
    pub custom_llm_provider: Option<String>,
    /// The model asked at the provider.
    pub model: Option<String>,
    /// The deployment's id.
    pub model_id: Option<String>,
    /// The model group that answered, or was tried last: after a fallback it is not the one that the client named.
    pub model_group: Option<String>,
    /// The deployment's base, without query.
    pub api_base: Option<String>,
    pub prompt_tokens: u64,
    pub completion_tokens: u64,
    pub total_tokens: u64,
    /// Tokens in disjoint parts; `null` when nothing is known of them. An estimate if `usage_is_estimated`.
    #[schemars(with = "Option<serde_json::Value>")]
    pub usage: Option<Usage>,
    /// The upstream never said what was used (a stream that ended early): the counts are an estimate.
    pub usage_is_estimated: bool,
    #[serde(rename = "startTime")]
    pub start_time: f64,
    #[serde(rename = "endTime")]
    pub end_time: f64,
    /// When the first content of a stream was sent; the end for a whole answer.
    #[serde(rename = "completionStartTime")]
    pub completion_start_time: f64,
    /// Seconds from start to end.
    pub response_time: f64,
    /// Attempts beyond the first one of each model group that was tried.
    pub attempted_retries: usize,
    pub attempts: Vec<AttemptRecord>,
    /// `user` of the request.
    pub end_user: Option<String>,
    pub requester_ip_address: String,
    pub user_agent: Option<String>,
    /// `tags` of the request.
    pub request_tags: Vec<String>,
    /// `metadata` of the request.
    #[schemars(with = "Option<serde_json::Value>")]
    pub metadata: Option<Box<RawValue>>,
    /// The request's other parameters (`temperature`, …). Where `turn_off_message_logging` is set, those that hold no text.
    #[schemars(with = "BTreeMap<String, serde_json::Value>")]
    pub model_parameters: BTreeMap<String, Box<RawValue>>,
    /// `messages`, `prompt` or `input`; `null` where `turn_off_message_logging` is set.
    #[schemars(with = "Option<serde_json::Value>")]
    pub messages: Option<Box<RawValue>>,
    /// The canonical answer, put together for a stream; `null` where `turn_off_message_logging` is set.
    #[schemars(with = "Option<serde_json::Value>")]
    pub response: Option<Box<RawValue>>,
    pub error_str: Option<String>,
    pub error_information: Option<ErrorInformation>,
    pub guardrail_information: Vec<GuardrailInformation>,
    /// What request hooks did, in their order.
    pub request_hooks: Vec<HookInformation>,
    /// What plugins published: JSON by plugin and name.
    #[schemars(with = "BTreeMap<String, BTreeMap<String, serde_json::Value>>")]
    pub notes: BTreeMap<Box<str>, Facts>,
    pub hidden_params: HiddenParams,
    /// The number that random choices of this exchange went by.
    pub seed: Option<u32>,
}

/// Exact USD of each part.
#[derive(Debug, Serialize, JsonSchema)]
pub struct CostBreakdown {
    #[schemars(with = "f64")]
    pub input_cost: crate::prices::PicoDollars,
    #[schemars(with = "f64")]
    pub output_cost: crate::prices::PicoDollars,
    #[schemars(with = "f64")]
    pub cache_read_cost: crate::prices::PicoDollars,
    #[schemars(with = "f64")]
    pub cache_creation_cost: crate::prices::PicoDollars,
    #[schemars(with = "f64")]
    pub reasoning_cost: crate::prices::PicoDollars,
    #[schemars(with = "f64")]
    pub tool_usage_cost: crate::prices::PicoDollars,
    #[schemars(with = "f64")]
    pub total_cost: crate::prices::PicoDollars,
}

/// One try at one deployment.
#[derive(Debug, Serialize, JsonSchema)]
pub struct AttemptRecord {
    pub model_id: String,
    /// LiteLLM's exception class; `null` if the attempt did not fail.
    pub error_class: Option<&'static str>,
    pub error_message: Option<String>,
}

/// Why an exchange failed.
#[derive(Debug, Serialize, JsonSchema)]
pub struct ErrorInformation {
    /// The HTTP status, as a string.
    pub error_code: String,
    /// LiteLLM's exception class.
    pub error_class: &'static str,
    pub error_message: String,
    pub llm_provider: Option<String>,
}

/// One look of a guardrail.
#[derive(Debug, Serialize, JsonSchema)]
pub struct GuardrailInformation {
    pub guardrail_name: String,
    pub guardrail_mode: &'static str,
    /// `success`, `guardrail_intervened` or `guardrail_failed_to_respond`.
    pub guardrail_status: &'static str,
    /// The violation's code.
    pub guardrail_response: Option<String>,
    /// Seconds.
    pub duration: f64,
}

/// What a request hook did.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HookInformation {
    /// As the configuration names it.
    pub name: String,
    /// `proceed`, `change`, `answer`, `refuse` or `failed`.
    pub decision: &'static str,
    /// Seconds.
    pub duration: f64,
}

/// What is about the gateway rather than the exchange.
#[derive(Debug, Serialize, JsonSchema)]
pub struct HiddenParams {
    pub model_id: Option<String>,
    pub api_base: Option<String>,
    /// Milliseconds that the gateway itself took.
    pub litellm_overhead_time_ms: f64,
    /// `provider/model` as configured.
    pub litellm_model_name: Option<String>,
}

/// The schema of [`Record`]; `config/record.schema.json` is its text.
#[must_use]
pub fn schema() -> String {
    let schema = schemars::schema_for!(Record);
    serde_json::to_string_pretty(&schema).unwrap_or_default() + "\n"
}

/// An exchange that has ended, with the data for its record. It shares the bytes of request and answer with the
/// exchange.
pub struct Ended {
    id: Box<str>,
    operation: Operation,
    peer: SocketAddr,
    started_at: SystemTime,
    canonical: Option<Arc<Canonical>>,
    history: History,
    user_agent: Option<Box<str>>,
    /// `turn_off_message_logging`
    hides_text: bool,
}

impl Ended {
    /// Takes the transcript of a stream out of the exchange: only the record needs it.
    pub fn of(exchange: &mut Exchange) -> Self {
        Self {
            id: exchange.id.clone(),
            operation: exchange.operation,
            peer: exchange.peer,
            started_at: exchange.started_at,
            canonical: exchange.canonical.clone(),
            history: exchange.history.take(),
            user_agent: exchange.user_agent.clone(),
            hides_text: exchange.snapshot.settings.general.redact_messages,
        }
    }

    /// Bytes of the request and the answer.
    pub fn bytes(&self) -> usize {
        let request = self.canonical.as_ref().map_or(0, |canonical| canonical.body.len());
        let answer = self.history.answer().map_or(0, bytes::Bytes::len);
        let transcript = self.history.transcript().map_or(0, Transcript::bytes);
        request + answer + transcript
    }
}

impl Record {
    pub fn of(ended: &Ended) -> Self {
        let history = &ended.history;
        let failure = history.ending().and_then(Ending::failure);
        let canonical = ended.canonical.as_deref();
        let deployment = history.last_attempt().map(|attempt| &attempt.candidate.deployment);
        let api_base = deployment.and_then(|deployment| Some(deployment.upstream.as_ref()?.base.to_string()));
        let model_id = deployment.map(|deployment| deployment.settings.id.clone());
        let took = history.took();
        let start_time = seconds(ended.started_at);
        let first = history
            .first_content()
            .map_or(took, |at| at.duration_since(history.started));
        let (usage, cost) = (history.usage(), history.cost());
        let text = |name: &str| canonical.and_then(|canonical| canonical.text(name));
        let notes = canonical.map(|canonical| canonical.notes.facts()).unwrap_or_default();
        let header = |name: &str| canonical.and_then(|canonical| canonical.header(name));
        let hide = ended.hides_text;
        let raw = |name: &str| canonical.and_then(|canonical| canonical.raw(name));
        let messages = ["messages", "prompt", "input"]
            .into_iter()
            .filter(|_| !hide)
            .find_map(raw);
        let response = answer(ended);
        Self {
            id: response
                .as_deref()
                .and_then(answer_id)
                .unwrap_or_else(|| ended.id.to_string()),
            litellm_call_id: ended.id.to_string(),
            trace_id: attributed(&notes, "trace_id")
                .or_else(|| text("litellm_trace_id"))
                .or_else(|| header("x-litellm-trace-id")),
            session_id: attributed(&notes, "session_id")
                .or_else(|| text("litellm_session_id"))
                .or_else(|| header("x-litellm-session-id")),
            call_type: ended.operation.row().call_type,
            stream: canonical.is_some_and(|canonical| canonical.is_streaming),
            status: if failure.is_none() { "success" } else { "failure" },
            status_code: history.ending().map_or(0, Ending::status),
            response_cost: cost.as_ref().map(|cost| cost.total),
            cost_breakdown: cost.as_ref().map(CostBreakdown::of),
            custom_llm_provider: deployment.map(|deployment| deployment.provider.to_string()),
            model: history
                .last_attempt()
                .map(|attempt| attempt.candidate.target.model.clone()),
            model_id: model_id.clone(),
            model_group: canonical.map(|canonical| canonical.group.to_string()),
            api_base: api_base.clone(),
            prompt_tokens: usage.map_or(0, |usage| usage.prompt_tokens),
            completion_tokens: usage.map_or(0, |usage| usage.completion_tokens),
            total_tokens: usage.map_or(0, |usage| usage.total_tokens),
            usage,
            usage_is_estimated: history.usage_is_estimated(),
            start_time,
            end_time: start_time + took.as_secs_f64(),
            completion_start_time: start_time + first.as_secs_f64(),
            response_time: took.as_secs_f64(),
            attempted_retries: history.retries(),
            attempts: history.attempts().map(AttemptRecord::of).collect(),
            end_user: attributed(&notes, "end_user").or_else(|| text("user")),
            requester_ip_address: ip(ended.peer).to_string(),
            user_agent: ended.user_agent.as_deref().map(str::to_owned),
            request_tags: attributed(&notes, "tags")
                .or_else(|| serde_json::from_str(raw("tags")?.get()).ok())
                .unwrap_or_default(),
            metadata: raw("metadata").map(without_secrets),
            model_parameters: canonical.map_or_else(BTreeMap::new, |canonical| parameters(canonical, hide)),
            messages,
            response: response.filter(|_| !hide),
            error_str: failure.map(|refusal| refusal.message.clone()),
            error_information: failure.map(|refusal| ErrorInformation {
                error_code: refusal.cause.status().to_string(),
                error_class: refusal.cause.class(),
                error_message: refusal.message.clone(),
                llm_provider: deployment.map(|deployment| deployment.provider.to_string()),
            }),
            guardrail_information: history.guardrails().map(GuardrailInformation::of).collect(),
            request_hooks: history.hooks().map(HookInformation::of).collect(),
            hidden_params: HiddenParams {
                model_id,
                api_base,
                litellm_overhead_time_ms: took.saturating_sub(history.upstream_time()).as_secs_f64() * 1e3,
                litellm_model_name: deployment.map(|deployment| deployment.settings.model.clone()),
            },
            seed: canonical.map(|canonical| canonical.seed),
            notes,
        }
    }
}

/// What a plugin says of whom the exchange is counted for; it was granted when it was published.
fn attributed<T: DeserializeOwned>(notes: &BTreeMap<Box<str>, Facts>, name: &str) -> Option<T> {
    let said = notes.values().filter_map(|facts| facts.get(name)).next_back()?;
    serde_json::from_str(said.get()).ok()
}

/// The id that the upstream gave its answer.
fn answer_id(answer: &RawValue) -> Option<String> {
    let answer = answer.get().as_bytes();
    let id = json::member(answer, json::find::root(answer)?.span, "id")?;
    Some(id.text(answer)?.into_owned())
}

/// The whole answer, or the answer joined from the chunks of a stream.
fn answer(ended: &Ended) -> Option<Box<RawValue>> {
    let history = &ended.history;
    if let Some(answer) = history.answer() {
        return RawValue::from_string(String::from_utf8(answer.to_vec()).ok()?).ok();
    }
    let transcript = history.transcript()?;
    serde_json::value::to_raw_value(&transcript.answer(ended.operation)).ok()
}

/// The fields of the request that are not for the gateway and have no field of their own in the record. If messages are
/// hidden, all other text is hidden too.
fn parameters(canonical: &Canonical, hide: bool) -> BTreeMap<String, Box<RawValue>> {
    const ELSEWHERE: [&str; 6] = ["model", "messages", "prompt", "input", "metadata", "user"];
    let named = canonical.fields.iter().filter_map(|field| field.name(&canonical.body));
    let kept = named.filter(|name| match Says::of(name) {
        Says::Text(..) => !hide && !ELSEWHERE.contains(&name.as_ref()),
        Says::Nothing => !ELSEWHERE.contains(&name.as_ref()),
        Says::Control | Says::Credential => false,
    });
    kept.filter_map(|name| Some((name.to_string(), without_secrets(canonical.raw(&name)?))))
        .collect()
}

/// What replaces a credential.
const MASK: &str = "****";

/// The same JSON with credentials masked at any depth: tools have headers.
fn without_secrets(json: Box<RawValue>) -> Box<RawValue> {
    fn mask(value: &mut Value) -> usize {
        match value {
            Value::Array(items) => items.iter_mut().map(mask).sum(),
            Value::Object(fields) => {
                let masked = fields.iter_mut().map(|(name, value)| match is_secret(name) {
                    true => {
                        *value = MASK.into();
                        1
                    }
                    false => mask(value),
                });
                masked.sum()
            }
            _ => 0,
        }
    }
    if !json.get().starts_with(['[', '{']) {
        return json;
    }
    let Ok(mut value) = serde_json::from_str(json.get()) else {
        return json;
    };
    match mask(&mut value) {
        0 => json,
        _ => serde_json::value::to_raw_value(&value).unwrap_or(json),
    }
}

fn seconds(time: SystemTime) -> f64 {
    time.duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_secs_f64()
}

impl CostBreakdown {
    fn of(cost: &Cost) -> Self {
        Self {
            input_cost: cost.of_prompt(),
            output_cost: cost.of_completion(),
            cache_read_cost: cost.cache_read,
            cache_creation_cost: cost.cache_write,
            reasoning_cost: cost.reasoning,
            tool_usage_cost: cost.tools,
            total_cost: cost.total,
        }
    }
}

impl AttemptRecord {
    fn of(report: Attempt) -> Self {
        Self {
            model_id: report.candidate.deployment.settings.id.clone(),
            error_class: report.failure.map(|refusal| refusal.cause.class()),
            error_message: report.failure.map(|refusal| refusal.message.clone()),
        }
    }
}

impl HookInformation {
    fn of(report: &HookReport) -> Self {
        Self {
            name: report.name.clone(),
            decision: report.decision,
            duration: report.took.as_secs_f64(),
        }
    }
}

impl GuardrailInformation {
    fn of(report: &GuardrailReport) -> Self {
        Self {
            guardrail_name: report.name.to_string(),
            guardrail_mode: report.mode,
            guardrail_status: report.status,
            guardrail_response: report.code.clone(),
            duration: report.took.as_secs_f64(),
        }
    }
}

#[cfg(test)]
mod tests {
    /// `UPDATE=1` writes the file anew.
    #[test]
    fn the_published_schema_is_that_of_the_type() {
        let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../config/record.schema.json");
        let schema = super::schema();
        if std::env::var_os("UPDATE").is_some() {
            std::fs::write(&path, &schema).unwrap();
        }
        let published = std::fs::read_to_string(&path).unwrap_or_default();
        assert!(
            published == schema,
            "config/record.schema.json is stale: run the tests with UPDATE=1"
        );
    }
}
