//! What the operator sets: LiteLLM's keys for `generic_api`
//! (<https://docs.litellm.ai/docs/observability/generic_api>), and a time limit.

use std::collections::BTreeMap;

use serde::Deserialize;
use sluice_sdk::Header;

/// Settings of one webhook. It prints nothing of itself: most of it may be secret.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Absolute URL to post to. `url` means the same.
    #[serde(alias = "url")]
    pub(crate) endpoint: String,
    /// Headers to send, beside `content-type: application/json` unless one of them says otherwise. Default: none.
    #[serde(default)]
    headers: Headers,
    /// Default: `json_array`.
    #[serde(default)]
    pub(crate) log_format: LogFormat,
    /// From the call to the last byte of the answer, in milliseconds. Default: 0, the host's own limit.
    #[serde(default)]
    pub(crate) timeout_ms: u32,
    /// Which outcomes to send. Default: all.
    #[serde(default)]
    pub(crate) event_types: Option<Vec<EventType>>,
    /// How LiteLLM's configuration says that this is the sink meant; without effect here.
    #[serde(default, rename = "callback_type")]
    _callback_type: Option<String>,
}

/// How records become bodies.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One request a batch: a JSON array.
    #[default]
    JsonArray,
    /// One request a batch: a record a line (<https://github.com/ndjson/ndjson-spec>).
    Ndjson,
    /// One request a record: the record.
    Single,
}

/// Outcomes by LiteLLM's names for them.
#[derive(Clone, Copy, Deserialize)]
pub enum EventType {
    #[serde(rename = "llm_api_success")]
    Success,
    #[serde(rename = "llm_api_failure")]
    Failure,
}

impl EventType {
    /// The `status` of the records it means.
    pub fn status(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// An object, or the text `name=value,name=value` that fits in an environment variable.
#[derive(Deserialize)]
#[serde(untagged)]
enum Headers {
    Object(BTreeMap<String, String>),
    Text(String),
}

impl Default for Headers {
    fn default() -> Self {
        Self::Object(BTreeMap::new())
    }
}

impl Settings {
    /// The endpoint's host, with its port where it has one.
    ///
    /// # Errors
    /// The endpoint is no absolute http or https URL.
    pub fn host(&self) -> Result<&str, String> {
        let rest = self
            .endpoint
            .strip_prefix("https://")
            .or_else(|| self.endpoint.strip_prefix("http://"));
        let authority = rest
            .and_then(|rest| rest.split(['/', '?', '#']).next())
            .unwrap_or_default();
        match authority.rsplit('@').next() {
            Some(host) if !host.is_empty() => Ok(host),
            _ => Err("settings: `endpoint` must be an absolute URL, such as https://logs.example.com/in".into()),
        }
    }

    /// The headers to send, `content-type` among them.
    ///
    /// # Errors
    /// One of them is no header; it is named, its value is not.
    pub fn headers(&self) -> Result<Vec<Header>, String> {
        let mut headers = match &self.headers {
            Headers::Object(pairs) => pairs.iter().map(|(name, value)| header(name, value)).collect(),
            Headers::Text(text) => parse(text),
        }?;
        if !headers
            .iter()
            .any(|header| header.name.eq_ignore_ascii_case("content-type"))
        {
            headers.push(header("content-type", "application/json")?);
        }
        Ok(headers)
    }
}

/// `name=value` pairs separated by commas. Values may hold `=`, as Base64 does.
fn parse(text: &str) -> Result<Vec<Header>, String> {
    let pairs = text.split(',').map(str::trim).filter(|pair| !pair.is_empty());
    let read = |(number, pair): (usize, &str)| match pair.split_once('=') {
        Some((name, value)) => header(name.trim(), value.trim()),
        None => Err(format!(
            "settings: `headers` must be `name=value` pairs; number {} has no `=`",
            number + 1
        )),
    };
    pairs.enumerate().map(read).collect()
}

/// A header field after RFC 9110 §5, as far as it could break the request.
fn header(name: &str, value: &str) -> Result<Header, String> {
    if name.is_empty()
        || !name
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?={}".contains(&byte))
    {
        return Err(format!("settings: `headers` names `{name}`, which is no header name"));
    }
    if value.chars().any(|char| char.is_control() && char != '\t') {
        return Err(format!(
            "settings: the value of header `{name}` holds a line break or another control character"
        ));
    }
    Ok(Header {
        name: name.into(),
        value: value.into(),
    })
}
