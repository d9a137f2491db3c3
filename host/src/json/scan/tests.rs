use super::super::error::Position;
use super::super::testing::Dice;
use super::*;

fn check(document: &str) -> Result<Fields, Error> {
    scan(document.as_bytes(), Limits::default())
}

fn message(document: &[u8]) -> String {
    scan(document, Limits::default()).unwrap_err().to_string()
}

#[test]
fn fields_are_found_with_their_kinds_and_bytes() {
    let document =
        " {\"model\" : \"gpt-4o\",\n\"stream\":true, \"n\":2,\"stop\":null,\"messages\":[{\"a\":[]}],\"o\":{ } }\r\n";
    let fields = check(document).unwrap();
    let read: Vec<(&str, Kind, &str)> = fields
        .iter()
        .map(|field| {
            (
                &document[field.key.range()],
                field.value.kind,
                &document[field.value.span.range()],
            )
        })
        .collect();
    let expected = [
        ("\"model\"", Kind::String, "\"gpt-4o\""),
        ("\"stream\"", Kind::Bool, "true"),
        ("\"n\"", Kind::Number, "2"),
        ("\"stop\"", Kind::Null, "null"),
        ("\"messages\"", Kind::Array, "[{\"a\":[]}]"),
        ("\"o\"", Kind::Object, "{ }"),
    ];
    assert_eq!(read, expected);
    assert_eq!(
        fields.object,
        Span {
            start: 1,
            end: document.len() as u32 - 2
        }
    );
}

#[test]
fn a_field_is_found_however_its_key_is_written() {
    let document = br#"{"mo\u0064el":"a\nb","stream":false,"n":18446744073709551615}"#;
    let fields = scan(document, Limits::default()).unwrap();
    assert_eq!(fields.get(document, "model").unwrap().text(document).unwrap(), "a\nb");
    assert_eq!(fields.get(document, "stream").unwrap().as_bool(document), Some(false));
    assert_eq!(fields.get(document, "n").unwrap().as_u64(document), Some(u64::MAX));
    assert_eq!(fields.get(document, "mode"), None);
    assert_eq!(fields.get(document, "mo\\u0064el"), None);
}

#[test]
fn a_value_reads_only_as_its_own_kind() {
    let document = br#"{"s":"true","t":true,"n":1,"f":1.0,"m":-1,"e":1e2,"z":18446744073709551616}"#;
    let fields = scan(document, Limits::default()).unwrap();
    let get = |name| fields.get(document, name).unwrap();
    assert_eq!(get("s").as_bool(document), None);
    assert_eq!(get("t").text(document), None);
    assert_eq!(get("n").as_bool(document), None);
    for name in ["s", "t", "f", "m", "e", "z"] {
        assert_eq!(get(name).as_u64(document), None, "{name}");
    }
}

#[test]
fn an_error_says_where_and_what() {
    for (document, expected) in [
        (
            "",
            "line 1, column 1: expected a JSON object, found the end of the document",
        ),
        (
            "  \n ",
            "line 2, column 2: expected a JSON object, found the end of the document",
        ),
        ("hello", "line 1, column 1: expected a JSON object, found `h`"),
        ("[1]", "line 1, column 1: expected a JSON object, found an array"),
        (
            "\u{feff}{}",
            "line 1, column 1: the document begins with a byte order mark; send it without one",
        ),
        (
            "{",
            "line 1, column 2: expected a key in double quotes or `}`, found the end of the document",
        ),
        (
            "{a:1}",
            "line 1, column 2: expected a key in double quotes or `}`, found `a`",
        ),
        (
            "{\"a\":1,}",
            "line 1, column 8: expected a key in double quotes after `,`, found `}`",
        ),
        ("{\"a\" 1}", "line 1, column 6: expected `:` after a key, found `1`"),
        ("{\"a\":}", "line 1, column 6: expected a value, found `}`"),
        ("{\"a\":'x'}", "line 1, column 6: expected a value, found `'`"),
        (
            "{\n  \"é\": 1\n  \"b\": 2}",
            "line 3, column 3: expected `,` or `}` after a value, found `\"`",
        ),
        (
            "{\"a\":[1 2]}",
            "line 1, column 9: expected `,` or `]` after a value, found `2`",
        ),
        ("{\"a\":[1,]}", "line 1, column 9: expected a value, found `]`"),
        (
            "{\"a\":[1}",
            "line 1, column 8: expected `,` or `]` after a value, found `}`",
        ),
        (
            "{\"é\":tru}",
            "line 1, column 6: expected `true`, `false` or `null`, found `t`",
        ),
        ("{\"a\":-}", "line 1, column 7: expected a digit, found `}`"),
        ("{\"a\":1.}", "line 1, column 8: expected a digit, found `}`"),
        ("{\"a\":1e+}", "line 1, column 9: expected a digit, found `}`"),
        ("{\"a\":.5}", "line 1, column 6: expected a value, found `.`"),
        ("{\"a\":+1}", "line 1, column 6: expected a value, found `+`"),
        (
            "{\"a\":01}",
            "line 1, column 7: a number cannot begin with a zero and go on with digits",
        ),
        (
            "{\"a\":\"x",
            "line 1, column 8: expected `\"` to end a string, found the end of the document",
        ),
        (
            "{\"a\":\"x\ny\"}",
            "line 1, column 8: a control character must be escaped in a string, found U+000A",
        ),
        (
            "{\"a\":\"\\x\"}",
            "line 1, column 8: expected one of `\" \\ / b f n r t u` after a backslash, found `x`",
        ),
        (
            "{\"a\":\"\\u12g4\"}",
            "line 1, column 11: expected four hexadecimal digits after `\\u`, found `g`",
        ),
        (
            "{} {}",
            "line 1, column 4: expected nothing after the object, found `{`",
        ),
        ("{}}", "line 1, column 3: expected nothing after the object, found `}`"),
    ] {
        assert_eq!(message(document.as_bytes()), expected, "{document:?}");
    }
    assert_eq!(message(b"{\"a\":\n\"x\xff\"}"), "line 2, column 3: this is not UTF-8");
}

#[test]
fn the_offset_is_in_bytes() {
    let error = check("{\n\"é\":x}").unwrap_err();
    assert_eq!(
        error.position(),
        Some(Position {
            offset: 7,
            line: 2,
            column: 5
        })
    );
}

#[test]
fn a_key_given_twice_is_refused_at_the_second() {
    for document in [
        r#"{"model":"a","n":1,"model":"b"}"#,
        r#"{"model":"a","n":1,"\u006dodel":"b"}"#,
    ] {
        let error = check(document).unwrap_err();
        assert_eq!(
            error.to_string(),
            "line 1, column 20: the key `model` is given twice; remove one of them"
        );
    }
    let many: Vec<String> = (0..5000).map(|i| format!("\"k{}\":0", i % 4999)).collect();
    let error = check(&format!("{{{}}}", many.join(","))).unwrap_err();
    assert!(matches!(error, Error::DuplicateKey { name, .. } if name == "k0"));
}

#[test]
fn a_long_key_is_shortened_in_the_message() {
    let key = "é".repeat(1000);
    let error = check(&format!("{{\"{key}\":0,\"{key}\":0}}")).unwrap_err();
    assert!(error.to_string().ends_with(&format!(
        "the key `{}…` is given twice; remove one of them",
        "é".repeat(64)
    )));
}

#[test]
fn keys_may_repeat_inside() {
    assert!(check(r#"{"a":{"x":1,"x":2}}"#).is_ok());
}

#[test]
fn lone_surrogates_are_let_through() {
    let document = r#"{"a":"\ud83d"}"#;
    let fields = check(document).unwrap();
    assert_eq!(
        fields
            .get(document.as_bytes(), "a")
            .unwrap()
            .text(document.as_bytes())
            .unwrap(),
        "\u{fffd}"
    );
}

#[test]
fn depth_is_bounded() {
    let nested = |levels: usize| format!("{{\"a\":{}{}}}", "[".repeat(levels - 1), "]".repeat(levels - 1));
    assert!(check(&nested(127)).is_ok());
    let error = check(&nested(128)).unwrap_err().to_string();
    assert_eq!(
        error,
        "line 1, column 132: objects and arrays are nested too deep; at most 127 levels are read"
    );

    // The default is as deep as serde_json reads.
    assert!(serde_json::from_str::<serde_json::Value>(&nested(127)).is_ok());
    assert!(serde_json::from_str::<serde_json::Value>(&nested(128)).is_err());

    let ceiling = usize::from(DEPTH_CEILING);
    let generous = Limits {
        depth_max: u16::MAX,
        ..Limits::default()
    };
    assert!(scan(nested(ceiling).as_bytes(), generous).is_ok());
    assert!(scan(nested(ceiling + 1).as_bytes(), generous).is_err());
    assert!(
        scan(
            b"{}",
            Limits {
                depth_max: 0,
                ..Limits::default()
            }
        )
        .is_err()
    );
    // Closing must give levels back.
    assert!(
        scan(
            br#"{"a":[],"b":[],"c":{},"d":{"e":1}}"#,
            Limits {
                depth_max: 2,
                ..Limits::default()
            }
        )
        .is_ok()
    );
}

#[test]
fn fields_are_bounded_where_asked() {
    let limits = Limits {
        fields_max: 2,
        ..Limits::default()
    };
    assert!(scan(br#"{"a":{"b":1,"c":2,"d":3},"e":4}"#, limits).is_ok());
    let refused = scan(br#"{"a":1,"b":2,"c":3}"#, limits).unwrap_err().to_string();
    assert_eq!(
        refused,
        "line 1, column 18: the object has more fields; at most 2 are read"
    );
}

/// serde_json's reader for values that nobody wants takes exactly the grammar, lone surrogates included.
fn oracle_accepts(document: &[u8]) -> bool {
    std::str::from_utf8(document).is_ok()
        && document.trim_ascii_start().starts_with(b"{")
        && serde_json::from_slice::<&serde_json::value::RawValue>(document).is_ok()
}

#[test]
fn it_accepts_what_serde_json_accepts() {
    let mut dice = Dice::new(1);
    let (mut accepted, mut refused) = (0, 0);
    for _ in 0..20_000 {
        let object = serde_json::Value::Object(dice.object(3));
        let mut document = dice.write(&object).into_bytes();
        for _ in 0..dice.below(3) {
            mutate(&mut dice, &mut document);
        }
        let scanned = scan(&document, Limits::default());
        if matches!(scanned, Err(Error::DuplicateKey { .. })) {
            continue;
        }
        let text = String::from_utf8_lossy(&document);
        assert_eq!(scanned.is_ok(), oracle_accepts(&document), "{text}: {scanned:?}");
        if scanned.is_ok() { accepted += 1 } else { refused += 1 }
    }
    assert!(
        accepted > 2_000 && refused > 2_000,
        "{accepted} accepted and {refused} refused show little"
    );
}

fn mutate(dice: &mut Dice, document: &mut Vec<u8>) {
    let place = dice.below(document.len().max(1)).min(document.len());
    const BYTES: &[u8] = b"{}[]:,\"\\u0123456789eE+-. \n\t\x00\x1f\x7f\xc3\xa9\xfftruefalsnl";
    let byte = BYTES[dice.below(BYTES.len())];
    match dice.below(4) {
        0 => document.insert(place, byte),
        1 if place < document.len() => document[place] = byte,
        2 if place < document.len() => drop(document.remove(place)),
        _ => document.truncate(place),
    }
}

#[test]
fn values_are_what_serde_json_reads() {
    let mut dice = Dice::new(2);
    for _ in 0..3_000 {
        let object = dice.object(3);
        let document = dice.write(&serde_json::Value::Object(object.clone())).into_bytes();
        let fields = scan(&document, Limits::default()).unwrap();
        assert_eq!(fields.len(), object.len());
        for (name, value) in &object {
            let field = fields.get(&document, name).unwrap();
            assert_eq!(
                &serde_json::from_slice::<serde_json::Value>(field.raw(&document)).unwrap(),
                value
            );
            assert_eq!(field.text(&document).as_deref(), value.as_str());
            assert_eq!(field.as_bool(&document), value.as_bool());
            assert_eq!(field.as_u64(&document), value.as_u64());
        }
    }
}
