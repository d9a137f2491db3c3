//! The settings of the operator: LiteLLM's keys for `generic_api`
//! (<https://docs.litellm.ai/docs/observability/generic_api>), and a time limit.

use std::collections::BTreeMap;

use serde::Deserialize;
use sluice_sdk::Header;

/// Settings of one webhook. The type has no `Debug`, since most settings may be secret.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Absolute URL to post to. `url` is an alias.
    #[serde(alias = "url")]
    pub(crate) endpoint: String,
    /// Headers to send in addition to `content-type: application/json`, which they may replace. Default: none.
    #[serde(default)]
    headers: Headers,
    /// The form of the request body. Default: `json_array`.
    #[serde(default)]
    pub(crate) log_format: LogFormat,
    /// Time limit from the call to the last byte of the answer, in milliseconds. Default: 0, which means the host's own
    /// limit.
    #[serde(default)]
    pub(crate) timeout_ms: u32,
    /// The outcomes to send. Default: all.
    #[serde(default)]
    pub(crate) event_types: Option<Vec<EventType>>,
    /// Selects the kind of sink in LiteLLM's configuration; it has no effect here.
    #[serde(default, rename = "callback_type")]
    _callback_type: Option<String>,
}

/// The form of the request body.
#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LogFormat {
    /// One request for each batch, with a JSON array.
    #[default]
    JsonArray,
    /// One request for each batch, with one record in each line (<https://github.com/ndjson/ndjson-spec>).
    Ndjson,
    /// One request for each record.
    Single,
}

/// Outcomes of exchanges, under LiteLLM's names.
#[derive(Clone, Copy, Deserialize)]
pub enum EventType {
    #[serde(rename = "llm_api_success")]
    Success,
    #[serde(rename = "llm_api_failure")]
    Failure,
}

impl EventType {
    /// The `status` of records with this outcome.
    pub fn status(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
        }
    }
}

/// An object, or the text `name=value,name=value`, which fits in an environment variable.
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
    /// The host of the endpoint, with its port if it has one.
    ///
    /// # Errors
    /// The endpoint is not an absolute http or https URL.
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

    /// The headers to send, including `content-type`.
    ///
    /// # Errors
    /// A header is invalid. The message has its name but not its value.
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

/// Parses `name=value` pairs separated by commas. A value may contain `=`, as Base64 does.
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

/// A header. Its name and value are checked as far as they could break the request (RFC 9110 §5).
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
