//! Logging callbacks: the records they get, and what becomes of those that are not taken.

use sluice_tests::client::Stream;
use sluice_tests::prelude::*;
use sluice_tests::schema;

/// A gateway that posts its records.
struct Told {
    gateway: Gateway,
    upstream: Upstream,
    receiver: Upstream,
}

impl Told {
    async fn start() -> Self {
        Self::start_with(json!({}), Config::new()).await
    }

    async fn start_with(settings: Value, config: Config) -> Self {
        let upstream = Upstream::that_answers(openai::says("hello")).await;
        let receiver = Upstream::that_answers(Script::json(200, &json!({}))).await;
        let params = json!({ "model": "openai/gpt-4o-mini", "api_base": format!("{}/v1", upstream.base()) });
        let mut with_endpoint = json!({ "endpoint": format!("{}/in", receiver.base()) });
        for (name, value) in settings.as_object().unwrap() {
            with_endpoint[name] = value.clone();
        }
        let config = config
            .deployment("chat", params)
            .callback("webhook", with_endpoint, &receiver);
        Self {
            gateway: Gateway::start(&config).await,
            upstream,
            receiver,
        }
    }

    /// The records delivered so far, in order.
    fn records(&self) -> Vec<Value> {
        let batches = self.receiver.requests().into_iter().map(|request| request.json());
        batches
            .flat_map(|batch| batch.as_array().cloned().unwrap_or_else(|| vec![batch]))
            .collect()
    }

    /// Waits for this many records.
    async fn told(&self, count: usize) -> Vec<Value> {
        eventually("the records to be delivered", async || {
            let records = self.records();
            (records.len() >= count).then_some(records)
        })
        .await
    }
}

fn published_schema() -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/record.schema.json");
    let text = std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    serde_json::from_str(&text).expect("the schema is JSON")
}

#[tokio::test]
async fn a_record_says_what_happened() {
    let told = Told::start().await;
    let answer = told.gateway.ask("chat", "hi").await;
    let record = told.told(1).await.remove(0);
    assert_eq!(record["litellm_call_id"].as_str(), answer.header("x-litellm-call-id"));
    assert_eq!(
        (&record["status"], &record["model_group"]),
        (&json!("success"), &json!("chat"))
    );
    assert_eq!(record["stream"], json!(false));
    let tokens = ["prompt_tokens", "completion_tokens", "total_tokens"].map(|name| record[name].as_u64());
    assert_eq!(tokens, [Some(11), Some(7), Some(18)]);
    assert_eq!(record["custom_llm_provider"], "openai");
    assert!(record["messages"].to_string().contains("hi"), "{record}");
    assert!(record["response"].to_string().contains("hello"), "{record}");
}

#[tokio::test]
async fn records_follow_the_published_schema() {
    let told = Told::start().await;
    told.gateway.ask("chat", "hi").await;
    told.upstream.then(openai::streams(&["hel", "lo"]));
    told.gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .chunks()
        .await;
    told.upstream.then(openai::rate_limited(1));
    told.gateway.ask("chat", "hi").await;
    told.gateway.ask("unknown", "hi").await;
    let schema = published_schema();
    for record in told.told(4).await {
        assert_eq!(schema::violations(&schema, &record), Vec::<String>::new(), "{record:#}");
    }
}

#[tokio::test]
async fn streams_are_told_with_their_usage_and_text() {
    let told = Told::start().await;
    told.upstream.then(openai::streams(&["hel", "lo"]));
    told.gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .chunks()
        .await;
    let record = told.told(1).await.remove(0);
    assert_eq!((&record["stream"], &record["total_tokens"]), (&json!(true), &json!(18)));
    assert!(record["response"].to_string().contains("hello"), "{record}");
}

#[tokio::test]
async fn failures_and_clients_that_hang_up_are_told_too() {
    let told = Told::start().await;
    told.upstream.then(openai::rate_limited(1));
    told.gateway.ask("chat", "hi").await;
    let gate = Gate::new();
    told.upstream
        .then(Script::events(openai::pieces(&["one"])).then_holds(&gate));
    let mut stream = told
        .gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await;
    stream.text().await;
    drop(stream);
    let records = told.told(2).await;
    let codes: Vec<&str> = records
        .iter()
        .filter_map(|record| record["error_information"]["error_code"].as_str())
        .collect();
    assert_eq!(codes, ["429", "499"], "{records:#?}");
    assert!(records.iter().all(|record| record["status"] == "failure"));
}

#[tokio::test]
async fn what_a_client_had_received_when_it_hung_up_is_accounted() {
    let told = Told::start().await;
    let gate = Gate::new();
    told.upstream
        .then(Script::events(openai::pieces(&["one ", "two "])).then_holds(&gate));
    let mut stream = told
        .gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await;
    stream.text().await;
    drop(stream);
    let record = told.told(1).await.remove(0);
    assert_eq!(record["error_information"]["error_code"], "499", "{record}");
    for name in ["prompt_tokens", "completion_tokens"] {
        assert!(
            record[name].as_u64().is_some_and(|tokens| tokens > 0),
            "{name} of {record:#}"
        );
    }
}

#[tokio::test]
async fn each_exchange_is_told_once() {
    let told = Told::start().await;
    for _ in 0..30 {
        told.gateway.ask("chat", "hi").await;
    }
    let Told { gateway, receiver, .. } = told;
    // A stop delivers what is left, so that nothing can come after this.
    gateway.stop().await;
    let batches: Vec<Value> = receiver.requests().into_iter().map(|request| request.json()).collect();
    let records: Vec<&Value> = batches.iter().flat_map(|batch| batch.as_array().unwrap()).collect();
    let mut ids: Vec<&str> = records
        .iter()
        .filter_map(|record| record["litellm_call_id"].as_str())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!((records.len(), ids.len()), (30, 30));
}

#[tokio::test]
async fn a_failing_endpoint_is_tried_again() {
    let told = Told::start().await;
    told.receiver.then(Script::json(503, &json!({})));
    told.receiver.then(Script::hangs_up());
    told.gateway.ask("chat", "hi").await;
    told.receiver.asked(3).await;
    let records = told.records();
    assert!(
        records.iter().all(|record| record == &records[0]),
        "the same batch, three times"
    );
    eventually("the record to count as delivered", async || {
        let labels = ["outcome=\"delivered\""];
        (told.gateway.metric("sluice_callback_records_total", &labels).await == 1.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn records_that_are_refused_are_dropped_and_counted() {
    let told = Told::start().await;
    told.receiver.always(Script::json(400, &json!({})));
    told.gateway.ask("chat", "hi").await;
    eventually("the drop to be counted", async || {
        let dropped = told
            .gateway
            .metric("litellm_callback_logging_failures_metric_total", &["webhook"])
            .await;
        (dropped == 1.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn an_endpoint_that_is_away_holds_up_no_exchange() {
    let told = Told::start().await;
    let gate = Gate::new();
    told.receiver.always(Script::json(200, &json!({})).held(&gate));
    told.gateway.ask("chat", "first").await;
    told.receiver.asked(1).await;
    for _ in 0..20 {
        assert_eq!(
            told.gateway.ask("chat", "hi").await.content(),
            "hello",
            "while the endpoint holds its answer back"
        );
    }
    gate.open();
    told.told(21).await;
}

#[tokio::test]
async fn headers_of_the_endpoint_are_sent() {
    let settings = json!({ "headers": { "x-team": "llm" }, "log_format": "single" });
    let told = Told::start_with(settings, Config::new()).await;
    told.gateway.ask("chat", "hi").await;
    let request = told.receiver.request().await;
    assert_eq!((request.path.as_str(), request.header("x-team")), ("/in", Some("llm")));
    assert_eq!(request.json()["status"], "success", "one record a request");
}

#[tokio::test]
async fn no_record_holds_a_credential() {
    let told = Told::start_with(json!({}), Config::new().with_key()).await;
    told.gateway
        .client()
        .with("x-api-key", MASTER_KEY)
        .chat(&openai::ask("chat", "hi"))
        .await;
    let echo = format!("Incorrect API key provided: {UPSTREAM_KEY}");
    told.upstream
        .then(Script::json(401, &openai::error("auth", "invalid_api_key", &echo)));
    told.gateway.ask("chat", "hi").await;
    let text = json!(told.told(2).await).to_string();
    assert!(!text.contains(UPSTREAM_KEY) && !text.contains(MASTER_KEY), "{text}");
}

#[tokio::test]
async fn texts_may_be_kept_out_of_records() {
    let settings = Config::new().set("litellm_settings", json!({ "turn_off_message_logging": true }));
    let told = Told::start_with(json!({}), settings).await;
    told.gateway.ask("chat", "a private question").await;
    let record = told.told(1).await.remove(0).to_string();
    assert!(
        !record.contains("private question") && !record.contains("hello"),
        "{record}"
    );
}

#[tokio::test]
async fn success_and_failure_callbacks_are_told_of_their_own() {
    for (key, status) in [("success_callback", "success"), ("failure_callback", "failure")] {
        let told = Told::start_with(json!({}), Config::new()).await;
        let endpoint = format!("{}/in", told.receiver.base());
        let params = json!({ "model": "openai/gpt-4o-mini", "api_base": format!("{}/v1", told.upstream.base()) });
        let config = Config::new()
            .deployment("chat", params)
            .set("litellm_settings", json!({ key: ["webhook"] }))
            .set("callback_settings", json!({ "webhook": { "endpoint": endpoint } }))
            .outbound("webhook", &told.receiver);
        let gateway = Gateway::start(&config).await;
        gateway.ask("chat", "hi").await;
        told.upstream.then(openai::rate_limited(1));
        gateway.ask("chat", "hi").await;
        gateway.stop().await;
        let records = told.records();
        assert_eq!(records.len(), 1, "{key}: {records:#?}");
        assert_eq!(records[0]["status"], status, "{key}");
    }
}

#[tokio::test]
async fn litellms_name_of_the_webhook_means_the_bundled_one() {
    let receiver = Upstream::that_answers(Script::json(200, &json!({}))).await;
    let settings =
        json!({ "my-log": { "callback_type": "generic_api", "endpoint": format!("{}/in", receiver.base()) } });
    let config = Config::new()
        .mock("demo", "hello")
        .set("litellm_settings", json!({ "callbacks": ["my-log"] }))
        .set("callback_settings", settings)
        .outbound("webhook", &receiver);
    let gateway = Gateway::start(&config).await;
    gateway.ask("demo", "hi").await;
    assert_eq!(receiver.request().await.json()[0]["model_group"], "demo");
}

/// A stream that is under way and goes on when the gate opens.
async fn streaming(told: &Told, gate: &Gate) -> Stream {
    let script = Script::events(openai::pieces(&["one"]))
        .then_holds(gate)
        .then_events(openai::ending());
    told.upstream.then(script);
    let mut stream = told
        .gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await;
    assert_eq!(stream.text().await.as_deref(), Some("one"));
    stream
}

#[tokio::test]
async fn what_a_stop_cuts_off_is_told() {
    let told = Told::start().await;
    let gate = Gate::new();
    let _stream = streaming(&told, &gate).await;
    let Told { gateway, receiver, .. } = told;
    gateway.stop().await;
    let [request] = receiver
        .requests()
        .try_into()
        .expect("one batch, before the gateway has stopped");
    let record = &request.json()[0];
    assert_eq!(
        (&record["status"], &record["model_group"]),
        (&json!("failure"), &json!("chat"))
    );
}

#[tokio::test]
async fn a_stream_that_outlives_its_callback_is_told() {
    let told = Told::start().await;
    let gate = Gate::new();
    let stream = streaming(&told, &gate).await;
    let params = json!({ "model": "openai/gpt-4o-mini", "api_base": format!("{}/v1", told.upstream.base()) });
    told.gateway
        .write_config(&Config::new().deployment("chat", params).text());
    eventually("the configuration without callbacks to be in force", async || {
        let labels = ["configuration", "applied"];
        (told.gateway.metric("sluice_reloads_total", &labels).await > 0.0).then_some(())
    })
    .await;
    gate.open();
    stream.chunks().await;
    assert_eq!(told.told(1).await[0]["status"], "success");
}

/// Fields in which a client can send a credential, at the top and in a fallback of its own.
#[tokio::test]
async fn a_clients_credentials_go_no_further_than_the_door() {
    let told = Told::start_with(json!({}), Config::new()).await;
    let mut fields = json!({ "tools": [{ "type": "mcp", "headers": { "Authorization": "Bearer S3CRET" } }],
        "metadata": { "api_key": "S3CRET" } });
    let credentials = [
        "api_key",
        "aws_secret_access_key",
        "aws_session_token",
        "vertex_credentials",
        "azure_ad_token",
        "client_secret",
        "api_kye",
        "apikey",
        "hub_token",
        "extra_headers",
        "litellm_credential_name",
    ];
    for name in credentials {
        fields[name] = "S3CRET".into();
    }
    let mut question = openai::ask("chat", "hi");
    let mut fallback = openai::ask("other", "hi");
    for (name, value) in fields.as_object().unwrap() {
        question[name] = value.clone();
        if credentials.contains(&name.as_str()) {
            fallback[name] = value.clone();
        }
    }
    question["fallbacks"] = json!([fallback, { "chat": [fallback] }]);
    assert_eq!(told.gateway.client().chat(&question).await.status, 200);
    let sent = told.upstream.request().await.json();
    for name in credentials.iter().chain(&["fallbacks"]) {
        assert!(sent.get(*name).is_none(), "{name} was sent upstream");
    }
    let record = told.told(1).await.remove(0).to_string();
    assert!(!record.contains("S3CRET"), "{record}");
}

#[tokio::test]
async fn a_clients_fallbacks_are_not_recorded_where_messages_are_not_logged() {
    let redacts = Config::new().set("litellm_settings", json!({ "turn_off_message_logging": true }));
    let told = Told::start_with(json!({}), redacts).await;
    let mut question = openai::ask("chat", "the plan");
    question["fallbacks"] = json!([openai::ask("chat", "the other plan")]);
    question["temperature"] = 0.5.into();
    assert_eq!(told.gateway.client().chat(&question).await.status, 200);
    let record = told.told(1).await.remove(0);
    assert!(!record.to_string().contains("plan"), "{record}");
    assert_eq!(record["model_parameters"], json!({ "temperature": 0.5 }));
}
