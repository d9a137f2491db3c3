//! One adapter case: its deployment, its request, and what must come of it.

mod compare;

use serde::Deserialize;
use serde_json::Map;
use sluice_tests::prelude::*;
use sluice_tests::upstream::Request;

use compare::compare;

/// A case file, and the name of its model group.
pub struct Case {
    group: String,
    file: File,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    about: String,
    #[serde(default = "chat_completions")]
    operation: String,
    deployment: Map<String, Value>,
    #[serde(default)]
    model_info: Map<String, Value>,
    request: Value,
    upstream_request: Option<ExpectedRequest>,
    upstream_answer: Option<UpstreamAnswer>,
    #[serde(default)]
    answer: Expected,
}

fn chat_completions() -> String {
    "chat-completions".into()
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectedRequest {
    method: Option<String>,
    path: Option<String>,
    #[serde(default)]
    headers: Map<String, Value>,
    body: Option<Value>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamAnswer {
    #[serde(default = "ok")]
    status: u16,
    #[serde(default)]
    headers: Map<String, Value>,
    body: Option<Value>,
    text: Option<String>,
    events: Option<Vec<UpstreamEvent>>,
}

fn ok() -> u16 {
    200
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct UpstreamEvent {
    #[serde(default)]
    event: String,
    data: Value,
}

#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Expected {
    body: Option<Value>,
    chunks: Option<Vec<Value>>,
    error: Option<Map<String, Value>>,
}

impl Expected {
    fn is_given(&self) -> bool {
        self.body.is_some() || self.chunks.is_some() || self.error.is_some()
    }

    /// Whether a chunk says more than that it is the assistant's.
    fn has_content(&self) -> bool {
        let has = |chunk: &Value| {
            let delta = chunk["choices"][0]["delta"].as_object();
            chunk["choices"][0]["text"].is_string()
                || delta.is_some_and(|delta| delta.iter().any(|(name, value)| name != "role" && *value != json!("")))
        };
        self.chunks.iter().flatten().any(has)
    }
}

impl Case {
    /// A group has the name of its file; where the case is about a client that says the upstream's own name, that.
    pub fn read(name: &str, document: Value) -> Self {
        let file: File = serde_json::from_value(document).unwrap_or_else(|error| panic!("{name}: not a case: {error}"));
        let model = file.deployment["model"]
            .as_str()
            .and_then(|model| model.split_once('/'));
        let asked = file.request["model"].as_str();
        let group = match (model, asked) {
            (Some((_, model)), Some(asked)) if model == asked => asked.to_owned(),
            _ => name.to_owned(),
        };
        Self { group, file }
    }

    pub fn about(&self) -> &str {
        &self.file.about
    }

    /// The deployment at this upstream, as `model_list` has it. `tokens` is where a Google credential is exchanged.
    pub fn entry(&self, upstream: &Upstream, tokens: &Upstream) -> Value {
        let mut params = self.file.deployment.clone();
        params.insert("api_base".into(), format!("{}{}", upstream.base(), self.base()).into());
        if params.contains_key("vertex_credentials") {
            params.insert("vertex_credentials".into(), user_at(tokens));
        } else {
            params.entry("api_key").or_insert_with(|| UPSTREAM_KEY.into());
        }
        json!({ "model_name": self.group, "litellm_params": params, "model_info": self.file.model_info })
    }

    /// The case's own base from its path on: path and query. Adapters look at the path of a base, which is the provider's own
    /// where the case gives none.
    fn base(&self) -> &str {
        let text = |name: &str| {
            self.file
                .deployment
                .get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
        };
        let base = text("api_base");
        let (host, rest) = base.split_once("://").map_or(("", ""), |(_, rest)| {
            rest.split_at(rest.find('/').unwrap_or(rest.len()))
        });
        let path = rest.trim_end_matches('/');
        match text("model").split_once('/') {
            Some(("gemini", _)) if path.is_empty() && (host.is_empty() || host.ends_with("googleapis.com")) => {
                "/v1beta"
            }
            Some(("vertex_ai" | "vertex_ai_beta", _)) if base.is_empty() => "/v1/projects/p/locations/l",
            _ => path,
        }
    }

    /// What the gateway puts before the adapter's path.
    fn base_path(&self) -> &str {
        self.base().split('?').next().unwrap_or_default()
    }

    /// Runs it and says what is not as expected.
    pub async fn differences(&self, gateway: &Gateway, upstream: &Upstream) -> Vec<String> {
        let mut found = Vec::new();
        let asked_before = upstream.count();
        if let Some(answer) = &self.file.upstream_answer {
            upstream.always(answer.script(self.is_of_aws()));
        }
        let answer = gateway.client().post(self.path(), &self.request()).await;
        let asked = upstream.requests().split_off(asked_before);
        self.check_asked(&asked, &mut found);
        // A case may be of the request alone.
        if self.file.upstream_answer.is_some() || self.file.answer.is_given() {
            self.check_answer(&answer, &mut found);
        }
        found
    }

    fn path(&self) -> &'static str {
        match self.file.operation.as_str() {
            "chat-completions" => "/v1/chat/completions",
            "completions" => "/v1/completions",
            "embeddings" => "/v1/embeddings",
            other => panic!("{}: no operation is called {other}", self.group),
        }
    }

    fn request(&self) -> Value {
        let mut request = self.file.request.clone();
        request["model"] = self.group.clone().into();
        request
    }

    /// Whether the provider's streams are AWS's.
    fn is_of_aws(&self) -> bool {
        let model = self.file.deployment["model"].as_str();
        model.is_some_and(|model| model.starts_with("bedrock") || model.starts_with("sagemaker"))
    }

    fn is_streamed(&self) -> bool {
        self.file.request["stream"] == true
    }

    fn check_asked(&self, asked: &[Request], found: &mut Vec<String>) {
        let Some(expected) = &self.file.upstream_request else {
            if !asked.is_empty() {
                found.push("the upstream was asked, and the case has no upstream_request".into());
            }
            return;
        };
        let [asked] = asked else {
            found.push(format!("the upstream was asked {} times", asked.len()));
            return;
        };
        if let Some(method) = &expected.method {
            compare("upstream_request.method", &json!(method), &json!(asked.method), found);
        }
        if let Some(path) = &expected.path {
            // The gateway does not double a path that the base ends in.
            let path = match self.base_path() {
                base if base.ends_with(path.as_str()) => base.to_owned(),
                base if !base.is_empty() && path.starts_with(base) => path.clone(),
                base => format!("{base}{path}"),
            };
            compare("upstream_request.path", &json!(path), &json!(asked.path), found);
        }
        for (name, value) in &expected.headers {
            compare(
                &format!("upstream_request.headers.{name}"),
                value,
                &json!(asked.header(name)),
                found,
            );
        }
        if let Some(body) = &expected.body {
            compare("upstream_request.body", &self.in_our_group(body), &asked.json(), found);
        }
    }

    /// An expected document in which the model, where it is the client's, has the name that it has here.
    fn in_our_group(&self, document: &Value) -> Value {
        let mut document = document.clone();
        if document
            .get("model")
            .is_some_and(|model| *model == self.file.request["model"])
        {
            document["model"] = self.group.clone().into();
        }
        document
    }

    fn check_answer(&self, answer: &Answer, found: &mut Vec<String>) {
        let expected = &self.file.answer;
        match &expected.error {
            // Before any content has been sent, an error is an answer of its own.
            Some(error) if !expected.has_content() => check_error(error, answer, found),
            Some(_) => self.check_chunks(answer, true, found),
            None if self.is_streamed() && expected.body.is_some() => self.check_text(answer, found),
            None if self.is_streamed() => self.check_chunks(answer, false, found),
            None => self.check_whole(answer, found),
        }
    }

    fn check_whole(&self, answer: &Answer, found: &mut Vec<String>) {
        if answer.status != 200 {
            found.push(format!("status {}: {}", answer.status, answer.text()));
            return;
        }
        let relayed = self
            .file
            .upstream_answer
            .as_ref()
            .and_then(|answer| answer.body.as_ref());
        match self.file.answer.body.as_ref().or(relayed) {
            Some(body) => compare("answer.body", &self.restamped(body), &answer.json(), found),
            None => found.push("the case says neither what the upstream answers nor what the client gets".into()),
        }
    }

    /// Answers name the group that the client asked for.
    fn restamped(&self, document: &Value) -> Value {
        let mut document = document.clone();
        if document.get("model").is_some() {
            document["model"] = self.group.clone().into();
        }
        document
    }

    fn check_chunks(&self, answer: &Answer, ends_in_error: bool, found: &mut Vec<String>) {
        let text = answer.text();
        let data: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
        if data.last() != Some(&"[DONE]") {
            found.push(format!(
                "status {}, no stream that ends with [DONE]: {text}",
                answer.status
            ));
            return;
        }
        let mut chunks: Vec<Value> = data[..data.len() - 1]
            .iter()
            .filter_map(|data| serde_json::from_str(data).ok())
            .collect();
        let has_error = chunks.pop_if(|chunk| chunk.get("error").is_some()).is_some();
        if has_error != ends_in_error {
            found.push(format!(
                "ends in an error: {has_error}, expected {ends_in_error}: {text}"
            ));
        }
        let expected: Vec<Value> = self
            .expected_chunks()
            .iter()
            .map(|chunk| self.restamped(chunk))
            .collect();
        compare("answer.chunks", &json!(expected), &json!(chunks), found);
    }

    /// An upstream that answered whole all the same: the client gets the stream that it asked for.
    fn check_text(&self, answer: &Answer, found: &mut Vec<String>) {
        let text = answer.text();
        let data = text.lines().filter_map(|line| line.strip_prefix("data: "));
        let chunks: Vec<Value> = data.filter_map(|data| serde_json::from_str(data).ok()).collect();
        let expected = &self.file.answer.body.as_ref().expect("asked for where there is one")["choices"][0];
        compare(
            "the stream's text",
            &expected["message"]["content"],
            &json!(openai::text_of(&chunks)),
            found,
        );
        let mut reasons = chunks.iter().map(|chunk| &chunk["choices"][0]["finish_reason"]);
        let reason = reasons.rfind(|reason| reason.is_string());
        compare(
            "finish_reason",
            &expected["finish_reason"],
            reason.unwrap_or(&Value::Null),
            found,
        );
    }

    /// What the adapter gives, without the usage chunk where the client did not ask for it.
    fn expected_chunks(&self) -> Vec<Value> {
        let relayed = || {
            let events = self
                .file
                .upstream_answer
                .as_ref()
                .and_then(|answer| answer.events.as_ref());
            let data = events.into_iter().flatten().map(|event| event.data.clone());
            data.filter(|data| data != "[DONE]").collect()
        };
        let mut chunks: Vec<Value> = self.file.answer.chunks.clone().unwrap_or_else(relayed);
        if self.file.request["stream_options"]["include_usage"] != true {
            chunks.retain(|chunk| chunk["choices"] != json!([]) || chunk["usage"].is_null());
        }
        chunks
    }
}

/// A Google user's credential, as JSON in text.
fn user_at(tokens: &Upstream) -> Value {
    let user = json!({
        "type": "authorized_user",
        "client_id": "id",
        "client_secret": "secret-of-the-client",
        "refresh_token": "refresh-token-of-the-user",
        "token_uri": format!("{}/token", tokens.base()),
    });
    user.to_string().into()
}

/// A failure's fault decides the status; its words reach the client.
fn check_error(error: &Map<String, Value>, answer: &Answer, found: &mut Vec<String>) {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    if let Some(fault) = error.get("fault").and_then(Value::as_str)
        && !statuses(fault).contains(&answer.status)
    {
        found.push(format!("a fault {fault} became {}: {}", answer.status, answer.text()));
    }
    if let Some(message) = error
        .get("message")
        .and_then(Value::as_str)
        .filter(|message| *message != "<any>")
        && !body["error"]["message"]
            .as_str()
            .is_some_and(|said| said.contains(message))
    {
        found.push(format!("the client was not told {message:?}: {}", answer.text()));
    }
    if let Some(parameter) = error.get("parameter") {
        compare("error.param", parameter, &body["error"]["param"], found);
    }
}

/// LiteLLM's statuses for a fault of `wit/0.2.1/provider.wit`.
fn statuses(fault: &str) -> &'static [u16] {
    match fault {
        // A provider's 422 stays one.
        "bad-request" => &[400, 422],
        "context-window-exceeded" | "content-filtered" | "unsupported" => &[400],
        "authentication" => &[401],
        "permission-denied" => &[403],
        "not-found" => &[404],
        "timeout" => &[408],
        "rate-limited" | "quota-exhausted" => &[429],
        "overloaded" => &[503],
        "upstream-error" | "malformed-answer" => &[500, 502],
        other => panic!("wit/0.2.1/provider.wit has no fault {other}"),
    }
}

impl UpstreamAnswer {
    fn script(&self, is_of_aws: bool) -> Script {
        let script = match (&self.body, &self.text, &self.events) {
            (Some(body), ..) => Script::json(self.status, body),
            (None, Some(text), _) if self.status == 200 => Script::segments([text]),
            (None, Some(text), _) => Script::text(self.status, "text/html", text),
            (None, None, Some(events)) if is_of_aws => Script::aws_events(events.iter().map(UpstreamEvent::event)),
            (None, None, Some(events)) => Script::events(events.iter().map(UpstreamEvent::event)),
            (None, None, None) => Script::text(self.status, "text/plain", ""),
        };
        let headers = self
            .headers
            .iter()
            .filter_map(|(name, value)| Some((name, value.as_str()?)));
        headers.fold(script, |script, (name, value)| script.header(name, value))
    }
}

impl UpstreamEvent {
    fn event(&self) -> Event {
        let data = self.data.as_str().map_or_else(|| self.data.to_string(), str::to_owned);
        Event {
            name: self.event.clone(),
            data,
        }
    }
}
