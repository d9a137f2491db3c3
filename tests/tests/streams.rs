//! Streams, and everything an upstream can do to one.

use sluice_tests::prelude::*;

/// A gateway with the group `chat` at this upstream.
async fn before(upstream: &Upstream) -> Gateway {
    Gateway::start(&Config::new().openai("chat", upstream)).await
}

/// What the client gets when the upstream answers this.
async fn chunks_of(script: Script) -> Vec<Value> {
    let upstream = Upstream::that_answers(script).await;
    let gateway = before(&upstream).await;
    gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .chunks()
        .await
}

/// The events of a good answer, on the wire.
fn wire(texts: &[&str], line_end: &str) -> String {
    openai::stream(texts)
        .iter()
        .map(|event| event.framed(line_end))
        .collect()
}

#[tokio::test]
async fn usage_is_asked_for_and_kept_from_a_client_that_did_not_ask() {
    let upstream = Upstream::that_answers(openai::streams(&["hel", "lo"])).await;
    let gateway = before(&upstream).await;
    let chunks = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .chunks()
        .await;
    assert_eq!(
        upstream.request().await.json()["stream_options"],
        json!({ "include_usage": true })
    );
    assert!(
        chunks.iter().all(|chunk| chunk.get("usage").is_none_or(Value::is_null)),
        "{chunks:?}"
    );
    assert!(chunks.iter().all(|chunk| chunk["choices"] != json!([])), "{chunks:?}");
    let counted = gateway
        .metric("litellm_total_tokens_metric_total", &["requested_model=\"chat\""])
        .await;
    assert_eq!(counted, 18.0, "it is accounted all the same");
}

#[tokio::test]
async fn a_client_that_asks_for_usage_gets_it() {
    let upstream = Upstream::that_answers(openai::streams(&["hello"])).await;
    let gateway = before(&upstream).await;
    let mut question = openai::ask_streamed("chat", "hi");
    question["stream_options"] = json!({ "include_usage": true });
    let chunks = gateway.client().chat_stream(&question).await.chunks().await;
    assert_eq!(chunks.last().unwrap()["usage"], openai::usage());
    assert_eq!(chunks.last().unwrap()["model"], "chat");
}

#[tokio::test]
async fn the_operator_may_send_usage_to_everyone() {
    let upstream = Upstream::that_answers(openai::streams(&["hello"])).await;
    let config = Config::new()
        .openai("chat", &upstream)
        .set("litellm_settings", json!({ "always_include_stream_usage": true }));
    let gateway = Gateway::start(&config).await;
    let chunks = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .chunks()
        .await;
    assert_eq!(chunks.last().unwrap()["usage"], openai::usage());
}

#[tokio::test]
async fn chunks_reach_the_client_as_they_come() {
    let gate = Gate::new();
    let script = Script::events(openai::pieces(&["one"]))
        .then_holds(&gate)
        .then_events(openai::pieces(&["two"]).split_off(1))
        .then_events(openai::ending());
    let upstream = Upstream::that_answers(script).await;
    let gateway = before(&upstream).await;
    let mut stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    assert_eq!(
        stream.text().await.as_deref(),
        Some("one"),
        "while the upstream holds the rest back"
    );
    gate.open();
    assert_eq!(stream.text().await.as_deref(), Some("two"));
    assert_eq!(stream.text().await, None);
}

/// The client gets each of these deltas, and all of it, while the upstream holds the next one back.
async fn check_as_they_come(deltas: [Value; 2]) {
    let gates = [Gate::new(), Gate::new()];
    let role = openai::chunk(&json!({ "role": "assistant", "content": "" }), None);
    let mut script = Script::events([Event::data(&role)]);
    for (delta, gate) in deltas.iter().zip(&gates) {
        script = script
            .then_events([Event::data(&openai::chunk(delta, None))])
            .then_holds(gate);
    }
    let upstream = Upstream::that_answers(script.then_events(openai::ending())).await;
    let gateway = before(&upstream).await;
    let mut stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    assert_eq!(
        stream.chunk().await.unwrap()["choices"][0]["delta"]["role"],
        "assistant"
    );
    for (delta, gate) in deltas.iter().zip(&gates) {
        let chunk = stream.chunk().await.expect("a chunk while the rest is held back");
        let got = chunk["choices"][0]["delta"].as_object().unwrap();
        for (name, value) in delta.as_object().unwrap() {
            assert_eq!(got.get(name), Some(value), "{chunk}");
        }
        gate.open();
    }
    assert_eq!(stream.chunks().await.len(), 1, "the finish reason");
}

#[tokio::test]
async fn thoughts_come_as_they_are_had() {
    for name in ["reasoning", "reasoning_content"] {
        check_as_they_come([json!({ name: "first " }), json!({ name: "then" })]).await;
    }
}

#[tokio::test]
async fn details_of_thoughts_come_as_they_are_had() {
    let detail = |text: &str| json!({ "reasoning_details": [{ "type": "reasoning.text", "text": text, "index": 0 }] });
    check_as_they_come([detail("first "), detail("then")]).await;
    let block = |text: &str| json!({ "thinking_blocks": [{ "type": "thinking", "thinking": text }] });
    check_as_they_come([block("first "), block("then")]).await;
}

#[tokio::test]
async fn function_calls_come_as_they_are_made() {
    let first = json!({ "function_call": { "name": "look", "arguments": "" } });
    check_as_they_come([first, json!({ "function_call": { "arguments": "{\"at\": " } })]).await;
    let call = |function: Value| json!({ "tool_calls": [{ "index": 0, "id": "c", "type": "function", "function": function }] });
    let first = call(json!({ "name": "look", "arguments": "" }));
    check_as_they_come([first, call(json!({ "arguments": "{}" }))]).await;
}

#[tokio::test]
async fn content_in_parts_comes_as_it_is_said() {
    let thought = json!({ "content": [{ "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] }] });
    check_as_they_come([thought, json!({ "content": [{ "type": "text", "text": "hello" }] })]).await;
}

#[tokio::test]
async fn refusals_and_audio_come_as_they_are_said() {
    check_as_they_come([json!({ "refusal": "I " }), json!({ "refusal": "won't" })]).await;
    let audio = |data: &str| json!({ "audio": { "id": "a", "data": data, "transcript": "" } });
    check_as_they_come([audio("AAAA"), audio("BBBB")]).await;
}

#[tokio::test]
async fn whatever_is_said_first_ends_the_wait_for_content() {
    for delta in [
        json!({ "reasoning": "hm" }),
        json!({ "function_call": { "name": "look", "arguments": "" } }),
        json!({ "content": [{ "type": "thinking", "thinking": [{ "type": "text", "text": "hm" }] }] }),
    ] {
        let gate = Gate::new();
        let script = Script::events([Event::data(&openai::chunk(&delta, None))])
            .then_holds(&gate)
            .then_events(openai::stream(&["hello"]));
        let upstream = Upstream::that_answers(script).await;
        let params = json!({
            "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()), "stream_timeout": 0.2,
        });
        let config = Config::new().deployment("chat", params);
        let config = config.set("sluice", json!({ "server": { "heartbeat_ms": 300 } }));
        let gateway = Gateway::start(&config).await;
        let mut stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
        assert!(stream.chunk().await.is_some());
        assert_eq!(
            stream.comment().await,
            "ping",
            "longer than `stream_timeout` has passed"
        );
        gate.open();
        assert_eq!(openai::text_of(&stream.chunks().await), "hello", "{delta}");
    }
}

#[tokio::test]
async fn every_line_end_is_understood() {
    for line_end in ["\n", "\r\n", "\r"] {
        let chunks = chunks_of(Script::segments([wire(&["hel", "lo"], line_end)])).await;
        assert_eq!(openai::text_of(&chunks), "hello", "{line_end:?}");
        assert_eq!(chunks.len(), 4, "{line_end:?}: role, two texts, finish reason");
    }
}

#[tokio::test]
async fn comments_and_unknown_fields_are_passed_over() {
    let events = openai::stream(&["hel", "lo"]);
    let wire: String = events
        .iter()
        .map(|event| format!(": ping\n\nid: 7\nretry: 5\n{}", event.framed("\n")))
        .collect();
    let chunks = chunks_of(Script::segments([format!("\u{feff}{wire}")])).await;
    assert_eq!(openai::text_of(&chunks), "hello");
}

#[tokio::test]
async fn a_stream_may_be_cut_between_any_two_bytes() {
    let wire = wire(&["Zürich ", "🦀"], "\r\n").into_bytes();
    let chunks = chunks_of(Script::segments(wire.chunks(1))).await;
    assert_eq!(openai::text_of(&chunks), "Zürich 🦀");
    assert!(chunks.iter().all(|chunk| chunk["model"] == "chat"));
}

#[tokio::test]
async fn translated_streams_may_be_cut_between_any_two_bytes_too() {
    let wire: String = anthropic::stream(&["Zürich ", "🦀"])
        .iter()
        .map(|event| event.framed("\r\n"))
        .collect();
    let upstream = Upstream::that_answers(Script::segments(wire.into_bytes().chunks(1))).await;
    let gateway = Gateway::start(&Config::new().anthropic("chat", &upstream)).await;
    let chunks = gateway
        .client()
        .chat_stream(&openai::ask_streamed("chat", "hi"))
        .await
        .chunks()
        .await;
    assert_eq!(openai::text_of(&chunks), "Zürich 🦀");
}

#[tokio::test]
async fn all_events_may_come_in_one_segment() {
    let texts = vec!["word "; 300];
    let chunks = chunks_of(Script::segments([wire(&texts, "\n")])).await;
    assert_eq!(openai::text_of(&chunks), "word ".repeat(300));
}

#[tokio::test]
async fn a_stream_without_done_is_ended_for_the_client() {
    let mut events = openai::stream(&["hello"]);
    events.pop();
    let chunks = chunks_of(Script::events(events)).await;
    assert_eq!(openai::text_of(&chunks), "hello", "`chunks` insists on [DONE]");
}

#[tokio::test]
async fn a_stream_may_end_by_closing_the_connection() {
    let script = openai::streams(&["hello"]).ended_by_close();
    assert_eq!(openai::text_of(&chunks_of(script).await), "hello");
}

/// What a client gets of a stream that goes wrong after its first text: that text, an error, `[DONE]`.
async fn check_broken(script: Script) {
    let upstream = Upstream::that_answers(script).await;
    let gateway = before(&upstream).await;
    let stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    let data = stream.rest().await;
    let (last, rest) = data.split_last().expect("something came");
    assert_eq!(last, "[DONE]");
    let (error, before) = rest.split_last().expect("an error came");
    let before: Vec<Value> = before.iter().map(|data| serde_json::from_str(data).unwrap()).collect();
    assert_eq!(openai::text_of(&before), "half an ");
    let error: Value = serde_json::from_str(error).unwrap();
    assert!(
        error["error"]["message"].is_string() && error["error"]["code"].is_string(),
        "{error}"
    );
    // And the process goes on.
    upstream.always(openai::says("hello"));
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
}

#[tokio::test]
async fn a_stream_that_breaks_off_ends_with_an_error_event() {
    check_broken(Script::events(openai::pieces(&["half an "])).then_breaks_off()).await;
}

#[tokio::test]
async fn a_stream_that_is_reset_ends_with_an_error_event() {
    // The reset may overtake what was sent before it; the gate makes sure that this much has arrived.
    let gate = Gate::new();
    let script = Script::events(openai::pieces(&["half an "]))
        .then_holds(&gate)
        .then_resets();
    let upstream = Upstream::that_answers(script).await;
    let gateway = before(&upstream).await;
    let mut stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    assert_eq!(stream.text().await.as_deref(), Some("half an "));
    gate.open();
    let rest = stream.rest().await;
    assert_eq!(rest.len(), 2, "{rest:?}");
    assert!(rest[0].contains("\"error\"") && rest[1] == "[DONE]", "{rest:?}");
}

#[tokio::test]
async fn a_stream_that_ends_without_a_finish_reason_or_done_is_an_error() {
    check_broken(Script::events(openai::pieces(&["half an "]))).await;
}

#[tokio::test]
async fn half_a_json_at_the_end_is_an_error() {
    let events = openai::pieces(&["half an "]);
    let wire: String = events.iter().map(|event| event.framed("\n")).collect();
    check_broken(Script::segments([wire, "data: {\"id\":\"c\",\"choi".into()])).await;
}

#[tokio::test]
async fn an_error_in_the_place_of_a_chunk_reaches_the_client() {
    let error = Event::data(&openai::error(
        "server_error",
        "overloaded",
        "the engine is out of steam",
    ));
    let begun = Gate::new();
    let script = Script::events(openai::pieces(&["half an "]))
        .then_holds(&begun)
        .then_events([error]);
    let upstream = Upstream::that_answers(script).await;
    let gateway = before(&upstream).await;
    let stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    begun.open();
    let data = stream.rest().await;
    let error = data
        .iter()
        .find(|data| data.contains("\"error\""))
        .expect("an error event");
    assert!(error.contains("the engine is out of steam"), "{error}");
}

#[tokio::test]
async fn an_event_over_the_limit_is_an_error_not_memory() {
    let long = "x".repeat(64 << 10);
    let begun = Gate::new();
    let script = Script::events(openai::pieces(&["half an "]))
        .then_holds(&begun)
        .then_events(openai::pieces(&[&long]))
        .then_events(openai::ending());
    let upstream = Upstream::that_answers(script).await;
    let config = Config::new()
        .openai("chat", &upstream)
        .set("sluice", json!({ "upstream": { "event_bytes_max": 16 << 10 } }));
    let gateway = Gateway::start(&config).await;
    let stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    begun.open();
    let data = stream.rest().await;
    assert!(
        data.iter().any(|data| data.contains("\"error\"")),
        "{} events",
        data.len()
    );
    assert!(
        !data.iter().any(|data| data.contains(&long)),
        "the event itself does not pass"
    );
}

#[tokio::test]
async fn an_upstream_that_answers_whole_is_streamed_to_a_client_that_asked_for_a_stream() {
    let chunks = chunks_of(openai::says("hello")).await;
    assert_eq!(openai::text_of(&chunks), "hello");
    assert_eq!(chunks.last().unwrap()["choices"][0]["finish_reason"], "stop");
}

/// A stream ends for the client while its upstream keeps the body open, and the connection is used again.
async fn check_ends_at_once(script: Script, config: impl Fn(Config, &Upstream) -> Config) {
    let body_end = Gate::new();
    let upstream = Upstream::that_answers(script.then_holds(&body_end)).await;
    let gateway = Gateway::start(&config(Config::new(), &upstream)).await;
    eventually("a connection to be used a second time", async || {
        let stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
        assert_eq!(openai::text_of(&stream.chunks().await), "hello");
        // Only now, when the client's stream has ended, does the upstream end its body.
        body_end.open_once();
        (upstream.connections() < upstream.count()).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_stream_ends_at_done_and_its_connection_is_used_again() {
    check_ends_at_once(openai::streams(&["hello"]), |config, upstream| {
        config.openai("chat", upstream)
    })
    .await;
}

#[tokio::test]
async fn a_translated_stream_ends_where_its_provider_says_so() {
    check_ends_at_once(anthropic::streams(&["hello"]), |config, upstream| {
        config.anthropic("chat", upstream)
    })
    .await;
}

#[tokio::test]
async fn a_stream_that_falls_silent_is_an_error_after_its_deployments_timeout() {
    let never = Gate::new();
    let script = Script::events(openai::pieces(&["half an "])).then_holds(&never);
    let upstream = Upstream::that_answers(script).await;
    let params = json!({
        "model": "openai/upstream-model", "api_base": format!("{}/v1", upstream.base()), "timeout": 0.2,
    });
    let gateway = Gateway::start(&Config::new().deployment("chat", params)).await;
    let stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    let chunks = stream.chunks().await;
    assert_eq!(openai::text_of(&chunks), "half an ");
    let message = chunks.last().unwrap()["error"]["message"].to_string();
    assert!(
        message.contains("nothing further of its answer within 0.2 s"),
        "{message}"
    );
    upstream.abandoned(1).await;
}

#[tokio::test]
async fn a_client_that_hangs_up_cancels_the_upstream_and_is_accounted() {
    let gate = Gate::new();
    let upstream = Upstream::that_answers(Script::events(openai::pieces(&["one"])).then_holds(&gate)).await;
    let gateway = before(&upstream).await;
    let mut stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    assert_eq!(stream.text().await.as_deref(), Some("one"));
    drop(stream);
    upstream.abandoned(1).await;
    eventually("the exchange to be counted as 499, and to be over", async || {
        let counted = gateway
            .metric("litellm_proxy_total_requests_metric_total", &["status_code=\"499\""])
            .await;
        let in_flight = gateway.metric("litellm_in_flight_requests", &[]).await;
        (counted == 1.0 && in_flight == 0.0).then_some(())
    })
    .await;
}

#[tokio::test]
async fn a_client_that_hangs_up_before_the_first_byte_cancels_the_upstream() {
    let gate = Gate::new();
    let upstream = Upstream::that_answers(openai::says("late").held(&gate)).await;
    let gateway = before(&upstream).await;
    let client = gateway.client();
    let question = openai::ask("chat", "hi");
    let asking = tokio::spawn(async move { client.chat(&question).await });
    upstream.asked(1).await;
    asking.abort();
    upstream.abandoned(1).await;
}

#[tokio::test]
async fn a_stop_lets_streams_end() {
    let gate = Gate::new();
    let script = Script::events(openai::pieces(&["one"]))
        .then_holds(&gate)
        .then_events(openai::ending());
    let upstream = Upstream::that_answers(script).await;
    let config = Config::new()
        .openai("chat", &upstream)
        .set("sluice", json!({ "server": { "shutdown_timeout_ms": 30_000 } }));
    let gateway = Gateway::start(&config).await;
    let client = gateway.client();
    let mut stream = client.chat_stream(&openai::ask_streamed("chat", "hi")).await;
    assert_eq!(stream.text().await.as_deref(), Some("one"));
    let stopping = tokio::spawn(gateway.stop());
    eventually("the gateway to take no new connection", async || {
        tokio::net::TcpStream::connect(client.address())
            .await
            .is_err()
            .then_some(())
    })
    .await;
    gate.open();
    assert_eq!(stream.chunks().await.len(), 1, "the finish reason");
    sluice_tests::wait::within("the gateway to stop", stopping)
        .await
        .expect("stopping does not panic");
}

#[tokio::test]
async fn a_comment_on_its_own_before_the_answer_is_no_end() {
    let wire = format!(": PROCESSING\n\n|{}", wire(&["hello"], "\n"));
    let chunks = chunks_of(Script::segments(wire.split('|'))).await;
    assert_eq!(openai::text_of(&chunks), "hello");
}

#[tokio::test]
async fn an_upstream_that_only_opens_its_answer_is_left_for_the_next() {
    let opening = openai::chunk(&json!({ "role": "assistant", "content": "" }), None);
    let error = Event::data(&json!({ "error": { "type": "overloaded_error", "message": "try later" } }));
    let failing = Upstream::that_answers(Script::events([Event::data(&opening), error])).await;
    let good = Upstream::that_answers(openai::streams(&["hello"])).await;
    let config = Config::new().openai("chat", &failing).openai("chat", &good).retries(1);
    let gateway = Gateway::start(&config).await;
    for _ in 0..8 {
        let stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
        assert_eq!(openai::text_of(&stream.chunks().await), "hello");
    }
    assert!(failing.count() > 0, "eight choices of two");
}

#[tokio::test]
async fn what_came_before_an_error_in_one_segment_is_sent() {
    let error = Event::data(&json!({ "error": { "message": "out of luck", "code": 429 } }));
    let framed = |event: &Event| event.framed("\n");
    let first: String = openai::pieces(&["one "]).iter().map(framed).collect();
    let second: String = openai::pieces(&["two"]).iter().chain([&error]).map(framed).collect();
    let begun = Gate::new();
    let script = Script::segments([first]).then_holds(&begun).then_segments([second]);
    let upstream = Upstream::that_answers(script).await;
    let gateway = before(&upstream).await;
    let stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    begun.open();
    let chunks = stream.chunks().await;
    assert_eq!(openai::text_of(&chunks), "one two");
    assert_eq!(chunks.last().unwrap()["error"]["code"], "429");
}

#[tokio::test]
async fn an_error_known_before_anything_was_sent_has_its_status() {
    let error = Event::data(&json!({ "error": { "message": "out of luck", "code": 429 } }));
    let pieces = openai::pieces(&["one "]);
    let all: String = pieces.iter().chain([&error]).map(|event| event.framed("\n")).collect();
    let upstream = Upstream::that_answers(Script::segments([all])).await;
    let gateway = before(&upstream).await;
    let answer = gateway.client().chat(&openai::ask_streamed("chat", "hi")).await;
    assert!(answer.message(429).contains("out of luck"));
}

#[tokio::test]
async fn an_upstream_that_stays_open_after_the_end_holds_nobody() {
    let gate = Gate::new();
    let upstream = Upstream::that_answers(Script::events(openai::stream(&["hello"])).then_holds(&gate)).await;
    let gateway = before(&upstream).await;
    let stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    let data = sluice_tests::wait::within("the end of the stream", stream.rest()).await;
    assert_eq!(data.last().map(String::as_str), Some("[DONE]"));
}

#[tokio::test]
async fn a_whole_answer_that_is_no_answer_is_an_error_not_a_crash() {
    for answer in [
        json!({ "choices": ["x"] }),
        json!({ "choices": [{ "message": { "tool_calls": ["x"] } }] }),
    ] {
        let upstream = Upstream::that_answers(Script::json(200, &answer)).await;
        let gateway = before(&upstream).await;
        let answered = gateway.client().chat(&openai::ask_streamed("chat", "hi")).await;
        assert!(
            answered.status == 500 || answered.text().contains("[DONE]"),
            "{answered:?}"
        );
    }
}
