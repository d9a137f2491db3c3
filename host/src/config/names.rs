//! Names that LiteLLM knows and a configuration may use: strategies, guardrails, callbacks, providers. A name that no
//! loaded plugin provides but stands here is accepted and not yet in effect; one that stands nowhere is a mistake.

/// The plugin that serves a strategy: LiteLLM has two generations of one.
pub fn strategy_plugin(name: &str) -> &str {
    match name {
        "usage-based-routing" => "usage-based-routing-v2",
        other => other,
    }
}

/// The strategy where none is configured, and for when another fails.
pub const DEFAULT_STRATEGY: &str = "simple-shuffle";

/// `router_settings.routing_strategy`.
pub(super) const STRATEGIES: &[&str] = &[
    "simple-shuffle",
    "least-busy",
    "usage-based-routing",
    "usage-based-routing-v2",
    "latency-based-routing",
    "cost-based-routing",
    "lar1",
];

/// `guardrails[].litellm_params.guardrail`.
#[rustfmt::skip] // A list of words.
pub(super) const GUARDRAILS: &[&str] = &[
    "aporia", "bedrock", "dynamoai", "guardrails_ai", "lakera", "lakera_v2", "presidio", "hide-secrets", "hiddenlayer",
    "aim", "cato_networks", "pangea", "crowdstrike_aidr", "lasso", "pillar", "grayswan", "panw_prisma_airs",
    "cisco_ai_defense", "azure/prompt_shield", "azure/text_moderations", "model_armor", "openai_moderation", "noma",
    "noma_v2", "tool_permission", "zscaler_ai_guard", "javelin", "enkryptai", "ibm_guardrails",
    "litellm_content_filter", "mcp_security", "onyx", "promptguard", "xecguard", "prompt_security",
    "generic_guardrail_api", "qualifire", "custom_code", "ovalix", "microsoft_purview", "semantic_guard",
    "mcp_end_user_permission", "block_code_execution", "akto", "mcp_jwt_signer", "llm_as_a_judge", "deepkeep",
    "qostodian_nexus", "rubrik", "vigil_guard", "repelloai", "singulr", "headroom", "compresr", "typesafe", "straiker",
    "alice", "reco", "agent_365", "llm_shield_proxy", "conduct", "airia", "wingback", "decision_model",
];

/// `callbacks`, `success_callback`, `failure_callback`.
#[rustfmt::skip] // A list of words.
pub(super) const CALLBACKS: &[&str] = &[
    "lago", "openmeter", "logfire", "literalai", "litellm_agent", "dynamic_rate_limiter", "dynamic_rate_limiter_v3",
    "langsmith", "prometheus", "otel", "datadog", "datadog_metrics", "datadog_llm_observability", "galileo",
    "braintrust", "arize", "arize_phoenix", "langtrace", "gcs_bucket", "azure_storage", "opik", "argilla", "mlflow",
    "langfuse", "langfuse_otel", "weave_otel", "pagerduty", "humanloop", "azure_sentinel", "gcs_pubsub", "agentops",
    "anthropic_cache_control_hook", "generic_api", "resend_email", "sendgrid_email", "smtp_email", "deepeval", "s3_v2",
    "clickhouse", "pointfive", "zerobus", "aws_sqs", "vector_store_pre_call_hook", "dotprompt", "bitbucket", "gitlab",
    "cloudzero", "focus", "mavvrik", "vantage", "ternary", "posthog", "levo", "compression_interception", "newrelic",
    "signoz", "rubrik", "websearch_interception", "code_interpreter_interception", "athina", "dynamodb", "greenscale",
    "helicone", "lunary", "promptlayer", "s3", "sentry", "slack", "supabase", "traceloop", "wandb", "email", "webhook",
    "sumologic", "ramp", "detect_prompt_injection", "llamaguard_moderations", "azure_content_safety", "hide_secrets",
    "banned_keywords", "blocked_user_check",
];

/// A callback's plugin, a setting under each of its names, and the variables that LiteLLM reads it from.
pub const CALLBACK_VARIABLES: &[(&str, &[&str], &[&str])] = &[(
    "webhook",
    &["endpoint", "url"],
    &["GENERIC_LOGGER_ENDPOINT", "WEBHOOK_URL"],
)];

/// Prefixes of `litellm_params.model` that LiteLLM knows.
#[rustfmt::skip] // A list of words.
pub const PROVIDERS: &[&str] = &[
    "openai", "azure", "azure_ai", "azure_text", "anthropic", "anthropic_text", "bedrock", "bedrock_mantle",
    "vertex_ai", "vertex_ai_beta", "gemini", "cohere", "cohere_chat", "mistral", "codestral", "text-completion-codestral",
    "text-completion-openai", "ollama", "ollama_chat", "groq", "deepseek", "xai", "together_ai", "fireworks_ai",
    "perplexity", "openrouter", "cerebras", "sambanova", "nvidia_nim", "deepinfra", "moonshot", "dashscope",
    "qwencloud", "qwen_ai_platform", "zai", "bigmodel", "minimax", "volcengine", "hosted_vllm", "vllm", "lm_studio",
    "llamafile", "docker_model_runner", "xinference", "lemonade", "litellm_proxy", "openai_like", "custom_openai",
    "aiohttp_openai", "ai21", "ai21_chat", "novita", "nebius", "nscale", "hyperbolic", "lambda_ai", "featherless_ai",
    "friendliai", "galadriel", "wandb", "v0", "morph", "inception", "vercel_ai_gateway", "cometapi", "edenai",
    "ovhcloud", "amazon_nova", "meta_llama", "heroku", "gradient_ai", "modelscope", "tencent", "compactifai", "aiml",
    "empower", "anyscale", "github", "baseten", "nadir", "opencode_go", "clf_ai_gateway", "datarobot",
    "github_copilot", "chatgpt", "huggingface", "databricks", "snowflake", "watsonx", "watsonx_text", "sagemaker",
    "sagemaker_chat", "cloudflare", "clarifai", "oci", "sap", "replicate", "predibase", "nlp_cloud", "petals",
    "oobabooga", "triton", "bytez", "gigachat", "maritalk", "fal_ai", "ragflow", "langgraph", "langflow", "a2a",
    "scaledown", "gdc", "microsoft_365_copilot", "databricks_agent", "voyage", "jina_ai", "infinity", "deepgram",
    "elevenlabs", "assemblyai", "soniox", "aws_polly", "nvidia_riva", "stability", "recraft", "black_forest_labs",
    "runwayml", "topaz", "publicai", "helicone", "veniceai", "xiaomi_mimo", "scaleway", "synthetic", "apertis",
    "nano-gpt", "poe", "zerogpu", "chutes", "abliteration", "llamagate", "gmi", "sarvam", "charity_engine",
    "aihubmix", "aiand", "crusoe", "darkbloom", "neosantara", "tensormesh", "parasail", "libertai", "empiriolabs",
    "meta", "cognition", "coralbricks", "cortecs", "pinstripes", "scx-ai", "prism", "hostinger_router", "sail", "reka",
    "openinfer", "inferenceapis", "refuseless", "kyma", "streamlake", "auto_router", "sagemaker_nova", "langfuse",
    "humanloop", "dotprompt",
    "a2a_agent", "aws_textract", "azure_speech", "bespoke", "cursor", "custom", "eu_jev", "laya", "litellm_agent",
    "manus", "milvus", "mongodb", "nace", "opensearch", "pg_vector", "reducto", "s3_vectors", "strands_decider",
    "text-completion-inception", "transcribe", "typesafe", "valkey",
];

/// Which plugin serves a guardrail named as LiteLLM names it. Plugin names are kebab-case.
pub(super) fn guardrail_plugin(name: &str) -> String {
    match name {
        "litellm_content_filter" => "content-filter".to_owned(),
        _ => plugin_name(name, GUARDRAILS),
    }
}

/// Which plugin serves a callback named as LiteLLM names it.
pub(super) fn callback_plugin(name: &str) -> String {
    match name {
        "generic_api" => "webhook".to_owned(),
        _ => plugin_name(name, CALLBACKS),
    }
}

/// LiteLLM's own names become kebab-case; others are plugin names already.
fn plugin_name(name: &str, known: &[&str]) -> String {
    if known.contains(&name) {
        name.replace(['_', '/'], "-")
    } else {
        name.to_owned()
    }
}

/// A path to Python code, such as `custom_guardrail.MyGuardrail`: LiteLLM loads it, a gateway in Rust cannot.
pub(super) fn is_python_path(name: &str) -> bool {
    let mut parts = name.split('.');
    let is_word = |part: &str| {
        part.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
            && part.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
    };
    name.contains('.') && parts.all(is_word)
}

/// Beginnings of model names and the provider they belong to, most telling first: what a bare `model: gpt-4o` means.
const FAMILIES: &[(&str, &str, &str)] = &[
    ("gpt-oss", "", "gpt-oss"),
    ("gpt-", "openai", "GPT"),
    ("chatgpt-", "openai", "GPT"),
    ("ft:gpt-", "openai", "GPT"),
    ("o1", "openai", "GPT"),
    ("o3", "openai", "GPT"),
    ("o4", "openai", "GPT"),
    ("text-embedding-", "openai", "embedding"),
    ("text-embedding-ada", "openai", "embedding"),
    ("omni-moderation", "openai", "moderation"),
    ("text-moderation", "openai", "moderation"),
    ("dall-e", "openai", "image"),
    ("whisper", "openai", "audio"),
    ("tts-", "openai", "audio"),
    ("claude-", "anthropic", "Claude"),
    ("gemini-", "vertex_ai", "Gemini"),
    ("command", "cohere", "Command"),
    ("mistral-", "mistral", "Mistral"),
    ("codestral-", "mistral", "Mistral"),
    ("deepseek-", "deepseek", "DeepSeek"),
    ("grok-", "xai", "Grok"),
    ("llama", "", "Llama"),
    ("qwen", "", "Qwen"),
];

/// The provider of a model written without one; `None` when its name does not tell.
pub fn infer_provider(model: &str) -> Option<&'static str> {
    let begins = |start: &str| {
        let rest = model.strip_prefix(start)?;
        // By whole parts: `o1-mini` is a model of the family, `o1x` is none.
        let is_whole = start.ends_with('-') || rest.chars().next().is_none_or(|next| !next.is_ascii_alphanumeric());
        is_whole.then_some(())
    };
    FAMILIES
        .iter()
        .find(|(start, ..)| begins(start).is_some())
        .map(|(_, provider, _)| *provider)
        .filter(|provider| !provider.is_empty())
}

/// The family a model belongs to by its name, whoever serves it.
pub(super) fn family(model: &str) -> Option<&'static str> {
    let name = model.rsplit('/').next().unwrap_or(model).to_ascii_lowercase();
    // Bedrock writes `anthropic.claude-…`, with a region before it.
    let parts = [
        name.as_str(),
        name.rsplit_once("anthropic.").map_or("", |(_, rest)| rest),
    ];
    FAMILIES
        .iter()
        .find(|(start, ..)| parts.iter().any(|part| part.starts_with(start)))
        .map(|(.., family)| *family)
}

/// The name most like `name`, if one is like it at all.
pub(super) fn nearest<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    among
        .into_iter()
        .map(|candidate| (strsim::normalized_damerau_levenshtein(name, candidate), candidate))
        .filter(|(likeness, _)| *likeness >= 0.6)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}

/// “Did you mean …?”, or nothing.
pub(super) fn did_you_mean<'a>(name: &str, among: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(name, among).map(|candidate| format!("Did you mean `{candidate}`?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn litellm_names_find_their_plugin() {
        assert_eq!(guardrail_plugin("litellm_content_filter"), "content-filter");
        assert_eq!(guardrail_plugin("openai_moderation"), "openai-moderation");
        assert_eq!(guardrail_plugin("my_own"), "my_own");
        assert_eq!(callback_plugin("generic_api"), "webhook");
    }

    #[test]
    fn a_bare_model_tells_its_provider() {
        assert_eq!(infer_provider("gpt-4o"), Some("openai"));
        assert_eq!(infer_provider("claude-3-5-sonnet-20241022"), Some("anthropic"));
        assert_eq!(infer_provider("my-model"), None);
        assert_eq!(infer_provider("o3-mini"), Some("openai"));
        assert_eq!(infer_provider("o3"), Some("openai"));
        assert_eq!(infer_provider("o3x"), None);
        assert_eq!(infer_provider("gpt-oss-120b"), None);
    }

    #[test]
    fn families_are_known_behind_prefixes() {
        assert_eq!(family("bedrock/us.anthropic.claude-3-haiku"), Some("Claude"));
        assert_eq!(family("azure/gpt-4o"), Some("GPT"));
        assert_eq!(family("azure/my-deployment"), None);
    }

    #[test]
    fn python_paths_are_told_from_names() {
        assert!(is_python_path("custom_guardrail.MyGuardrail"));
        assert!(!is_python_path("openai_moderation") && !is_python_path("v1.2"));
    }

    #[test]
    fn the_nearest_name_is_found_or_none() {
        assert_eq!(nearest("num_retires", ["timeout", "num_retries"]), Some("num_retries"));
        assert_eq!(nearest("zzz", ["timeout", "num_retries"]), None);
    }
}
