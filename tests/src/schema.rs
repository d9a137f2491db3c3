//! Checks documents against a JSON Schema, as far as the repository's own schemas go: `type`, `enum`, `const`,
//! `properties`, `required`, `additionalProperties`, `items`, `anyOf`, `oneOf` and `$ref` within the document
//! (<https://json-schema.org/draft/2020-12>).

use serde_json::Value;

/// Everything in which `document` departs from `schema`.
#[must_use]
pub fn violations(schema: &Value, document: &Value) -> Vec<String> {
    let mut found = Vec::new();
    Checker { root: schema }.check(schema, document, "", &mut found);
    found
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        if let Some(target) = schema["$ref"].as_str() {
            let pointer = target.trim_start_matches('#');
            let target = self
                .root
                .pointer(pointer)
                .unwrap_or_else(|| panic!("the schema has no {pointer}"));
            return self.check(target, value, at, found);
        }
        if !fits_type(&schema["type"], value) {
            found.push(format!("{at}: {value} is no {}", schema["type"]));
        }
        if let Some(allowed) = schema["enum"].as_array()
            && !allowed.contains(value)
        {
            found.push(format!("{at}: {value} is none of {}", schema["enum"]));
        }
        if let Some(constant) = schema.get("const")
            && constant != value
        {
            found.push(format!("{at}: {value} is not {constant}"));
        }
        for choice in ["anyOf", "oneOf"] {
            if let Some(choices) = schema[choice].as_array()
                && !choices.iter().any(|choice| self.fits(choice, value))
            {
                found.push(format!("{at}: {value} fits none of {choice}"));
            }
        }
        self.check_members(schema, value, at, found);
        if let (Some(items), Some(values)) = (schema.get("items"), value.as_array()) {
            for (index, value) in values.iter().enumerate() {
                self.check(items, value, &format!("{at}/{index}"), found);
            }
        }
    }

    fn fits(&self, schema: &Value, value: &Value) -> bool {
        let mut found = Vec::new();
        self.check(schema, value, "", &mut found);
        found.is_empty()
    }

    fn check_members(&self, schema: &Value, value: &Value, at: &str, found: &mut Vec<String>) {
        let Some(members) = value.as_object() else { return };
        for name in schema["required"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
        {
            if !members.contains_key(name) {
                found.push(format!("{at}/{name}: missing"));
            }
        }
        for (name, value) in members {
            let at = format!("{at}/{name}");
            match (schema["properties"].get(name), &schema["additionalProperties"]) {
                (Some(schema), _) => self.check(schema, value, &at, found),
                (None, Value::Bool(false)) => found.push(format!("{at}: not in the schema")),
                (None, Value::Object(_)) => self.check(&schema["additionalProperties"], value, &at, found),
                (None, _) => {}
            }
        }
    }
}

fn fits_type(wanted: &Value, value: &Value) -> bool {
    match wanted {
        Value::String(name) => is_of(name, value),
        Value::Array(names) => names.iter().filter_map(Value::as_str).any(|name| is_of(name, value)),
        _ => true,
    }
}

fn is_of(name: &str, value: &Value) -> bool {
    match name {
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        other => panic!("JSON Schema has no type {other}"),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn departures_are_named_by_place() {
        let schema = json!({
            "type": "object",
            "required": ["a"],
            "additionalProperties": false,
            "properties": { "a": { "type": ["string", "null"] }, "b": { "$ref": "#/$defs/list" } },
            "$defs": { "list": { "type": "array", "items": { "enum": [1, 2] } } },
        });
        assert_eq!(
            violations(&schema, &json!({ "a": null, "b": [1, 2] })),
            Vec::<String>::new()
        );
        let document = json!({ "b": [3], "c": 1 });
        let expected = ["/a: missing", "/b/0: 3 is none of [1,2]", "/c: not in the schema"];
        assert_eq!(violations(&schema, &document), expected);
    }
}
