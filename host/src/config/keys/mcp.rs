//! Entries of `mcp_servers`.

use super::{ANY, BOOL, COUNT, Key, MAP, SECRET, SHARE, Section, Shape, TEXT, TEXTS, Unknown, later};

/// `mcp_servers`.
pub const SERVERS: Shape = Shape::Map(&Shape::Section(&SERVER));

pub static SERVER: Section = Section {
    name: "mcp_servers.*",
    keys: &[KEYS],
    required: &[],
    unknown: Unknown::Warned,
};

const PART: &str = "MCP";

#[rustfmt::skip] // One key a row.
const KEYS: &[Key] = &[
    later(PART, "url", TEXT, "The server's address."),
    later(PART, "transport", Shape::Word(&["http", "sse", "stdio"]), "How it is spoken to; default `http`."),
    later(PART, "spec_path", TEXT, "OpenAPI document whose operations become tools."),
    later(PART, "command", TEXT, "Program to run for `stdio`."),
    later(PART, "args", TEXTS, "Its arguments."),
    later(PART, "env", MAP, "Its environment."),
    later(PART, "description", TEXT, "What it is for."),
    later(PART, "alias", TEXT, "Another name."),
    later(PART, "auth_type", TEXT, "How the gateway proves itself: `none`, `api_key`, `bearer_token`, `oauth2` and others."),
    later(PART, "auth_value", SECRET, "What it proves itself with."),
    later(PART, "authentication_token", SECRET, "What it proves itself with."),
    later(PART, "static_headers", MAP, "Headers of every request."),
    later(PART, "extra_headers", TEXTS, "Clients' headers that are forwarded."),
    later(PART, "allowed_tools", TEXTS, "Tools that may be called."),
    later(PART, "disallowed_tools", TEXTS, "Tools that may not."),
    later(PART, "allowed_params", MAP, "Parameters that may be given, by tool."),
    later(PART, "access_groups", TEXTS, "Groups through which keys may use it."),
    later(PART, "allow_all_keys", BOOL, "Every key may use it; default false."),
    later(PART, "available_on_public_internet", BOOL, "Served to public addresses too."),
    later(PART, "client_id", TEXT, "OAuth client."),
    later(PART, "client_secret", SECRET, "OAuth secret."),
    later(PART, "scopes", TEXTS, "OAuth scopes."),
    later(PART, "authorization_url", TEXT, "Where people consent."),
    later(PART, "token_url", TEXT, "Where tokens are had."),
    later(PART, "registration_url", TEXT, "Where clients are registered."),
    later(PART, "token_exchange_*", ANY, "OAuth token exchange."),
    later(PART, "aws_*", ANY, "AWS signing."),
    later(PART, "timeout", SHARE, "Seconds a call may take."),
    later(PART, "rpm", COUNT, "Calls a minute."),
    later(PART, "max_concurrent_requests", COUNT, "Calls at once."),
    later(PART, "mcp_info", MAP, "Listing, and costs by tool."),
    later(PART, "allow_sampling", BOOL, "It may ask for completions; default false."),
];
