//! Everything an adapter can try in order to learn a credential.

use sluice_sdk::{deployment, exchange};

/// Names under which a credential may be kept.
const CREDENTIALS: [&str; 20] = [
    "api_key",
    "API_KEY",
    "azure_ad_token",
    "client_secret",
    "aws_secret_access_key",
    "vertex_credentials",
    "made_up_secret_key",
    "master_key",
    "note",
    "authorization",
    "jwt",
    "cookie",
    "passwd",
    "pat",
    "connection_string",
    "auth",
    "default_headers",
    "extra_body",
    "extra_query",
    "named_by_the_operator",
];

/// Names under which a client's own key may be found.
const ATTRIBUTES: [&str; 6] = [
    "virtual-key",
    "header.authorization",
    "header.x-api-key",
    "header.cookie",
    "user",
    "metadata.api_key",
];

/// Headers in which an upstream may repeat what it was sent.
const HEADERS: [&str; 6] = [
    "authorization",
    "set-cookie",
    "x-echo-authorization",
    "www-authenticate",
    "proxy-authorization",
    "x-api-key",
];

/// What can be asked while the request is made.
pub fn before_the_answer() -> String {
    let parameters = CREDENTIALS.map(|name| (name, deployment::parameter(name)));
    let attributes = ATTRIBUTES.map(|name| (name, exchange::attribute(name)));
    let variables: Vec<(String, String)> = std::env::vars().collect();
    let arguments: Vec<String> = std::env::args().collect();
    let files = ["/etc/passwd", "/proc/self/environ", "config.yaml", "."].map(|path| std::fs::read(path).is_ok());
    let listed = std::fs::read_dir("/").is_ok();
    format!(
        "parameters={parameters:?} attributes={attributes:?} variables={variables:?} arguments={arguments:?} \
         files={files:?} listed={listed}"
    )
}

/// What can be asked once the upstream has answered.
pub fn after_the_answer() -> String {
    let echoes = HEADERS.map(|name| (name, deployment::response_header(name)));
    format!("{} echoes={echoes:?}", before_the_answer())
}
