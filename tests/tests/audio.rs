//! Speech and transcriptions: answers of bytes, and requests that are forms with files.

use hyper::Method;
use sluice_tests::prelude::*;

const SPEECH: &str = "/v1/audio/speech";
const TRANSCRIPTIONS: &str = "/v1/audio/transcriptions";

/// Bytes that are neither UTF-8 nor JSON, and hold what could be taken for the end of a part.
const SOUND: &[u8] = b"RIFF\x00\xff\r\n--not the boundary\r\n\x00\xfe";

fn speech(group: &str) -> Value {
    json!({ "model": group, "input": "Gr\u{fc}\u{df}e!", "voice": "alloy" })
}

/// A form as clients send it: texts, and a file.
fn form(fields: &[(&str, &str)], file: &[u8]) -> Vec<u8> {
    let mut body = Vec::new();
    for (name, value) in fields {
        let part = format!("--b\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n");
        body.extend_from_slice(part.as_bytes());
    }
    let head = "--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"talk.wav\"\r\nContent-Type: audio/wav\r\n\r\n";
    body.extend_from_slice(head.as_bytes());
    body.extend_from_slice(file);
    body.extend_from_slice(b"\r\n--b--\r\n");
    body
}

async fn transcribe(gateway: &Gateway, fields: &[(&str, &str)], file: &[u8]) -> Answer {
    let client = gateway.client().with("content-type", "multipart/form-data; boundary=b");
    client.send(Method::POST, TRANSCRIPTIONS, form(fields, file)).await
}

/// The parts of a form that an upstream got, in their order: their heads, and their contents.
fn parts(request: &sluice_tests::upstream::Request) -> Vec<(String, Vec<u8>)> {
    let content_type = request.header("content-type").unwrap();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=").unwrap();
    let (mark, body) = (format!("--{boundary}"), [b"\r\n", request.body.as_slice()].concat());
    let mark = [b"\r\n", mark.as_bytes()].concat();
    let starts: Vec<usize> = (0..body.len()).filter(|at| body[*at..].starts_with(&mark)).collect();
    assert!(body.ends_with(b"--\r\n"), "the form has its end");
    starts
        .windows(2)
        .map(|pair| {
            let part = &body[pair[0] + mark.len() + 2..pair[1]];
            let end = part.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
            (
                String::from_utf8(part[..end].to_vec()).unwrap(),
                part[end + 4..].to_vec(),
            )
        })
        .collect()
}

async fn gateway(upstreams: &[&Upstream]) -> Gateway {
    let config = upstreams.iter().fold(Config::new().retries(1), |config, upstream| {
        config.openai("audio", upstream)
    });
    Gateway::start(&config).await
}

#[tokio::test]
async fn speech_is_passed_on_as_it_arrives() {
    let (upstream, gate) = (Upstream::start().await, Gate::new());
    let gateway = gateway(&[&upstream]).await;
    let script = Script::segments([SOUND])
        .header("content-type", "audio/mpeg")
        .then_holds(&gate)
        .then_segments([b"rest"]);
    upstream.always(script);
    gate.open();
    let answer = gateway.client().post(SPEECH, &speech("audio")).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("audio/mpeg"))
    );
    assert_eq!(answer.body, [SOUND, b"rest"].concat());
    assert_eq!(answer.header("x-litellm-model-group"), Some("audio"));
    let asked = upstream.request().await;
    assert_eq!(
        (asked.path.as_str(), asked.header("accept")),
        ("/v1/audio/speech", Some("*/*"))
    );
    assert_eq!(asked.json()["model"], "upstream-model");
    assert_eq!(asked.json()["input"], "Gr\u{fc}\u{df}e!");
}

#[tokio::test]
async fn speech_costs_by_its_characters() {
    let upstream = Upstream::that_answers(Script::text(200, "audio/mpeg", "sound")).await;
    let params = json!({ "model": "openai/tts-1", "api_base": format!("{}/v1", upstream.base()) });
    let gateway = Gateway::start(&Config::new().deployment("audio", params)).await;
    assert_eq!(gateway.client().post(SPEECH, &speech("audio")).await.status, 200);
    let spent = eventually("the cost is counted", || async {
        let spent = gateway.metric("litellm_spend_metric_total", &[]).await;
        (spent > 0.0).then_some(spent)
    })
    .await;
    assert!((spent - 6.0 * 0.000_015).abs() < 1e-12, "{spent}");
}

#[tokio::test]
async fn speech_fails_over_until_its_first_bytes_and_breaks_off_after_them() {
    let (broken, whole) = (Upstream::start().await, Upstream::start().await);
    let gateway = gateway(&[&broken, &whole]).await;
    whole.always(Script::text(200, "audio/mpeg", "sound"));
    for refusal in [
        Script::json(500, &json!({ "error": { "message": "no" } })),
        Script::json(200, &json!({ "error": { "message": "no", "code": 503 } })),
        Script::json(200, &json!({ "choices": [] })),
        Script::text(200, "audio/mpeg", ""),
        Script::hangs_up(),
    ] {
        broken.always(refusal);
        for _ in 0..4 {
            let answer = gateway.client().post(SPEECH, &speech("audio")).await;
            assert_eq!((answer.status, answer.text().as_str()), (200, "sound"));
        }
    }
    broken.always(
        Script::segments(["half"])
            .header("content-type", "audio/mpeg")
            .then_breaks_off(),
    );
    let alone = Gateway::start(&Config::new().openai("audio", &broken)).await;
    // An answer that is not all must not look like one that is.
    let read = tokio::spawn(async move { alone.client().post(SPEECH, &speech("audio")).await });
    assert!(read.await.is_err_and(|error| error.is_panic()));
}

#[tokio::test]
async fn a_form_arrives_with_its_fields_and_its_file_under_the_deployments_model() {
    let upstream = Upstream::that_answers(Script::json(200, &json!({ "text": "hello" }))).await;
    let gateway = gateway(&[&upstream]).await;
    let fields = [
        ("model", "audio"),
        ("language", "de"),
        ("temperature", "0.20"),
        ("timestamp_granularities[]", "word"),
        ("timestamp_granularities[]", "segment"),
        ("tags", "[\"team\"]"),
    ];
    // The second does not fit into memory's bound.
    for file in [SOUND.to_vec(), SOUND.repeat(100_000)] {
        let answer = transcribe(&gateway, &fields, &file).await;
        assert_eq!(
            (answer.status, answer.json()["text"].as_str()),
            (200, Some("hello")),
            "{}",
            answer.text()
        );
        let parts = parts(upstream.requests().last().unwrap());
        let name = |text: &str| format!("Content-Disposition: form-data; name=\"{text}\"");
        let mut texts: Vec<_> = parts[..parts.len() - 1].to_vec();
        texts.sort();
        let mut expected = [
            ("language", "de"),
            ("model", "upstream-model"),
            ("temperature", "0.20"),
            ("timestamp_granularities[]", "word"),
            ("timestamp_granularities[]", "segment"),
        ]
        .map(|(field, text)| (name(field), text.as_bytes().to_vec()));
        expected.sort();
        assert_eq!(texts, expected);
        let (head, content) = parts.last().unwrap();
        assert_eq!(
            head,
            &(name("file") + "; filename=\"talk.wav\"\r\nContent-Type: audio/wav")
        );
        assert!(*content == file, "{} bytes of {}", content.len(), file.len());
    }
}

#[tokio::test]
async fn a_form_is_sent_again_whole_to_the_next_deployment() {
    let (broken, whole) = (Upstream::that_answers(Script::resets()).await, Upstream::start().await);
    whole.always(Script::json(200, &json!({ "text": "hello" })));
    let gateway = gateway(&[&broken, &whole]).await;
    let file = SOUND.repeat(80_000);
    for _ in 0..6 {
        assert_eq!(
            transcribe(&gateway, &[("model", "audio")], &file).await.json()["text"],
            "hello"
        );
    }
    assert!(broken.count() > 0);
    for request in whole.requests() {
        assert!(parts(&request).last().unwrap().1 == file);
    }
}

#[tokio::test]
async fn a_transcription_comes_as_the_client_asks_for_it() {
    let upstream = Upstream::start().await;
    let gateway = gateway(&[&upstream]).await;
    let subtitles = "1\n00:00:00,000 --> 00:00:01,000\nGr\u{fc}\u{df}e \"you\"\n";
    upstream.then(Script::text(200, "text/plain; charset=utf-8", subtitles));
    let answer = transcribe(&gateway, &[("model", "audio"), ("response_format", "srt")], SOUND).await;
    assert_eq!(
        (answer.header("content-type"), answer.text().as_str()),
        (Some("text/plain; charset=utf-8"), subtitles)
    );

    let usage = json!({ "type": "duration", "seconds": 3 });
    upstream.then(Script::json(200, &json!({ "text": "hello", "usage": usage })));
    let answer = transcribe(&gateway, &[("model", "audio"), ("stream", "true")], SOUND).await;
    assert_eq!(answer.header("content-type"), Some("text/event-stream; charset=utf-8"));
    let delta = json!({ "type": "transcript.text.delta", "delta": "hello" });
    let done = json!({ "type": "transcript.text.done", "text": "hello", "usage": usage });
    assert_eq!(
        answer.text(),
        format!("data: {delta}\n\ndata: {done}\n\ndata: [DONE]\n\n")
    );
    let asked = parts(upstream.requests().last().unwrap());
    assert!(
        asked.iter().all(|(head, _)| !head.contains("\"stream\"")),
        "the upstream is asked for a whole answer"
    );
}

#[tokio::test]
async fn a_transcription_costs_by_its_seconds() {
    let upstream = Upstream::start().await;
    let params = json!({ "model": "openai/whisper-1", "api_base": format!("{}/v1", upstream.base()) });
    let gateway = Gateway::start(&Config::new().deployment("audio", params)).await;
    for answer in [
        json!({ "text": "hello", "usage": { "type": "duration", "seconds": 2.5 } }),
        json!({ "text": "hello", "duration": 2.5, "words": [] }),
        json!({ "text": "hello", "duration": "2.5" }),
    ] {
        upstream.then(Script::json(200, &answer));
        assert_eq!(transcribe(&gateway, &[("model", "audio")], SOUND).await.status, 200);
    }
    let expected = 7.5 * 0.0001;
    eventually("the cost is counted", || async {
        let spent = gateway.metric("litellm_spend_metric_total", &[]).await;
        ((spent - expected).abs() < 1e-12).then_some(())
    })
    .await;
}

#[tokio::test]
async fn what_is_no_form_is_refused_and_says_why() {
    let upstream = Upstream::start().await;
    let gateway = gateway(&[&upstream]).await;
    let whole = form(&[("model", "audio")], SOUND);
    let cut = &whole[..whole.len() - 9];
    let nameless = b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n";
    let not_text = form(&[("model", "audio")], SOUND);
    let not_text = [
        b"--b\r\nContent-Disposition: form-data; name=\"prompt\"\r\n\r\n\xff\r\n".as_slice(),
        &not_text,
    ]
    .concat();
    let many = form(&vec![("a", "b"); 1_100], SOUND);
    let long = form(&[("model", "audio"), ("prompt", &"x".repeat(3 << 20))], SOUND);
    let form_type = "multipart/form-data; boundary=b";
    for (content_type, body, status, said) in [
        (
            "application/json",
            br#"{"model":"audio"}"#.as_slice(),
            415,
            "multipart/form-data",
        ),
        ("multipart/form-data", &whole, 415, "boundary"),
        (form_type, b"", 400, "form"),
        (form_type, cut, 400, "form"),
        (form_type, nameless, 400, "name"),
        (form_type, &form(&[], SOUND), 400, "`model` is missing"),
        (form_type, &not_text, 400, "UTF-8"),
        (form_type, &many, 400, "1000 fields"),
        (form_type, &long, 413, "texts"),
        ("multipart/form-data; boundary=other", &whole, 400, "form"),
    ] {
        let client = gateway.client().with("content-type", content_type);
        let message = client
            .send(Method::POST, TRANSCRIPTIONS, body.to_vec())
            .await
            .message(status);
        assert!(message.contains(said), "{content_type}: {message}");
    }
    assert_eq!(upstream.count(), 0);
}

#[tokio::test]
async fn an_upload_over_the_limit_is_refused() {
    let upstream = Upstream::start().await;
    let limits = json!({ "server": { "body_bytes_max": 2_000_000 } });
    let gateway = Gateway::start(&Config::new().openai("audio", &upstream).set("sluice", limits)).await;
    let message = transcribe(&gateway, &[("model", "audio")], &SOUND.repeat(100_000))
        .await
        .message(413);
    assert!(message.contains("2000000"), "{message}");
}

#[tokio::test]
async fn guardrails_see_texts_and_refuse_what_they_cannot_look_at() {
    let upstream = Upstream::start().await;
    let params = json!({ "guardrail": "content-filter", "mode": ["pre_call", "post_call"], "unseen": "block",
        "blocked_words": [{ "keyword": "zebra", "action": "BLOCK" }] });
    let config = |unseen: &str| {
        let mut params = params.clone();
        params["unseen"] = unseen.into();
        Config::new().openai("audio", &upstream).guardrail("guard", params)
    };
    let (open, closed) = (
        Gateway::start(&config("pass")).await,
        Gateway::start(&config("block")).await,
    );
    upstream.always(Script::text(200, "audio/mpeg", "sound"));
    let mut about_zebras = speech("audio");
    about_zebras["input"] = "a zebra".into();
    let _ = open.client().post(SPEECH, &about_zebras).await.error(400);
    assert_eq!(upstream.count(), 0);
    assert_eq!(open.client().post(SPEECH, &speech("audio")).await.text(), "sound");
    let message = closed.client().post(SPEECH, &speech("audio")).await.message(400);
    assert!(message.contains("audio are not allowed"), "{message}");

    let message = transcribe(&closed, &[("model", "audio")], SOUND).await.message(400);
    assert!(message.contains("audio are not allowed"), "{message}");
    for (content_type, body) in [
        ("application/json", json!({ "text": "a zebra" }).to_string()),
        (
            "application/json",
            json!({ "text": "", "segments": [{ "text": "a zebra" }] }).to_string(),
        ),
        ("text/vtt", "a zebra".to_owned()),
    ] {
        upstream.always(Script::text(200, content_type, &body));
        for stream in ["false", "true"] {
            let answer = transcribe(&open, &[("model", "audio"), ("stream", stream)], SOUND).await;
            assert!(!answer.text().contains("zebra"), "{}", answer.text());
        }
    }
    upstream.always(Script::json(200, &json!({ "text": "hello" })));
    assert_eq!(
        transcribe(&open, &[("model", "audio")], SOUND).await.json()["text"],
        "hello"
    );
    let _ = transcribe(&open, &[("model", "audio"), ("prompt", "a zebra")], SOUND)
        .await
        .error(400);
}

#[tokio::test]
async fn a_guardrail_that_looks_at_audio_gets_it_as_base64() {
    let upstream = Upstream::start().await;
    let config = Config::new().openai("audio", &upstream);
    let judged = |judge: &str| {
        let params = json!({ "guardrail": "probe-guardrail", "mode": ["pre_call", "post_call"], "judge": judge });
        config.clone().guardrail("guard", params)
    };
    let gateway = Setup::new(&judged("pass")).plugin(guests::GUARDRAIL).start().await;
    upstream.always(Script::text(200, "audio/mpeg", "sound"));
    assert_eq!(gateway.client().post(SPEECH, &speech("audio")).await.text(), "sound");
    upstream.always(Script::json(200, &json!({ "text": "hello" })));
    assert_eq!(
        transcribe(&gateway, &[("model", "audio")], &SOUND.repeat(60_000))
            .await
            .status,
        200
    );
    // It writes a mark in front of what it is shown, which is no base64 then.
    let marking = Setup::new(&judged("mark")).plugin(guests::GUARDRAIL).start().await;
    let _ = transcribe(&marking, &[("model", "audio")], SOUND).await.error(500);
    assert_eq!(upstream.count(), 2);
}

#[tokio::test]
async fn mocks_answer_both() {
    let gateway = Gateway::start(&Config::new().mock("audio", "hello")).await;
    let answer = gateway.client().post(SPEECH, &speech("audio")).await;
    assert_eq!(
        (answer.header("content-type"), &answer.body[..4]),
        (Some("audio/wav"), b"RIFF".as_slice())
    );
    assert_eq!(
        transcribe(&gateway, &[("model", "audio")], SOUND).await.json()["text"],
        "hello"
    );
}

#[tokio::test]
async fn a_provider_without_audio_says_so() {
    let upstream = Upstream::start().await;
    let gateway = Gateway::start(&Config::new().anthropic("audio", &upstream)).await;
    let message = gateway.client().post(SPEECH, &speech("audio")).await.message(400);
    assert!(message.contains("audio-speech"), "{message}");
}

#[tokio::test]
async fn an_adapter_translates_audio() {
    let upstream = Upstream::start().await;
    let speaks_for = json!({ "operations": ["audio-speech", "audio-transcriptions"] });
    let config = Config::new().probe("audio", &upstream, json!({ "speaks_for": speaks_for }));
    let gateway = Setup::new(&config).plugin(guests::ADAPTER).start().await;
    let bytes = json!({ "content_type": "audio/flac", "data": "AP8BAg==" });
    upstream.then(Script::json(200, &bytes));
    let answer = gateway.client().post(SPEECH, &speech("audio")).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("audio/flac"))
    );
    assert_eq!(answer.body.as_ref(), b"\x00\xff\x01\x02");

    upstream.then(Script::json(200, &json!({ "text": "hello" })));
    let file = SOUND.repeat(60_000);
    assert_eq!(
        transcribe(&gateway, &[("model", "audio")], &file).await.json()["text"],
        "hello"
    );
    let asked = upstream.requests().pop().unwrap();
    assert_eq!(asked.header("content-type"), Some("audio/wav"));
    assert!(asked.body == file, "the file by itself");

    let no_audio = json!({ "content_type": "audio/flac", "data": "no base64!" });
    upstream.then(Script::json(200, &no_audio));
    let _ = gateway.client().post(SPEECH, &speech("audio")).await.error(500);
}
