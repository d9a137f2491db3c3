//! JSON Schema for Claude's constrained decoding, at Anthropic and on Bedrock. Claude refuses keywords that it cannot
//! enforce, so they are moved to the description, where the model still reads them
//! (<https://docs.anthropic.com/en/docs/build-with-claude/structured-outputs#json-schema-limitations>).

use crate::canonical::{Fields, List, Object, RawValue, Text};

/// Maximum depth to which schemas are rewritten; deeper ones are copied. Anthropic refuses deeper schemas anyway.
const DEPTH_MAX: usize = 32;

/// Keywords that Claude cannot enforce.
const UNENFORCED: [&str; 24] = [
    "maxItems",
    "uniqueItems",
    "contains",
    "minContains",
    "maxContains",
    "prefixItems",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
    "minLength",
    "maxLength",
    "minProperties",
    "maxProperties",
    "patternProperties",
    "propertyNames",
    "dependentRequired",
    "dependentSchemas",
    "unevaluatedProperties",
    "if",
    "then",
    "else",
    "not",
];

/// Writes the schema with `additionalProperties: false` in each object, and without keywords that cannot be enforced.
pub fn write_strict(out: &mut Vec<u8>, schema: &RawValue) {
    write(out, schema, 0);
}

/// Writes the schema of a tool's input, which must have `type: object`.
pub fn write_input(out: &mut Vec<u8>, schema: Option<&RawValue>) {
    let fields = schema.and_then(|schema| serde_json::from_str::<Fields>(schema.get()).ok());
    match (schema, fields) {
        (Some(schema), Some(fields)) if fields.get("type").is_some() => {
            out.extend_from_slice(schema.get().as_bytes());
        }
        (_, fields) => {
            let Fields(fields) = fields.unwrap_or_default();
            let mut object = Object::begin(out);
            object.string("type", "object");
            if !fields.iter().any(|(name, _)| name == "properties") {
                object.json("properties", "{}");
            }
            object.rest(&fields);
        }
    }
}

fn write(out: &mut Vec<u8>, schema: &RawValue, depth: usize) {
    let Some(fields) = serde_json::from_str::<Fields>(schema.get())
        .ok()
        .filter(|_| depth < DEPTH_MAX)
    else {
        out.extend_from_slice(schema.get().as_bytes());
        return;
    };
    let notes = notes(&fields);
    let mut object = Object::begin(out);
    let mut has_any_of = false;
    for (name, value) in &fields.0 {
        match &**name {
            _ if is_unenforced(name, value) => {}
            "description" if !notes.is_empty() => {}
            "additionalProperties" if is_object(&fields) => {}
            "properties" | "$defs" | "definitions" => write_each(object.field(name), value, depth),
            "items" => write(object.field(name), value, depth + 1),
            // Claude refuses `oneOf`. `anyOf` means the same if the alternatives exclude each other.
            "anyOf" | "oneOf" if !has_any_of => {
                has_any_of = true;
                write_all(object.field("anyOf"), value, depth);
            }
            "allOf" => write_all(object.field(name), value, depth),
            _ => {
                object.rest(&[(name.clone(), value)]);
            }
        }
    }
    if is_object(&fields) {
        object.json("additionalProperties", "false");
    }
    if !notes.is_empty() {
        let description = fields.get("description").and_then(Text::of);
        let description = description.as_ref().map(|text| text.decoded()).unwrap_or_default();
        object.string("description", format!("{description} {notes}").trim_start());
    }
}

/// Writes an object whose values are schemas.
fn write_each(out: &mut Vec<u8>, value: &RawValue, depth: usize) {
    let Ok(Fields(schemas)) = serde_json::from_str(value.get()) else {
        out.extend_from_slice(value.get().as_bytes());
        return;
    };
    let mut object = Object::begin(out);
    for (name, schema) in &schemas {
        write(object.field(Text::from_decoded(name).escaped()), schema, depth + 1);
    }
}

/// Writes a list of schemas.
fn write_all(out: &mut Vec<u8>, value: &RawValue, depth: usize) {
    let Ok(schemas) = serde_json::from_str::<Vec<&RawValue>>(value.get()) else {
        out.extend_from_slice(value.get().as_bytes());
        return;
    };
    let mut list = List::begin(out);
    for schema in schemas {
        write(list.item(), schema, depth + 1);
    }
}

fn is_object(fields: &Fields) -> bool {
    let kind = fields.get("type").map(RawValue::get);
    kind.map_or_else(
        || fields.get("properties").is_some(),
        |kind| kind.contains(r#""object""#),
    )
}

/// `minItems` can be enforced only with the values 0 and 1.
fn is_unenforced(name: &str, value: &RawValue) -> bool {
    UNENFORCED.contains(&name) || (name == "minItems" && !matches!(value.get(), "0" | "1"))
}

/// The keywords that were removed, as text for the description.
fn notes(fields: &Fields) -> String {
    let taken = fields
        .0
        .iter()
        .filter(|(name, value)| is_unenforced(name, value) && value.get() != "false");
    let notes: Vec<String> = taken.map(|(name, value)| format!("{name}: {}", value.get())).collect();
    if notes.is_empty() {
        String::new()
    } else {
        format!("({})", notes.join(", "))
    }
}
