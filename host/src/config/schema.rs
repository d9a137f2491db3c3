//! The table of keys as JSON Schema (draft 2020-12), so that editors complete and check configurations:
//! `config/sluice.schema.json`, which a test keeps in step.

use std::collections::BTreeMap;

use serde_json::{Map, Value as Json, json};

use super::keys::{self, Key, Section, Shape, Standing, Unknown};

/// The schema, indented, with a final newline.
pub fn text() -> String {
    let mut sections = BTreeMap::new();
    let mut schema = object(&keys::top::FILE, &mut sections);
    let definitions: Map<String, Json> = sections.into_iter().map(|(name, made)| (name, made.into())).collect();
    let head = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Sluice configuration",
        "description": "LiteLLM's config.yaml, and what Sluice adds under `sluice`.",
    });
    if let Json::Object(head) = head {
        schema.extend(head);
    }
    // A place for anchors, as Compose files have it.
    schema.insert("patternProperties".to_owned(), json!({"^(x-|_|\\.)": true}));
    schema.insert("$defs".to_owned(), Json::Object(definitions));
    // Writing a `Value` cannot fail: its keys are text and its numbers finite.
    format!("{:#}\n", Json::Object(schema))
}

/// Sections made so far; each stands once under `$defs`.
type Sections = BTreeMap<String, Map<String, Json>>;

fn object(section: &'static Section, sections: &mut Sections) -> Map<String, Json> {
    let mut properties = Map::new();
    let mut families = Map::new();
    for key in section.keys() {
        let (map, name) = if key.is_pattern() {
            (&mut families, pattern(key.name))
        } else {
            (&mut properties, key.name.to_owned())
        };
        map.entry(name).or_insert_with(|| property(key, sections));
    }
    let mut made = Map::from_iter([
        ("type".to_owned(), json!(["object", "null"])),
        ("properties".to_owned(), properties.into()),
    ]);
    if !families.is_empty() {
        made.insert("patternProperties".to_owned(), families.into());
    }
    if !section.required.is_empty() {
        made.insert("required".to_owned(), json!(section.required));
    }
    if section.unknown != Unknown::Passed {
        made.insert("additionalProperties".to_owned(), json!(false));
    }
    made
}

fn property(key: &'static Key, sections: &mut Sections) -> Json {
    let mut made = shape(&key.shape, sections);
    made.insert("description".to_owned(), description(key).into());
    made.into()
}

fn description(key: &Key) -> String {
    match key.standing {
        Standing::Honoured => key.doc.to_owned(),
        Standing::Later(part) => format!("{} Accepted, not yet in effect ({part}).", key.doc),
        Standing::Inert(reason) => format!("{} Without effect: {reason}.", key.doc),
    }
}

/// `input_cost_per_*` as a regular expression.
fn pattern(name: &str) -> String {
    let escaped = name.replace('.', "\\.").replace('*', ".+");
    format!("^{escaped}$")
}

fn shape(shape: &'static Shape, sections: &mut Sections) -> Map<String, Json> {
    let made = match shape {
        Shape::Any => json!({}),
        Shape::Bool => shared("boolean", json!({"type": "boolean"}), sections),
        Shape::Integer(min, max) => or_variable(integer(*min, *max), sections),
        Shape::Number(min) if *min < -1.0e9 => or_variable(json!({"type": "number"}), sections),
        Shape::Number(min) if *min == 0.0 => shared("amount", json!({"type": "number", "minimum": 0}), sections),
        Shape::Number(min) => or_variable(json!({"type": "number", "minimum": min}), sections),
        Shape::Seconds => shared("seconds", json!({"type": "number", "exclusiveMinimum": 0}), sections),
        Shape::Period => shared("period", json!({"type": "string", "pattern": PERIOD}), sections),
        Shape::Url => shared("url", json!({"type": "string", "pattern": "^https?://."}), sections),
        Shape::Word(words) => or_variable(json!({"enum": words}), sections),
        Shape::Text | Shape::Address | Shape::Outbound | Shape::AnyOutbound => json!({"type": ["string", "null"]}),
        Shape::Secret => json!({"type": ["string", "object", "null"]}),
        // Nobody takes a whole list or mapping from a variable; without that choice editors tell mistakes precisely.
        Shape::List(inner) => json!({"type": ["array", "null"], "items": self::shape(inner, sections)}),
        Shape::Map(inner) => json!({"type": ["object", "null"], "additionalProperties": self::shape(inner, sections)}),
        Shape::Section(section) => json!({"$ref": reference(section, sections)}),
        Shape::Either(shapes) => {
            let choices: Vec<Json> = shapes.iter().map(|shape| self::shape(shape, sections).into()).collect();
            json!({"anyOf": choices})
        }
    };
    made.as_object().cloned().unwrap_or_default()
}

const PERIOD: &str = "^([1-9][0-9]*(s|m|h|d|w|mo)|hourly|daily|weekly|monthly)$";

fn integer(min: i64, max: i64) -> Json {
    let mut made = json!({"type": "integer"});
    if min != i64::MIN {
        made["minimum"] = min.into();
    }
    if max < i64::from(u32::MAX) {
        made["maximum"] = max.into();
    }
    made
}

/// A shape that many keys have, which stands once under `$defs`.
fn shared(name: &str, own: Json, sections: &mut Sections) -> Json {
    if !sections.contains_key(name) {
        let made = or_variable(own, sections);
        sections.insert(name.to_owned(), made.as_object().cloned().unwrap_or_default());
    }
    json!({"$ref": format!("#/$defs/{name}")})
}

/// A shape, or a variable that holds it.
fn or_variable(own: Json, sections: &mut Sections) -> Json {
    json!({"anyOf": [own, environment(sections)]})
}

/// What may stand in place of any value: null, and a variable.
fn environment(sections: &mut Sections) -> Json {
    let name = "environment";
    sections.entry(name.to_owned()).or_insert_with(|| {
        let made = json!({
            "description": "The value of an environment variable, or null for none.",
            "type": ["string", "null"],
            "pattern": "^os\\.environ/.",
        });
        made.as_object().cloned().unwrap_or_default()
    });
    json!({"$ref": format!("#/$defs/{name}")})
}

fn reference(section: &'static Section, sections: &mut Sections) -> String {
    let name = section
        .name
        .replace("[]", "_entry")
        .replace(".*", "_entry")
        .replace('.', "_");
    if !sections.contains_key(&name) {
        // Entered before it is made, so that a section may hold itself.
        sections.insert(name.clone(), Map::new());
        let made = object(section, sections);
        sections.insert(name.clone(), made);
    }
    format!("#/$defs/{name}")
}
