//! Translates non-2xx answers. The SDK reads OpenAI's error format and judges by code and status; this module adds what
//! providers say in other ways.

use serde_json::Value;
use sluice_sdk::{Failure, Fault};

/// Error codes that are more specific than the status, for all providers.
const CODES: [(&str, Fault); 11] = [
    // OpenAI, <https://platform.openai.com/docs/guides/error-codes>
    ("billing_hard_limit_reached", Fault::QuotaExhausted),
    ("billing_not_active", Fault::QuotaExhausted),
    ("model_not_found", Fault::NotFound),
    // Azure OpenAI
    ("DeploymentNotFound", Fault::NotFound),
    // Moonshot, <https://platform.kimi.ai/docs/api/errors>
    ("engine_overloaded_error", Fault::Overloaded),
    ("exceeded_current_quota_error", Fault::QuotaExhausted),
    ("incorrect_api_key_error", Fault::Authentication),
    // Alibaba Cloud Model Studio, <https://www.alibabacloud.com/help/en/model-studio/error-code>
    ("Arrearage", Fault::QuotaExhausted),
    ("DataInspectionFailed", Fault::ContentFiltered),
    ("data_inspection_failed", Fault::ContentFiltered),
    ("InvalidApiKey", Fault::Authentication),
];

/// The numeric codes of Z.ai and BigModel; <https://docs.z.ai/api-reference/api-code>.
const ZAI_CODES: [(&str, Fault); 5] = [
    ("1113", Fault::QuotaExhausted),
    ("1211", Fault::NotFound),
    ("1220", Fault::PermissionDenied),
    ("1261", Fault::ContextWindowExceeded),
    ("1301", Fault::ContentFiltered),
];

/// What servers without an error code say if the prompt is too long, in lower case; in addition to what the SDK knows.
const TOO_LONG: [&str; 7] = [
    // text-generation-inference, and Together's servers
    "`inputs` tokens + `max_new_tokens` must be",
    // llama.cpp, Lemonade
    "exceeds the available context size",
    // Moonshot
    "exceeded model token limit",
    "input token length too long",
    // Model Studio
    "range of input length should be",
    // Databricks, SambaNova
    "exceed context limit",
    "maximum context limit",
];

/// Translates an answer of this provider.
pub fn read(provider: &str, status: u16, body: &[u8]) -> Failure {
    let mut failure = Failure::from_openai(status, body);
    let document: Value = serde_json::from_slice(body).unwrap_or_default();
    read_validation(&document, &mut failure);
    let code = failure.code.as_deref().unwrap_or_default();
    if let Some(fault) = by_code(provider, code)
        .or_else(|| by_document(&document))
        .or_else(|| by_message(failure.fault, &failure.message))
    {
        failure.fault = fault;
    }
    failure
}

fn by_code(provider: &str, code: &str) -> Option<Fault> {
    let own: &[(&str, Fault)] = if matches!(provider, "zai" | "bigmodel") {
        &ZAI_CODES
    } else {
        &[]
    };
    own.iter()
        .chain(&CODES)
        .find(|(name, _)| *name == code)
        .map(|(_, fault)| *fault)
}

/// The fault that the document tells. Azure reports the result of its content filter within the error, OpenRouter that
/// of its moderation next to it. <https://learn.microsoft.com/azure/ai-foundry/openai/concepts/content-filter>,
/// <https://openrouter.ai/docs/errors>
fn by_document(document: &Value) -> Option<Fault> {
    let error = document.get("error")?;
    let inner = error
        .get("innererror")
        .or_else(|| error.get("inner_error"))
        .or_else(|| document.get("innererror"));
    let filtered = inner
        .and_then(|inner| inner.get("code"))
        .is_some_and(|code| code == "ResponsibleAIPolicyViolation");
    let moderated = error.pointer("/metadata/flagged_input").is_some();
    (filtered || moderated).then_some(Fault::ContentFiltered)
}

fn by_message(fault: Fault, message: &str) -> Option<Fault> {
    if fault != Fault::BadRequest {
        return None;
    }
    let message = message.to_ascii_lowercase();
    // xAI answers 400 to an invalid key.
    if message.starts_with("incorrect api key") {
        return Some(Fault::Authentication);
    }
    // OpenAI's reasoning models refuse a prompt with this sentence, under the code `invalid_prompt`.
    if message.contains("your prompt was flagged") {
        return Some(Fault::ContentFiltered);
    }
    TOO_LONG
        .iter()
        .any(|sign| message.contains(sign))
        .then_some(Fault::ContextWindowExceeded)
}

/// Reads validation errors. Servers built on FastAPI (vLLM, Mistral and many others) list them:
/// `{"detail": [{"loc": ["body", "messages"], "msg": "field required"}]}`, sometimes within `message`.
fn read_validation(document: &Value, failure: &mut Failure) {
    let detail = document.get("detail").or_else(|| document.pointer("/message/detail"));
    let Some(first) = detail.and_then(|detail| detail.get(0)) else {
        return;
    };
    let Some(reason) = first.get("msg").and_then(Value::as_str) else {
        return;
    };
    let parameter = first.pointer("/loc/1").and_then(Value::as_str);
    failure.message = parameter.map_or_else(|| reason.to_owned(), |parameter| format!("{parameter}: {reason}"));
    failure.parameter = parameter.map(str::to_owned);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(provider: &str, status: u16, body: &str, fault: Fault) {
        assert_eq!(
            read(provider, status, body.as_bytes()).fault,
            fault,
            "{provider} {status} {body}"
        );
    }

    #[test]
    fn codes_are_read_before_statuses() {
        check(
            "moonshot",
            429,
            r#"{"error":{"type":"exceeded_current_quota_error","message":"m"}}"#,
            Fault::QuotaExhausted,
        );
        check(
            "moonshot",
            429,
            r#"{"error":{"type":"engine_overloaded_error","message":"m"}}"#,
            Fault::Overloaded,
        );
        check(
            "dashscope",
            400,
            r#"{"error":{"code":"Arrearage","message":"m"}}"#,
            Fault::QuotaExhausted,
        );
        check(
            "openai",
            400,
            r#"{"error":{"code":"model_not_found","message":"m"}}"#,
            Fault::NotFound,
        );
    }

    #[test]
    fn numbers_mean_something_only_at_the_provider_that_gives_them() {
        let body = r#"{"error":{"code":"1113","message":"arrears"}}"#;
        check("zai", 429, body, Fault::QuotaExhausted);
        check("openai", 429, body, Fault::RateLimited);
    }

    #[test]
    fn content_filters_are_found_inside_the_error() {
        let inner = r#"{"error":{"code":"invalid_request_error","message":"m","inner_error":{"code":"ResponsibleAIPolicyViolation"}}}"#;
        check("azure", 400, inner, Fault::ContentFiltered);
        let flagged = r#"{"error":{"code":403,"message":"m","metadata":{"reasons":["hate"],"flagged_input":"…"}}}"#;
        check("openrouter", 403, flagged, Fault::ContentFiltered);
        check(
            "openrouter",
            403,
            r#"{"error":{"code":403,"message":"m"}}"#,
            Fault::PermissionDenied,
        );
    }

    #[test]
    fn what_is_no_json_is_judged_by_status() {
        check("openai", 500, "oops", Fault::UpstreamError);
        check("openai", 429, "", Fault::RateLimited);
    }
}
