//! Quirks that read the tools.

use serde_json::value::RawValue;
use sluice_sdk::canonical::{Fields, List, Object, Text as Json};

use crate::entry::Text;
use crate::messages::CACHE_CONTROL;
use crate::patch::{self, Patch};

/// Maximum nesting: deeper schemas are copied unchanged. The recursion must be bounded, and no real schema is as deep.
const DEPTH_MAX: usize = 64;

/// Members whose own members are names chosen by the client, such as a property called `strict`.
const NAMED: [&str; 5] = [
    "properties",
    "patternProperties",
    "$defs",
    "definitions",
    "dependentSchemas",
];

/// Members that are data and not a schema.
const DATA: [&str; 4] = ["default", "const", "enum", "examples"];

/// The schema of a function without parameters.
const NO_PARAMETERS: &str = r#"{"type":"object","properties":{}}"#;

/// Removes members from the tools' definitions, wherever a schema has them.
pub fn strip(patch: &mut Patch<'_>, fields: &[Text], strip_cache_control: bool) {
    let Some(tools) = patch.value("tools").map(std::borrow::Cow::into_owned) else {
        return;
    };
    let cache_control = strip_cache_control.then_some(CACHE_CONTROL);
    let fields: Vec<&str> = fields.iter().map(AsRef::as_ref).chain(cache_control).collect();
    if !fields.iter().any(|field| tools.contains(field)) {
        return;
    }
    let mut out = Vec::with_capacity(tools.len());
    let Ok(raw) = serde_json::from_str::<&RawValue>(&tools) else {
        return;
    };
    let mut walk = Walk {
        fields: &fields,
        is_changed: false,
    };
    walk.value(raw, Place::Schema, 0, &mut out);
    if let (true, Ok(json)) = (walk.is_changed, String::from_utf8(out)) {
        patch.put("tools", json);
    }
}

struct Walk<'e> {
    fields: &'e [&'e str],
    is_changed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Members have the meaning that JSON Schema and OpenAI define.
    Schema,
    /// Members are names chosen by the client.
    Names,
}

impl Walk<'_> {
    fn value(&mut self, value: &RawValue, place: Place, depth: usize, out: &mut Vec<u8>) {
        let json = value.get();
        if depth == DEPTH_MAX {
            out.extend_from_slice(json.as_bytes());
        } else if let Ok(Fields(members)) = serde_json::from_str(json) {
            let mut to = Object::begin(out);
            for (name, member) in members {
                self.member(&name, member, place, depth, &mut to);
            }
        } else if let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(json) {
            let mut to = List::begin(out);
            for item in items {
                self.value(item, Place::Schema, depth + 1, to.item());
            }
        } else {
            out.extend_from_slice(json.as_bytes());
        }
    }

    fn member(&mut self, name: &str, member: &RawValue, place: Place, depth: usize, to: &mut Object) {
        if place == Place::Schema && self.fields.contains(&name) {
            self.is_changed = true;
            return;
        }
        let escaped = Json::from_decoded(name);
        if place == Place::Schema && DATA.contains(&name) {
            to.raw(escaped.escaped(), member);
            return;
        }
        let inner = if place == Place::Schema && NAMED.contains(&name) {
            Place::Names
        } else {
            Place::Schema
        };
        self.value(member, inner, depth + 1, to.field(escaped.escaped()));
    }
}

/// Replaces `web_search_options` by a tool of this type.
pub fn search_with(kind: &str, patch: &mut Patch<'_>) {
    if patch.value("web_search_options").is_none() {
        return;
    }
    patch.remove("web_search_options");
    let tool = format!(r#"{{"type":{}}}"#, patch::text(kind));
    let tools = patch.value("tools").unwrap_or_default();
    if tools.contains(&tool) {
        return;
    }
    let before = tools.trim_end().strip_suffix(']').map(str::trim_end);
    let tools = match before {
        Some(before) if !before.ends_with('[') => format!("{before},{tool}]"),
        _ => format!("[{tool}]"),
    };
    patch.put("tools", tools);
}

/// Keeps only tools of type `function`. A `tool_choice` without tools, or of a removed tool, is removed too.
pub fn keep_functions(patch: &mut Patch<'_>) {
    let Some(tools) = patch.value("tools").map(std::borrow::Cow::into_owned) else {
        return;
    };
    let Ok(all) = serde_json::from_str::<Vec<&RawValue>>(&tools) else {
        return;
    };
    let is_function = |tool: &&&RawValue| {
        serde_json::from_str::<Fields>(tool.get())
            .is_ok_and(|fields| fields.get("type").is_some_and(|kind| kind.get() == "\"function\""))
    };
    let kept: Vec<&str> = all.iter().filter(is_function).map(|tool| tool.get()).collect();
    if kept.len() == all.len() {
        return;
    }
    if kept.is_empty() {
        for field in ["tools", "tool_choice", "parallel_tool_calls"] {
            patch.remove(field);
        }
        return;
    }
    let names_another = patch.value("tool_choice").is_some_and(|choice| {
        let fields: Fields = serde_json::from_str(&choice).unwrap_or_default();
        fields.get("type").is_some_and(|kind| kind.get() != "\"function\"")
    });
    if names_another {
        patch.remove("tool_choice");
    }
    patch.put("tools", format!("[{}]", kept.join(",")));
}

/// Adds empty `parameters` to functions without them; OpenAI's API defines that such functions take none.
pub fn fill_parameters(patch: &mut Patch<'_>) {
    let Some(tools) = patch.value("tools").map(std::borrow::Cow::into_owned) else {
        return;
    };
    let Ok(all) = serde_json::from_str::<Vec<Fields>>(&tools) else {
        return;
    };
    let mut is_changed = false;
    let mut out = Vec::with_capacity(tools.len() + NO_PARAMETERS.len());
    let mut list = List::begin(&mut out);
    for Fields(members) in &all {
        let mut tool = list.object();
        for (name, member) in members {
            let escaped = Json::from_decoded(name);
            match serde_json::from_str(member.get()) {
                Ok(function @ Fields(_)) if name == "function" && function.get("parameters").is_none() => {
                    is_changed = true;
                    let mut to = tool.object("function");
                    to.rest(&function.0).json("parameters", NO_PARAMETERS);
                }
                _ => {
                    tool.raw(escaped.escaped(), member);
                }
            }
        }
    }
    drop(list);
    if let (true, Ok(json)) = (is_changed, String::from_utf8(out)) {
        patch.put("tools", json);
    }
}

#[cfg(test)]
mod tests {
    use sluice_sdk::RequestBody;
    use sluice_sdk::testing::Host;

    use super::*;

    fn patched(body: &str, change: impl FnOnce(&mut Patch<'_>)) -> String {
        Host {
            body: body.as_bytes().to_vec(),
            ..Host::default()
        }
        .install();
        let mut patch = Patch::default();
        change(&mut patch);
        match patch.into_body() {
            RequestBody::MergePatch(bytes) => String::from_utf8(bytes).unwrap(),
            _ => String::new(),
        }
    }

    #[test]
    fn members_are_stripped_and_the_clients_own_names_stand() {
        let body = r#"{"tools":[{"type":"function","function":{"name":"f","strict":true,"parameters":{"additionalProperties":false,"properties":{"strict":{"type":"string","default":{"strict":1},"additionalProperties":false}}}}}]}"#;
        let fields = [Text::Borrowed("strict"), Text::Borrowed("additionalProperties")];
        assert_eq!(
            patched(body, |patch| strip(patch, &fields, false)),
            r#"{"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"strict":{"type":"string","default":{"strict":1}}}}}}]}"#
        );
        assert_eq!(
            patched(r#"{"tools":[{"type":"function"}]}"#, |patch| strip(
                patch, &fields, false
            )),
            ""
        );
    }

    #[test]
    fn functions_without_parameters_get_a_schema_of_none() {
        let body =
            r#"{"tools":[{"type":"function","function":{"name":"f"}},{"type":"x"},{"function":{"parameters":{}}}]}"#;
        let filled = r#"{"name":"f","parameters":{"type":"object","properties":{}}}"#;
        assert_eq!(
            patched(body, fill_parameters),
            format!(
                r#"{{"tools":[{{"type":"function","function":{filled}}},{{"type":"x"}},{{"function":{{"parameters":{{}}}}}}]}}"#
            )
        );
        for body in [r#"{"tools":[{"type":"x"}]}"#, r#"{"tools":"none"}"#, "{}"] {
            assert_eq!(patched(body, fill_parameters), "", "{body}");
        }
    }

    #[test]
    fn other_tools_than_functions_go_and_the_choice_of_them() {
        let body = r#"{"tools":[{"type":"function"},{"type":"web_search"}],"tool_choice":{"type":"web_search"}}"#;
        assert_eq!(
            patched(body, keep_functions),
            r#"{"tool_choice":null,"tools":[{"type":"function"}]}"#
        );
        assert_eq!(
            patched(r#"{"tools":[{"type":"x"}],"tool_choice":"auto"}"#, keep_functions),
            r#"{"tools":null,"tool_choice":null,"parallel_tool_calls":null}"#
        );
        assert_eq!(patched(r#"{"tools":[{"type":"function"}]}"#, keep_functions), "");
    }
}
