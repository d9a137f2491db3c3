use serde_json::{Map, Value, json};

use super::super::testing::Dice;
use super::*;

fn edited<'a>(document: &str, edit: impl FnOnce(&mut Splice<'a>)) -> String {
    let document = Bytes::copy_from_slice(document.as_bytes());
    let fields = scan(&document, Limits::default()).unwrap();
    let mut splice = Splice::default();
    edit(&mut splice);
    let parts = splice.finish(&document, &fields);
    let (length, bytes) = (parts.total_len(), parts.into_bytes());
    assert_eq!(length, bytes.len());
    String::from_utf8(bytes.to_vec()).unwrap()
}

fn merged(document: &str, patch: &str) -> String {
    edited(document, |splice| {
        splice.merge(patch.as_bytes(), Limits::default()).unwrap()
    })
}

/// RFC 7396 §2 as it stands there, on trees.
fn oracle_merge(target: Value, patch: &Value) -> Value {
    let Value::Object(changes) = patch else {
        return patch.clone();
    };
    let mut target = match target {
        Value::Object(map) => map,
        _ => Map::new(),
    };
    for (name, change) in changes {
        let old = target.remove(name);
        if !change.is_null() {
            target.insert(name.clone(), oracle_merge(old.unwrap_or(Value::Null), change));
        }
    }
    Value::Object(target)
}

#[test]
fn a_value_is_replaced_and_the_rest_stays_byte_for_byte() {
    let document = "{ \"stream\" : true,\n  \"model\" : \"a\" , \"n\":1 }";
    assert_eq!(
        edited(document, |splice| splice.set("model", &b"\"b\""[..])),
        "{ \"stream\" : true,\n  \"model\" : \"b\" , \"n\":1 }"
    );
}

#[test]
fn an_escaped_key_is_edited_and_keeps_its_spelling() {
    assert_eq!(
        merged(r#"{"mo\u0064el":"a"}"#, r#"{"model":"b"}"#),
        r#"{"mo\u0064el":"b"}"#
    );
    assert_eq!(merged(r#"{"model":"a"}"#, r#"{"mo\u0064el":"b"}"#), r#"{"model":"b"}"#);
    assert_eq!(
        merged(r#"{"model":"a"}"#, r#"{"n\n\"":"b"}"#),
        r#"{"model":"a","n\n\"":"b"}"#
    );
}

#[test]
fn a_removed_field_takes_one_comma_along() {
    let document = "{ \"a\" : 1 , \"b\" : 2 , \"c\" : 3 }";
    for (names, expected) in [
        (&["a"][..], "{ \"b\" : 2 , \"c\" : 3 }"),
        (&["b"], "{ \"a\" : 1 , \"c\" : 3 }"),
        (&["c"], "{ \"a\" : 1 , \"b\" : 2 }"),
        (&["a", "b"], "{ \"c\" : 3 }"),
        (&["a", "c"], "{ \"b\" : 2 }"),
        (&["b", "c"], "{ \"a\" : 1 }"),
        (&["a", "b", "c"], "{  }"),
        (&["d"], document),
    ] {
        assert_eq!(
            edited(document, |splice| names.iter().for_each(|name| splice.remove(*name))),
            expected,
            "{names:?}"
        );
    }
}

#[test]
fn new_fields_come_last_in_the_order_they_were_named() {
    let add = |splice: &mut Splice<'_>| {
        splice.set("z", &b"1"[..]);
        splice.set("y", &b"[2]"[..]);
    };
    assert_eq!(edited("{}", add), r#"{"z":1,"y":[2]}"#);
    assert_eq!(edited(" { } ", add), r#" {"z":1,"y":[2] } "#);
    assert_eq!(edited(r#"{"a":0}"#, add), r#"{"a":0,"z":1,"y":[2]}"#);
    assert_eq!(
        edited("{\"a\":0\n}", |splice| (splice.remove("a"), add(splice)).1),
        "{\"z\":1,\"y\":[2]\n}"
    );
}

#[test]
fn later_edits_see_what_earlier_ones_made() {
    let document = r#"{"a":{"x":1},"b":2}"#;
    assert_eq!(
        edited(document, |splice| {
            splice.remove("b");
            splice.set_default("b", &b"3"[..]);
            splice.set_default("a", &b"4"[..]);
            splice
                .merge(br#"{"a":{"y":5},"c":{"z":null}}"#, Limits::default())
                .unwrap();
            splice
                .merge(br#"{"a":{"x":null},"c":{"w":6}}"#, Limits::default())
                .unwrap();
            splice.set("d", &b"7"[..]);
            splice.remove("d");
        }),
        r#"{"a":{"y":5},"b":3,"c":{"w":6}}"#
    );
}

#[test]
fn a_default_does_not_replace_null() {
    assert_eq!(
        edited(r#"{"a":null}"#, |splice| splice.set_default("a", &b"1"[..])),
        r#"{"a":null}"#
    );
}

#[test]
fn edits_that_change_nothing_give_back_the_document() {
    let document = Bytes::from_static(br#"{"a":1,"b":{"c":2}}"#);
    let fields = scan(&document, Limits::default()).unwrap();
    let unedited = Splice::default().finish(&document, &fields);
    assert_eq!(unedited.into_bytes().as_ptr(), document.as_ptr());

    let mut splice = Splice::default();
    splice.set("a", &b"1"[..]);
    splice.set_default("b", &b"3"[..]);
    splice.remove("x");
    splice
        .merge(br#"{"b":{"d":null},"y":null}"#, Limits::default())
        .unwrap();
    assert_eq!(
        splice.finish(&document, &fields).into_bytes().as_ptr(),
        document.as_ptr()
    );
}

#[test]
fn a_large_body_is_shared_but_for_its_ends() {
    let text = "x".repeat(1_000_000);
    let document = Bytes::from(format!(r#"{{"model":"group","messages":["{text}"],"user":"u"}}"#));
    let fields = scan(&document, Limits::default()).unwrap();
    let mut splice = Splice::default();
    splice
        .merge(br#"{"model":"deployment","user":null,"n":1}"#, Limits::default())
        .unwrap();
    let parts = splice.finish(&document, &fields);

    let lengths: Vec<usize> = parts.iter().map(Bytes::len).collect();
    assert_eq!(lengths.len(), 3, "{lengths:?}");
    let middle = parts.iter().nth(1).unwrap();
    assert!(document.as_ptr_range().contains(&middle.as_ptr()));
    assert_eq!(
        parts.into_bytes(),
        format!(r#"{{"model":"deployment","messages":["{text}"],"n":1}}"#)
    );
}

#[test]
fn a_patch_that_is_no_object_is_refused_and_changes_nothing() {
    let mut splice = Splice::default();
    for (patch, expected) in [
        ("[1]", "line 1, column 1: expected a JSON object, found an array"),
        ("null", "line 1, column 1: expected a JSON object, found null"),
        (
            r#"{"a":1"#,
            "line 1, column 7: expected `,` or `}` after a value, found the end of the document",
        ),
    ] {
        assert_eq!(
            splice
                .merge(patch.as_bytes(), Limits::default())
                .unwrap_err()
                .to_string(),
            expected
        );
    }
    assert!(splice.is_empty());
}

/// RFC 7396 Appendix A, each case as the field of an object so that targets and patches of every kind can be told.
/// A patch that is `null` removes the field.
#[test]
fn the_examples_of_the_standard_hold() {
    for (original, patch, result) in [
        (json!({"a":"b"}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"b"}), json!({"b":"c"}), json!({"a":"b","b":"c"})),
        (json!({"a":"b"}), json!({"a":null}), json!({})),
        (json!({"a":"b","b":"c"}), json!({"a":null}), json!({"b":"c"})),
        (json!({"a":["b"]}), json!({"a":"c"}), json!({"a":"c"})),
        (json!({"a":"c"}), json!({"a":["b"]}), json!({"a":["b"]})),
        (
            json!({"a":{"b":"c"}}),
            json!({"a":{"b":"d","c":null}}),
            json!({"a":{"b":"d"}}),
        ),
        (json!({"a":[{"b":"c"}]}), json!({"a":[1]}), json!({"a":[1]})),
        (json!(["a", "b"]), json!(["c", "d"]), json!(["c", "d"])),
        (json!({"a":"b"}), json!(["c"]), json!(["c"])),
        (json!({"a":"foo"}), json!("bar"), json!("bar")),
        (json!({"e":null}), json!({"a":1}), json!({"e":null,"a":1})),
        (json!([1, 2]), json!({"a":"b","c":null}), json!({"a":"b"})),
        (json!({}), json!({"a":{"bb":{"ccc":null}}}), json!({"a":{"bb":{}}})),
    ] {
        let read = merged(&json!({"t": original}).to_string(), &json!({"t": patch}).to_string());
        assert_eq!(
            serde_json::from_str::<Value>(&read).unwrap(),
            json!({"t": result}),
            "{original} with {patch}"
        );
        if original.is_object() && patch.is_object() {
            let read = merged(&original.to_string(), &patch.to_string());
            assert_eq!(
                serde_json::from_str::<Value>(&read).unwrap(),
                result,
                "{original} with {patch}"
            );
        }
    }
    assert_eq!(merged(r#"{"t":{"a":"foo"}}"#, r#"{"t":null}"#), "{}");
}

#[test]
fn patches_one_after_another_give_what_the_standard_says() {
    let mut dice = Dice::new(3);
    let mut changed = 0;
    for _ in 0..8_000 {
        let original = Value::Object(dice.object(3));
        let patches: Vec<Value> = (0..dice.below(4)).map(|_| Value::Object(dice.object(3))).collect();
        let written: Vec<String> = patches.iter().map(|patch| dice.write(patch)).collect();
        let document = dice.write(&original);
        let read = edited(&document, |splice| {
            written
                .iter()
                .for_each(|patch| splice.merge(patch.as_bytes(), Limits::default()).unwrap());
        });
        let expected = patches.iter().fold(original.clone(), oracle_merge);
        assert!(scan(read.as_bytes(), Limits::default()).is_ok(), "{read}");
        assert_eq!(
            serde_json::from_str::<Value>(&read).unwrap(),
            expected,
            "{document} with {written:?}"
        );
        changed += usize::from(original != expected);
    }
    assert!(changed > 2_000, "only {changed} cases changed anything");
}

#[test]
fn of_a_key_repeated_inside_a_patch_the_last_counts() {
    let read = merged(r#"{"t":{"a":0}}"#, r#"{"t":{"a":1,"b":{"x":1},"a":2,"b":{"y":1}}}"#);
    assert_eq!(read, r#"{"t":{"a":2,"b":{"y":1}}}"#);
}
