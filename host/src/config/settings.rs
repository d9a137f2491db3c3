//! What the configuration means: names resolved, defaults filled, secrets fetched. Only these types reach the exchange
//! path; what was written, and where, stays in [`super::tree`] and [`super::keys`].

mod resilience;

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use regex::RegexSet;

pub use resilience::{
    Breaker, ByKind, Cooldowns, Fallbacks, GroupTargets, HealthChecks, OwnHealthCheck, Retries, Tags, Target,
};

use super::Secret;

/// Everything the gateway runs by. Immutable: a reload makes a new one.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `model_list`, in the order of the file.
    pub deployments: Vec<Deployment>,
    /// `router_settings.model_group_alias`.
    pub aliases: BTreeMap<String, Alias>,
    /// Groups of deployments that were left out, for what is wrong with them.
    pub left_out_groups: Vec<String>,
    pub router: Router,
    pub health_checks: HealthChecks,
    pub general: General,
    /// Top-level `guardrails`, and those nested under `litellm_settings`.
    pub guardrails: Vec<Guardrail>,
    /// `callbacks`, `success_callback` and `failure_callback`, one entry a name.
    pub callbacks: Vec<Callback>,
    pub plugins: Plugins,
    pub server: Server,
    pub upstream: Upstream,
    /// `sluice.decisions`; `None` where choices are not recorded.
    pub decisions: Option<Decisions>,
    /// `environment_variables`: what a provider's own variables (`OPENAI_API_KEY`, …) are looked up in before the
    /// environment of the process. Nothing of it is exported.
    pub environment: BTreeMap<String, Secret>,
}

/// One configured provider + model + credential + limits, serving a model group.
#[derive(Debug, Clone)]
pub struct Deployment {
    /// `model_info.id`, or the first 32 hex digits of SHA-256 over group and written parameters: stable across reloads.
    pub id: String,
    /// `model_name`; may contain `*`.
    pub group: String,
    /// `litellm_params.model` as written, such as `azure/gpt-4o`.
    pub model: String,
    /// `custom_llm_provider`, when given.
    pub provider: Option<String>,
    /// `api_base` or `base_url`, without a final slash.
    pub api_base: Option<String>,
    /// Parameters that hold credentials (`api_key`, `azure_ad_token`, …). They never cross into a guest.
    pub credentials: BTreeMap<String, Secret>,
    /// All other parameters, as JSON text of each value: what an adapter may read.
    pub parameters: BTreeMap<String, Box<str>>,
    /// Request parameters (`temperature`, `max_tokens`, …) that apply where the client gives none, as JSON text.
    pub defaults: BTreeMap<String, Box<str>>,
    /// Per attempt, to the last byte of a whole answer.
    pub timeout: Option<Duration>,
    /// Per attempt, to the first content of a streamed answer.
    pub stream_timeout: Option<Duration>,
    pub num_retries: Option<u32>,
    /// `cooldown_time`: 0 keeps it in service whatever happens.
    pub cooldown_time: Option<Duration>,
    pub allowed_fails: Option<u32>,
    pub weight: Option<f64>,
    pub order: Option<u32>,
    pub rpm: Option<u32>,
    pub tpm: Option<u32>,
    /// `tag_regex`: under `enable_tag_filtering`, requests come here whose `User-Agent: …` one of them finds.
    pub tag_regex: Option<RegexSet>,
    /// Answers without an upstream.
    pub mock_response: Option<String>,
    pub health_check: OwnHealthCheck,
    /// `model_info`, as JSON text of each value.
    pub info: BTreeMap<String, Box<str>>,
    /// `file:line` where it stands.
    pub at: Box<str>,
}

/// What a name of `model_group_alias` stands for.
#[derive(Debug, Clone, PartialEq)]
pub enum Alias {
    /// Another group; a hidden one is not listed by `/v1/models`.
    Group { model: String, hidden: bool },
    /// (model or group, weight) pairs: traffic is split over them.
    Weighted(Vec<(String, f64)>),
}

/// Who ranks a model group's deployments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ranking {
    /// `routing_strategy`, default `simple-shuffle`; a plugin's name.
    pub strategy: String,
    /// `routing_strategy_args`, JSON: the strategy's settings.
    pub args: Box<str>,
}

impl Default for Ranking {
    fn default() -> Self {
        Self {
            strategy: super::names::DEFAULT_STRATEGY.to_owned(),
            args: "{}".into(),
        }
    }
}

#[derive(Debug, Clone)]
pub struct Router {
    pub ranking: Ranking,
    /// `routing_groups`, by model; it takes precedence over `ranking`.
    pub group_rankings: BTreeMap<String, Ranking>,
    pub retries: Retries,
    pub cooldowns: Cooldowns,
    pub fallbacks: Fallbacks,
    pub tags: Tags,
    /// `enable_pre_call_checks`, default false: deployments that a request does not fit are left out.
    pub checks_fit: bool,
    /// `enable_mid_stream_fallback_continuation`, default true: a broken stream goes on at another deployment.
    pub continues_streams: bool,
    /// Per attempt. `litellm_settings.request_timeout` over `router_settings.timeout`, default 6000 s.
    pub timeout: Duration,
    /// Per attempt, to the first content of a stream; default `timeout`.
    pub stream_timeout: Option<Duration>,
    /// `litellm_settings.drop_params`, default false.
    pub drop_params: bool,
}

#[derive(Debug, Clone)]
pub struct General {
    /// `general_settings.master_key`, or `LITELLM_MASTER_KEY`.
    pub master_key: Option<Secret>,
    /// `litellm_settings.turn_off_message_logging`: records carry no text.
    pub redact_messages: bool,
    /// `litellm_settings.always_include_stream_usage` or `general_settings.…`: the usage chunk reaches every client.
    pub always_include_stream_usage: bool,
    /// `litellm_settings.require_auth_for_metrics_endpoint`, default true.
    pub metrics_need_key: bool,
    /// `sluice.restamp_model`, default true: answers name the model group the client asked for, as LiteLLM's do.
    pub restamp_model: bool,
    /// `general_settings.return_wildcard_routes`, default false: `/v1/models` lists wildcards as they are written too.
    pub lists_wildcards: bool,
    /// `general_settings.expose_fallback_errors_to_caller`, default false: clients may ask what they fell back from.
    pub tell_fallback_errors: bool,
    /// `general_settings.dangerously_permit_weak_or_unset_master_key`, default false: without a master key the gateway
    /// may listen on other addresses than loopback.
    pub serve_without_key: bool,
}

/// `sluice.decisions`: choices are recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decisions {
    /// Relative to the configuration file.
    pub file: PathBuf,
    /// From there on the file begins anew, and the one before it is kept as `.1`; default 1 GiB.
    pub bytes_max: u64,
}

/// When a guardrail looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    PreCall,
    DuringCall,
    PostCall,
    LoggingOnly,
}

#[derive(Debug, Clone)]
pub struct Guardrail {
    /// `guardrail_name`: what clients ask for and headers report.
    pub name: String,
    /// `litellm_params.guardrail`: a plugin's name. `litellm_content_filter` means `content-filter`; LiteLLM's other
    /// names become kebab-case, `openai_moderation` `openai-moderation`.
    pub plugin: String,
    pub modes: Vec<Mode>,
    /// Applies to every exchange; default false, true where nested under `litellm_settings`.
    pub default_on: bool,
    /// `fail_on_error: false` or `unreachable_fallback: fail_open`; default false: closed.
    pub fail_open: bool,
    /// `unseen: block`: what holds media that it does not look at is refused; default false.
    pub blocks_unseen: bool,
    /// What remains of `litellm_params`, JSON: the plugin's settings.
    pub settings: Box<str>,
    pub line: u32,
}

#[derive(Debug, Clone)]
pub struct Callback {
    /// As named in the list.
    pub name: String,
    /// The plugin that serves it: `callback_settings.<name>.callback_type`, else the name itself.
    /// `generic_api` means `webhook`; LiteLLM's other names become kebab-case.
    pub plugin: String,
    pub on_success: bool,
    pub on_failure: bool,
    /// What remains of `callback_settings.<name>`, JSON: the plugin's settings.
    pub settings: Box<str>,
    pub line: u32,
}

/// `sluice.plugins` and `sluice.plugin_directory`.
#[derive(Debug, Clone, Default)]
pub struct Plugins {
    /// Components here add to the bundled ones and override them by name. Relative to the configuration file;
    /// default `plugins`. It may be missing.
    pub directory: PathBuf,
    /// Directory for compiled code; default `$XDG_CACHE_HOME/sluice` or `~/.cache/sluice`.
    pub cache_directory: Option<PathBuf>,
    /// By plugin name.
    pub by_name: BTreeMap<String, Plugin>,
    /// `sluice.pagemap_scan`, default true: faster fresh instances on Linux 6.7 or later. Turn it off on machines that
    /// swap and serve hostile tenants (wasmtime issue 14357).
    pub pagemap_scan: bool,
}

/// How far instances are shared between exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Isolation {
    /// An instance that has read one client's content serves no other exchange.
    #[default]
    Exchange,
    /// Instances are kept whatever they have read: the operator's choice.
    Shared,
    /// A fresh instance for every call.
    Call,
}

/// `sluice.plugins.<name>`. `None` means the default of the plugin's kind.
#[derive(Debug, Clone, Default)]
pub struct Plugin {
    /// JSON object; keys of a guardrail's or callback's own entry take precedence.
    pub settings: Option<Box<str>>,
    /// `host`, `host:port`, `*.domain`, each may begin with `http://` to allow plain text.
    pub outbound: Vec<String>,
    /// Parameters of deployments that it may read although nobody knows what they hold.
    pub parameters: Vec<String>,
    pub isolation: Isolation,
    /// Guest time a call.
    pub time_limit: Option<Duration>,
    /// Linear memory of one instance, bytes.
    pub memory_limit: Option<u64>,
    /// Calls an instance serves before it is replaced.
    pub calls_max: Option<u32>,
    /// `enabled: false` leaves the plugin unloaded.
    pub disabled: bool,
}

/// `sluice.server`: limits toward clients.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Server {
    /// Default: `--workers`, else one a core.
    pub workers: Option<usize>,
    /// Request line and headers together; default 64 KiB.
    pub header_bytes_max: usize,
    /// Default 50 MiB; `general_settings.max_request_size_mb` where given.
    pub body_bytes_max: usize,
    /// Nesting of a JSON body; default 128.
    pub json_depth_max: usize,
    /// Open client connections; further ones wait. Default 20,000.
    pub connections_max: usize,
    /// From connection (or the end of the exchange before) to the end of the headers; default 30 s.
    pub header_timeout: Duration,
    /// From the headers to the end of the request's body; default 60 s.
    pub body_timeout: Duration,
    /// Silence after which a client that waits for a stream gets the head of its answer, then a comment each time it lasts
    /// as long again; default 5 s.
    pub heartbeat: Option<Duration>,
    /// From a stop that an orchestrator asks for to the end of accepting connections: readiness says no meanwhile. Default 3 s.
    pub drain_delay: Duration,
    /// How long streams may go on after a stop is asked for; default 30 s.
    pub shutdown_timeout: Duration,
    /// `cors_origins`: pages that browsers may call from, where a master key is set; `*` stands for all, which is the default.
    pub cors_origins: Vec<String>,
    /// PEM files; TLS is on when both are given.
    pub tls_certificate: Option<PathBuf>,
    pub tls_key: Option<PathBuf>,
    /// `--host`; may also be set by `sluice.server.host`. Default 127.0.0.1 without a master key, else 0.0.0.0.
    pub host: Option<IpAddr>,
    pub port: Option<u16>,
}

/// `sluice.upstream`: limits toward upstreams.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upstream {
    /// TCP and TLS together; default 10 s.
    pub connect_timeout: Duration,
    /// Silence of an upstream in the middle of a stream, where neither request nor deployment has a `timeout`; default
    /// 300 s.
    pub chunk_timeout: Duration,
    /// Idle connections kept for each upstream and worker; default 256.
    pub idle_connections_max: usize,
    /// Default 90 s.
    pub idle_timeout: Duration,
    /// One event of a stream; default 4 MiB.
    pub event_bytes_max: usize,
    /// A whole answer; default 100 MiB.
    pub answer_bytes_max: usize,
    /// Attempts of one exchange, whatever the retries say; default 16.
    pub attempts_max: u32,
    /// All attempts of one exchange and the waits between them, to the first content; default none.
    pub deadline: Option<Duration>,
    /// PEM file of further root certificates.
    pub ca_file: Option<PathBuf>,
}
