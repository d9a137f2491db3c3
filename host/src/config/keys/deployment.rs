//! `litellm_params` of a deployment: where it is, what it may take, how it fails. Credentials and connection details are
//! in [`super::endpoint`], request parameters in [`super::request`], prices in [`super::pricing`].

use super::{AMOUNT, BOOL, COUNT, Key, LIST, MAP, SECONDS, SHARE, Section, Shape, TEXT, TEXT_OR_TEXTS, TEXTS, URL};
use super::{ANY, Unknown, endpoint, inert, later, on, pricing, request};

pub static SECTION: Section = Section {
    name: "litellm_params",
    keys: &[
        TYPED,
        endpoint::CREDENTIALS,
        endpoint::PARAMETERS,
        request::KEYS,
        FAMILIES,
        pricing::RATES,
        pricing::FAMILIES,
    ],
    required: &["model"],
    unknown: Unknown::Passed,
};

/// Rows that [`crate::config::settings::Deployment`] has a field for; the others become its parameters.
#[rustfmt::skip] // One key a row.
pub const TYPED: &[Key] = &[
    on("model", TEXT, "`provider/name`; what follows the provider is sent upstream. A bare known name infers its provider."),
    on("custom_llm_provider", TEXT, "The provider, when `model` does not begin with it."),
    on("api_base", URL, "The upstream's base URL; default: the provider's own."),
    on("base_url", URL, "Another name of `api_base`."),
    on("timeout", SECONDS, "Seconds an attempt may take to the last byte of a whole answer; default: the router's."),
    on("request_timeout", SECONDS, "As `timeout`, which takes precedence."),
    on("stream_timeout", SECONDS, "Seconds an attempt may take to the first content of a streamed answer; default: `timeout`."),
    on("num_retries", COUNT, "Retries when the first attempt went to this deployment; default: the router's."),
    on("cooldown_time", SHARE, "Seconds out of service after failures, whatever an answer's `Retry-After` says; 0 for never. Default: the router's."),
    on("allowed_fails", COUNT, "Failures it may have within its cooldown's time; default: the router's."),
    on("weight", SHARE, "Share of the group's traffic under `simple-shuffle`."),
    on("order", COUNT, "Priority level: the lowest is tried first, the others when it fails, whatever the strategy; deployments without one come last."),
    on("rpm", COUNT, "Requests a minute it takes; strategies read it."),
    on("tpm", COUNT, "Tokens a minute it takes; strategies read it."),
    on("tag_regex", TEXT_OR_TEXTS, "Under `enable_tag_filtering`, requests come here whose `User-Agent: …` one of these regular expressions finds."),
    on("mock_response", Shape::Either(&[TEXT, MAP]), "Answers with this text, or the JSON of this mapping, without an upstream."),
    on("litellm_credential_name", TEXT, "Takes parameters from this entry of `credential_list`."),
];

/// Everything else that LiteLLM reads here.
#[rustfmt::skip] // One key a row.
pub const FAMILIES: &[Key] = &[
    inert("max_retries", COUNT, "the gateway retries itself: use `num_retries`", "Retries of LiteLLM's client library."),
    on("headers", MAP, "Headers sent upstream, where the provider's adapter takes them."),
    on("extra_headers", MAP, "Headers added to what is sent upstream, where the adapter takes them; they take precedence over `headers`."),
    on("extra_body", MAP, "Fields added to the body sent upstream, where the adapter takes them."),
    on("extra_query", MAP, "Query parameters added to the URL, where the adapter takes them."),
    later("rate limits of deployments", "itpm", AMOUNT, "Input tokens a minute."),
    later("rate limits of deployments", "otpm", AMOUNT, "Output tokens a minute."),
    later("rate limits of deployments", "rpd", AMOUNT, "Requests a day."),
    later("rate limits of deployments", "tpd", AMOUNT, "Tokens a day."),
    later("rate limits of deployments", "daily_reset_time", TEXT, "When the day of `rpd` and `tpd` begins."),
    later("rate limits of deployments", "max_parallel_requests", AMOUNT, "Attempts under way at once."),
    later("rate limits of deployments", "default_api_key_tpm_limit", AMOUNT, "Tokens a minute of each virtual key here."),
    later("rate limits of deployments", "default_api_key_rpm_limit", AMOUNT, "Requests a minute of each virtual key here."),
    later("service tiers", "timeout_by_service_tier", Shape::Map(&SECONDS), "Seconds of `timeout`, by service tier."),
    later("service tiers", "stream_timeout_by_service_tier", Shape::Map(&SECONDS), "Seconds of `stream_timeout`, by service tier."),
    on("tags", TEXTS, "Under `enable_tag_filtering`, requests with these tags come here; `default` stands for those without."),
    on("region_name", TEXT, "Where it runs, for `allowed_model_region`; default: what its provider's parameter says (`vertex_location`, `aws_region_name`, …)."),
    later("budgets", "max_budget", SHARE, "US dollars it may spend in `budget_duration`."),
    later("budgets", "budget_duration", Shape::Period, "Period of `max_budget`."),
    on("drop_params", BOOL, "Drops parameters the provider does not take, here only; default `litellm_settings.drop_params`."),
    on("additional_drop_params", TEXTS, "Fields of requests that this deployment never gets, or paths into them (`tools[*].x`); a request may name more."),
    on("allowed_openai_params", TEXTS, "Parameters to pass on whatever the provider is known to take."),
    later("parameter hygiene by deployment", "modify_params", BOOL, "Lets requests be patched to please the provider."),
    later("mock answers", "mock_tool_calls", LIST, "Answers with these tool calls."),
    later("mock answers", "mock_timeout", BOOL, "Lets the attempt time out."),
    later("reasoning in content", "merge_reasoning_content_in_choices", BOOL, "Puts reasoning into the content, in `<think>`; default false."),
    later("credentials from clients", "configurable_clientside_auth_params", LIST, "Connection parameters a client may set itself."),
    later("pass-through", "use_in_pass_through", BOOL, "Its key serves pass-through routes; default false."),
    later("mirroring", "silent_model", TEXT, "A second group that gets a copy of each request."),
    later("stream comments", "keepalive_seconds", SECONDS, "Seconds between comments on a quiet stream."),
    later("stream comments", "allow_client_keepalive_override", BOOL, "Lets the client choose `keepalive_seconds`; default false."),
    later("endpoint bridges", "use_chat_completions_api", BOOL, "Serves Responses through chat completions."),
    later("endpoint bridges", "use_litellm_proxy", BOOL, "Speaks to another LiteLLM proxy."),
    later("affinity", "provider_affinity_header", TEXT, "Header that keeps a session at one provider."),
    later("the files API", "max_file_size_mb", SHARE, "Largest upload, MiB."),
    later("guardrails of deployments", "guardrails", TEXTS, "Guardrails for requests to this deployment."),
    later("prompt caching", "cache_control_injection_points", LIST, "Where cache marks are put into prompts."),
    later("prompt management", "prompt_id", TEXT, "Prompt to use."),
    later("prompt management", "prompt_variables", MAP, "Values for the prompt's variables."),
    later("batches", "s3_*", TEXT, "S3 storage of batch files."),
    later("batches", "gcs_bucket_name", TEXT, "Google storage of batch files."),
    later("routers as models", "auto_router_*", ANY, "A model that chooses by meaning."),
    later("routers as models", "complexity_router_*", ANY, "A model that chooses by complexity."),
    later("routers as models", "adaptive_router_*", ANY, "A model that learns to choose."),
    later("routers as models", "quality_router_*", ANY, "A model that chooses by quality."),
    later("vector stores", "vector_store_id", TEXT, "Vector store to search."),
    later("vector stores", "vector_store_ids", TEXTS, "Vector stores to search."),
    later("vector stores", "milvus_*", ANY, "Milvus connection."),
    later("vector stores", "valkey_*", ANY, "Valkey connection."),
    inert("model_info", MAP, "it belongs beside `litellm_params`", "Facts about the model."),
];
