//! Who is served, and what answers, records and listings show.

use super::super::Secret;
use super::super::environment::{Environment, Overlay};
use super::super::keys::{BOOL, Key, SECRET, Shape, on};
use super::super::tree::Node;
use super::read::{bool, text, texts};

/// The environment variable that stands in for `general_settings.master_key`.
pub(in crate::config) const MASTER_KEY_VARIABLE: &str = "LITELLM_MASTER_KEY";

#[rustfmt::skip] // One key a row.
pub(in crate::config) const GENERAL: &[Key] = &[
    on("master_key", SECRET, "The key that may do everything; default `LITELLM_MASTER_KEY`. May be absent on loopback."),
    on("dangerously_permit_weak_or_unset_master_key", BOOL, "Serves other hosts without a master key or with a weak one; default false."),
    on("always_include_stream_usage", BOOL, "Sends the usage chunk to every client that streams; default false."),
    on("return_wildcard_routes", BOOL, "`/v1/models` lists wildcards as they are written too, besides the models that are known of their providers; default false."),
    on("expose_fallback_errors_to_caller", BOOL, "A request with `include_fallback_errors: true` gets the errors of the groups tried before in `x-litellm-fallback-errors`; default false."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const LITELLM: &[Key] = &[
    on("turn_off_message_logging", BOOL, "Keeps prompts and answers out of records; default false."),
    on("always_include_stream_usage", BOOL, "Sends the usage chunk to every client that streams; default false."),
    on("require_auth_for_metrics_endpoint", BOOL, "`/metrics` needs a key; default true."),
    on("user_url_allowed_hosts", Shape::List(&Shape::AnyOutbound), "Hosts from which the gateway fetches media that a request names by address, where the provider takes data only: `host`, `host:port`, `*.domain`, `*` for every public host, with `http://` before it for plain text. Default none."),
];

#[rustfmt::skip] // One key a row.
pub(in crate::config) const OWN: &[Key] = &[
    on("restamp_model", BOOL, "Answers name the model group the client asked for, as LiteLLM's do; default true."),
];

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
    /// `litellm_settings.user_url_allowed_hosts`: from where media are fetched that clients name by address; default none.
    pub media_hosts: Vec<String>,
    /// `general_settings.dangerously_permit_weak_or_unset_master_key`, default false: without a master key the gateway
    /// may listen on other addresses than loopback.
    pub serve_without_key: bool,
}

impl General {
    pub(super) fn read(root: &Node, environment: &Overlay<'_>) -> Self {
        let shared = |key| bool(root, &["litellm_settings", key]);
        let usage = "always_include_stream_usage";
        Self {
            master_key: text(root, &["general_settings", "master_key"])
                .or_else(|| environment.variable(MASTER_KEY_VARIABLE))
                .filter(|key| !key.trim().is_empty())
                .map(Secret::new),
            redact_messages: shared("turn_off_message_logging").unwrap_or(false),
            always_include_stream_usage: shared(usage).unwrap_or(false)
                || bool(root, &["general_settings", usage]).unwrap_or(false),
            metrics_need_key: shared("require_auth_for_metrics_endpoint").unwrap_or(true),
            restamp_model: bool(root, &["sluice", "restamp_model"]).unwrap_or(true),
            lists_wildcards: bool(root, &["general_settings", "return_wildcard_routes"]).unwrap_or(false),
            tell_fallback_errors: bool(root, &["general_settings", "expose_fallback_errors_to_caller"])
                .unwrap_or(false),
            media_hosts: root
                .find(&["litellm_settings", "user_url_allowed_hosts"])
                .map(texts)
                .unwrap_or_default(),
            serve_without_key: bool(
                root,
                &["general_settings", "dangerously_permit_weak_or_unset_master_key"],
            )
            .unwrap_or(false),
        }
    }
}
