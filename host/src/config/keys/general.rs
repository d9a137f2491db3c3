//! `general_settings`: the master key, storage and limits of the server.

use super::super::settings::{general, health_checks, server};
use super::{AMOUNT, ANY, BOOL, COUNT, Key, LIST, MAP, SECONDS, SECRET, SHARE, Section, Shape, TEXT, TEXTS, Unknown};
use super::{cache, inert, later};

pub static SECTION: Section = Section {
    name: "general_settings",
    keys: &[
        general::GENERAL,
        server::GENERAL,
        health_checks::GENERAL,
        DATABASE,
        AUTH,
        LIMITS,
        SPEND,
        HEALTH,
        REST,
    ],
    required: &[],
    unknown: Unknown::Warned,
};

#[rustfmt::skip] // One key a row.
const DATABASE: &[Key] = &[
    later("the database", "database_url", SECRET, "PostgreSQL for keys, teams and spend; default none."),
    later("the database", "database_connection_pool_limit", AMOUNT, "Connections; default 10."),
    later("the database", "database_connection_timeout", SHARE, "Seconds to get a connection; default 60."),
    later("the database", "database_connect_timeout", SHARE, "Seconds to connect."),
    later("the database", "database_socket_timeout", SHARE, "Seconds without an answer."),
    later("the database", "database_max_idle_connection_lifetime", SHARE, "Seconds a connection may be idle; default 60."),
    later("the database", "database_disable_prepared_statements", BOOL, "For poolers that cannot keep them."),
    later("the database", "database_extra_connection_params", MAP, "Further connection parameters."),
    later("the database", "database_*", ANY, "Further settings of the database."),
    later("models in the database", "store_model_in_db", BOOL, "Keeps models that are added while running; default false."),
    later("models in the database", "supported_db_objects", TEXTS, "Kinds of objects kept there."),
    later("models in the database", "proxy_config_reload_interval_seconds", SECONDS, "Seconds between looks at the database; default 30. The file itself is watched."),
    later("spend logs", "store_prompts_in_spend_logs", BOOL, "Keeps prompts and answers; default false."),
    later("the default model", "completion_model", TEXT, "Model of requests that name none."),
    later("Redis", "coordination_redis", ANY, "Redis for instances to agree by."),
];

#[rustfmt::skip] // One key a row.
const AUTH: &[Key] = &[
    inert("custom_auth", TEXT, "it names Python code", "Python function that identifies clients."),
    inert("custom_auth_run_common_checks", BOOL, "it belongs to `custom_auth`", "Checks budgets after it."),
    inert("custom_key_generate", TEXT, "it names Python code", "Python function that makes keys."),
    inert("custom_key_update", TEXT, "it names Python code", "Python function that changes keys."),
    inert("custom_key_policy", TEXT, "it names Python code", "Python function that judges keys."),
    inert("custom_sso", TEXT, "it names Python code", "Python function that signs people in."),
    later("JWT", "enable_jwt_auth", BOOL, "Takes signed tokens as keys; default false."),
    later("JWT", "litellm_jwtauth", MAP, "Which claims mean what."),
    later("OAuth 2", "enable_oauth2_auth", BOOL, "Asks an OAuth 2 server about tokens; default false."),
    later("OAuth 2", "enable_oauth2_proxy_auth", BOOL, "Trusts headers of a proxy; default false."),
    later("OAuth 2", "oauth2_config_mappings", MAP, "Which headers mean what."),
    later("key headers", "litellm_key_header_name", TEXT, "Further header that may carry the key."),
    later("route rules", "public_routes", TEXTS, "Routes that need no key."),
    later("route rules", "admin_only_routes", TEXTS, "Routes for the master key only."),
    later("route rules", "allowed_routes", TEXTS, "Routes that are served."),
    later("address rules", "allowed_ips", TEXTS, "Addresses that are served."),
    later("address rules", "use_x_forwarded_for", BOOL, "Takes the address from the header; default false."),
    later("address rules", "trusted_proxy_ranges", TEXTS, "Proxies whose header counts."),
    later("required parameters", "enforce_user_param", BOOL, "Requests must name `user`; default false."),
    later("required parameters", "enforced_params", TEXTS, "Parameters that requests must have."),
    later("customers", "user_header_name", TEXT, "Header that names the customer."),
    later("customers", "user_header_mappings", LIST, "Headers that name user and customer."),
    later("tags", "reject_clientside_metadata_tags", BOOL, "Refuses tags from clients; default false."),
    later("required parameters", "service_account_settings", MAP, "What keys without a user must send."),
    later("credentials from clients", "allow_client_side_credentials", BOOL, "Clients may bring keys; default false."),
    later("virtual keys", "disable_custom_api_keys", BOOL, "Keys cannot be chosen; default false."),
    later("virtual keys", "user_api_key_cache_ttl", SHARE, "Seconds a key is remembered; default 60."),
    later("virtual keys", "user_api_key_cache_max_size", COUNT, "Keys remembered; default 200."),
    later("roles", "role_permissions", LIST, "What roles may do."),
    later("roles", "enforce_rbac", BOOL, "Refuses those without a role; default false."),
    later("the pages", "disable_env_credential_login", BOOL, "No signing in with the environment's password."),
    later("the pages", "password_policy_*", ANY, "What passwords must look like."),
    later("the pages", "failed_login_*", ANY, "What follows failed attempts to sign in."),
];

#[rustfmt::skip] // One key a row.
const LIMITS: &[Key] = &[
    later("admission limits", "max_parallel_requests", AMOUNT, "Exchanges under way for one key."),
    later("admission limits", "global_max_parallel_requests", AMOUNT, "Exchanges under way in all."),
    later("admission limits", "max_in_flight_requests_per_worker", AMOUNT, "Exchanges under way in a worker."),
    later("admission limits", "max_queued_requests_per_worker", COUNT, "Exchanges that may wait in a worker."),
    later("admission limits", "admission_queue_timeout_seconds", SHARE, "Seconds they may wait; default 1."),
    later("answer limits", "max_response_size_mb", SHARE, "Largest answer, MiB; `sluice.upstream.answer_bytes_max` is in effect."),
    later("the files API", "max_file_size_mb", SHARE, "Largest upload, MiB."),
    later("batches", "max_batch_file_*", ANY, "Largest batch file."),
    later("rate limits", "token_rate_limit_type", Shape::Word(&["total", "input", "output"]), "Tokens that count; default `total`."),
    later("rate limits", "fail_closed_rate_limit_enforcement", BOOL, "Refuses when counters cannot be read; default false."),
    later("budgets", "fail_closed_budget_enforcement", BOOL, "Refuses when spend cannot be read; default false."),
    later("budgets", "disable_budget_reservation", BOOL, "Reserves no estimate; default false."),
    later("budgets", "apply_user_budget_to_team_keys", BOOL, "Team keys count for the user too; default false."),
    later("fallbacks", "disable_fallbacks_on_per_model_rate_limits", BOOL, "A rate limit leads nowhere else; default false."),
    later("fallbacks", "enforce_fallback_model_access", BOOL, "Fallbacks must be allowed to the key; default true."),
    inert("cancel_on_disconnect", BOOL, "an exchange always ends when its client hangs up", "Stops when the client is gone."),
];

#[rustfmt::skip] // One key a row.
const SPEND: &[Key] = &[
    later("spend logs", "disable_error_logs", BOOL, "Keeps no record of exchanges that failed; default false."),
    later("virtual keys", "disable_master_key_return", BOOL, "Never shows the master key on the pages; default false."),
    later("spend logs", "disable_spend_logs", BOOL, "Keeps no record of exchanges; default false."),
    later("spend logs", "disable_spend_updates", BOOL, "Counts no spend; default false."),
    later("budgets", "disable_reset_budget", BOOL, "Budgets do not begin anew; default false."),
    later("spend logs", "proxy_batch_write_at", SHARE, "Seconds between writes; default 10."),
    later("budgets", "proxy_budget_rescheduler_min_time", SHARE, "Seconds between resets, at least; default 597."),
    later("budgets", "proxy_budget_rescheduler_max_time", SHARE, "Seconds between resets, at most; default 605."),
    later("batches", "proxy_batch_polling_interval", SHARE, "Seconds between looks at batches."),
    later("spend logs", "maximum_spend_logs_*", ANY, "How long records are kept."),
    later("spend logs", "use_spend_logs_partitioning", BOOL, "Keeps records in partitions."),
    later("spend logs", "spend_logs_metadata_fields", TEXTS, "Metadata kept with records."),
    later("Redis", "use_redis_transaction_buffer", BOOL, "Gathers spend in Redis first; default false."),
    later("spend logs", "accounting_*", ANY, "Durable capture of spend."),
];

#[rustfmt::skip] // One key a row.
const HEALTH: &[Key] = &[
    later("health checks", "use_shared_health_check", BOOL, "Instances share results; default false."),
    later("health checks", "model_list_healthy_only", BOOL, "Lists only models that can be had; default false."),
    later("health checks", "allow_public_health_readiness_details", BOOL, "Shows details without a key; default false."),
    later("draining", "enable_drain_endpoint", BOOL, "A request can ask for draining; default false."),
    later("draining", "drain_endpoint_token", SECRET, "What such a request must carry."),
    later("the database", "allow_requests_on_db_unavailable", BOOL, "Serves on without the database; default false."),
];

#[rustfmt::skip] // One key a row.
const REST: &[Key] = &[
    later("alerting", "alerting", TEXTS, "Where alerts go: `slack`, `webhook`, `email`."),
    later("alerting", "alerting_threshold", SHARE, "Seconds that make a slow answer; default 300."),
    later("alerting", "alert_types", TEXTS, "Which alerts."),
    later("alerting", "alert_to_webhook_url", MAP, "Addresses, by kind of alert."),
    later("alerting", "alert_type_config", MAP, "Settings, by kind of alert."),
    later("alerting", "alerting_args", Shape::Section(&ALERTING_ARGS), "When reports come and what is an outage."),
    later("alerting", "spend_report_frequency", Shape::Period, "How often spend is reported."),
    later("pass-through", "pass_through_endpoints", LIST, "Paths that are passed on."),
    later("pass-through", "pass_through_request_timeout", SECONDS, "Seconds such a request may take."),
    later("pass-through", "enable_openai_websocket_passthrough", BOOL, "Passes WebSockets on; default false."),
    later("MCP", "mcp_*", ANY, "Who may reach MCP servers, and how."),
    later("forwarded headers", "forward_client_headers_to_llm_api", BOOL, "Forwards clients' headers; default false."),
    later("forwarded headers", "forward_openai_org_id", BOOL, "Forwards the organisation; default false."),
    later("forwarded headers", "forward_llm_provider_auth_headers", BOOL, "Forwards clients' own credentials; default false."),
    later("sessions", "missing_session_id", Shape::Word(&["generate", "reject", "omit"]), "What becomes of requests without a session."),
    later("tags", "request_tag_mappings", ANY, "Trace baggage that becomes tags."),
    later("secret managers", "key_management_system", Shape::Word(&["aws_secret_manager", "azure_key_vault", "google_secret_manager", "google_kms", "aws_kms", "hashicorp_vault", "cyberark", "local", "custom"]), "Where `os.environ/NAME` is looked up; the environment is in effect."),
    later("secret managers", "key_management_settings", MAP, "Settings of the secret manager."),
    later("the pages", "ui_access_mode", ANY, "Who may use the pages."),
    later("the pages", "control_plane_url", TEXT, "Where the pages are served."),
    later("Python plugins", "plugins", ANY, "Python plugins; Sluice's own stand under `sluice.plugins`."),
    later("listings", "infer_model_from_keys", BOOL, "Lists models of the keys in the environment."),
    later("the model hub", "enable_public_model_hub", BOOL, "Shows models to everyone."),
    later("tracing", "otel", BOOL, "Sends traces."),
    later("tracing", "tracing", ANY, "Settings of traces."),
    later("error details", "include_call_id_in_error_body", BOOL, "Puts the call's id into errors; default false."),
    later("error details", "expose_router_debug_in_errors", BOOL, "Names groups and fallbacks in errors; default true."),
    later("cache", "cache_params", Shape::Section(&cache::SECTION), "The cache's settings; they belong under `litellm_settings`."),
];

static ALERTING_ARGS: Section = Section {
    name: "general_settings.alerting_args",
    keys: &[ALERTING_ARGS_KEYS],
    required: &[],
    unknown: Unknown::Warned,
};

#[rustfmt::skip] // One key a row.
const ALERTING_ARGS_KEYS: &[Key] = &[
    later("alerting", "daily_report_frequency", SHARE, "Seconds between reports."),
    later("alerting", "report_check_interval", SHARE, "Seconds between looks whether one is due."),
    later("alerting", "budget_alert_ttl", SHARE, "Seconds between two alerts of one budget."),
    later("alerting", "daily_spend_per_user_threshold", SHARE, "US dollars a day that make an alert."),
    later("alerting", "monthly_spend_per_user_threshold", SHARE, "US dollars a month that make an alert."),
    later("alerting", "spend_anomaly_multiplier", SHARE, "Times the usual spend that make an alert; default 3."),
    later("alerting", "*outage*", SHARE, "Failures and seconds that make an outage."),
    later("alerting", "max_outage_alert_list_size", COUNT, "Outages remembered."),
    later("alerting", "log_to_console", BOOL, "Tells alerts in the log too."),
];
