//! Reading of what clients send, and writing of what clients read.

use super::*;

fn request(body: &str) -> Request<'_> {
    Request::parse(body.as_bytes()).unwrap()
}

#[test]
fn unknown_fields_are_kept_at_every_level_in_order() {
    let request = request(
        r#"{"z":1,"messages":[{"role":"user","x":[1, 2],"content":[{"type":"text","text":"a","y":null}]}],"a":{"b":2}}"#,
    );
    let names: Vec<_> = request
        .rest
        .iter()
        .map(|(name, value)| (&**name, value.get()))
        .collect();
    assert_eq!(names, [("z", "1"), ("a", r#"{"b":2}"#)]);
    let message = &request.messages.as_deref().unwrap()[0];
    assert_eq!((&*message.rest[0].0, message.rest[0].1.get()), ("x", "[1, 2]"));
    let Some(Content::Parts(parts)) = &message.content else {
        panic!("parts")
    };
    assert_eq!((&*parts[0].rest[0].0, parts[0].rest[0].1.get()), ("y", "null"));
}

#[test]
fn null_is_absent() {
    let request = request(r#"{"messages":null,"stop":null,"tools":null,"temperature":null,"stream":null}"#);
    assert!(request.messages.is_none() && request.stop.is_none() && request.tools.is_none());
    assert!(request.temperature.is_none() && request.stream.is_none() && request.rest.is_empty());
}

#[test]
fn text_stays_escaped_and_decodes_on_demand() {
    let request = request(r#"{"user":"a\"\n\u00e9\\"}"#);
    let user = request.user.unwrap();
    assert_eq!((user.escaped(), &*user.decoded()), (r#"a\"\n\u00e9\\"#, "a\"\né\\"));
    assert_eq!(Text::from_decoded(&user.decoded()).decoded(), user.decoded());
}

#[test]
fn blank_text_is_told_from_text() {
    let blank = |body: &'static str| request(body).user.unwrap().is_blank();
    assert!(blank(r#"{"user":""}"#) && blank(r#"{"user":" \n\t\u00a0"}"#));
    assert!(!blank(r#"{"user":"\\"}"#) && !blank(r#"{"user":" a"}"#) && !blank(r#"{"user":"é"}"#));
}

#[test]
fn either_form_of_a_field_is_read() {
    let stop = |body: &'static str| {
        request(body)
            .stop
            .unwrap()
            .0
            .iter()
            .map(|text| text.escaped().to_owned())
            .collect()
    };
    let (one, many): (Vec<String>, Vec<String>) = (stop(r#"{"stop":"a"}"#), stop(r#"{"stop":["a","b"]}"#));
    assert_eq!((one, many), (vec!["a".into()], vec!["a".into(), "b".into()]));

    let effort = |body: &'static str| request(body).reasoning_effort.unwrap().0.escaped().to_owned();
    assert_eq!(
        effort(r#"{"reasoning_effort":"low"}"#),
        effort(r#"{"reasoning_effort":{"effort":"low","summary":"x"}}"#)
    );

    let url = |image: &str| {
        let body = format!(r#"{{"messages":[{{"content":[{{"type":"image_url","image_url":{image}}}]}}]}}"#);
        let request = Request::parse(body.as_bytes()).unwrap();
        let Some(Content::Parts(parts)) = &request.messages.as_deref().unwrap()[0].content else {
            panic!("parts")
        };
        parts[0]
            .image_url
            .as_ref()
            .unwrap()
            .url
            .as_ref()
            .unwrap()
            .decoded()
            .into_owned()
    };
    assert_eq!(
        (url(r#""https:\/\/x""#), url(r#""u""#), url(r#"{"url":"u"}"#)),
        ("https://x".into(), "u".into(), "u".into())
    );
}

#[test]
fn tool_choices_are_told_apart() {
    let choice = |json: &str| {
        let body = format!(r#"{{"tool_choice":{json}}}"#);
        format!("{:?}", Request::parse(body.as_bytes()).unwrap().tool_choice.unwrap())
    };
    assert_eq!(choice(r#""auto""#), "Auto");
    assert_eq!(choice(r#"{"type":"any"}"#), "Required");
    assert_eq!(
        choice(r#"{"type":"function","function":{"name":"f"}}"#),
        r#"Named("f")"#
    );
    assert!(choice(r#"{"type":"allowed_tools"}"#).starts_with("Other"));
}

#[test]
fn wrong_types_are_refused_without_repeating_what_was_said() {
    let error = |body: &str| Request::parse(body.as_bytes()).unwrap_err();
    assert!(error(r#"{"user":7}"#).starts_with("the request cannot be read: expected a string, found a number"));
    assert!(
        error(r#"{"messages":[{"content":{"secret":1}}]}"#)
            .contains("content is text or a list of parts, not an object")
    );
    assert!(error("{\"user\":\"\u{e9}").contains("EOF"));
    assert!(
        Request::parse(b"{\"user\":\"\xff\"}")
            .unwrap_err()
            .contains("not UTF-8")
    );
}

#[test]
fn answers_and_chunks_are_read() {
    let answer: Answer = serde_json::from_str(
        r#"{"id":"a","created":7,"model":"m","choices":[{"index":0,"message":{"role":"assistant","content":"hi",
            "tool_calls":[{"id":"t","type":"function","function":{"name":"f","arguments":"{}"}}]},"finish_reason":"tool_calls"}],
            "usage":{"prompt_tokens":1,"completion_tokens":2,"prompt_tokens_details":{"cached_tokens":1}}}"#,
    )
    .unwrap();
    let choice = &answer.choices.as_deref().unwrap()[0];
    assert_eq!(choice.finish_reason, Some(FinishReason::ToolCalls));
    assert_eq!(
        choice.message.as_ref().unwrap().tool_calls.as_deref().unwrap()[0]
            .id
            .as_ref()
            .unwrap()
            .escaped(),
        "t"
    );
    assert_eq!(
        answer.usage.unwrap().prompt_tokens_details.unwrap().cached_tokens,
        Some(1)
    );
}

#[test]
fn chunks_written_are_chunks_read() {
    let chunks = Chunks::new(&Text::from_decoded("i\"d"), 7, &Text::from_decoded("m"));
    let mut out = Vec::new();
    chunks.delta(&mut out, |delta| {
        delta.string("role", "assistant").string("content", "a\u{1}\n");
    });
    chunks.finish(&mut out, &FinishReason::Stop, |_| {});
    chunks.usage(&mut out, |usage| {
        usage.number("prompt_tokens", 3);
    });
    let text = String::from_utf8(out).unwrap();
    let parsed: Vec<Chunk> = text
        .split_terminator("\n\n")
        .map(|chunk| serde_json::from_str(chunk.strip_prefix("data: ").unwrap()).unwrap())
        .collect();
    assert!(
        parsed
            .iter()
            .all(|chunk| *chunk.id.as_ref().unwrap() == *"i\"d" && chunk.created == Some(7))
    );
    let delta = parsed[0].choices.as_deref().unwrap()[0].delta.as_ref().unwrap();
    assert_eq!(
        (delta.role.as_ref(), &*delta.content.as_ref().unwrap().decoded()),
        (Some(&Role::Assistant), "a\u{1}\n")
    );
    assert_eq!(
        parsed[1].choices.as_deref().unwrap()[0].finish_reason,
        Some(FinishReason::Stop)
    );
    assert_eq!(parsed[2].choices.as_deref().map(<[_]>::len), Some(0));
    assert_eq!(parsed[2].usage.as_ref().unwrap().prompt_tokens, Some(3));
}
