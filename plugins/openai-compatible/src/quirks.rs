//! How requests to a provider differ from OpenAI's, applied in the order of `config/CATALOGUES.md`.
//!
//! Most quirks concern top-level fields, and cost a read of those fields. Quirks of messages ([`crate::messages`]) or
//! tools ([`crate::tools`]) cost a read of these.

use sluice_sdk::{deployment, exchange};

use crate::entry::{Bounds, Entry, ModelRule, Pairs, Replay, Text};
use crate::messages::{self, Rewrite};
use crate::patch::{self, Patch};
use crate::{thinking, tools};

/// Applies the quirks of this provider.
pub fn apply<'a>(entry: &'a Entry, model: &str, patch: &mut Patch<'a>) {
    let rules: Vec<&ModelRule> = entry.rules(model).collect();
    drop_fields(entry, &rules, patch);
    if let Some(style) = rules.iter().find_map(|rule| rule.thinking).or(entry.thinking) {
        thinking::apply(style, patch);
    }
    rename(entry, patch);
    clamp(entry, patch);
    let values = rules.iter().flat_map(|rule| rule.values.iter());
    replace_values(entry.values.iter().chain(values), patch);
    let sets = rules.iter().flat_map(|rule| rule.set.iter());
    for (field, value) in entry.set.iter().chain(sets) {
        patch.put(field.as_ref(), value.0.as_ref());
    }
    for (field, value) in entry.defaults.iter() {
        if patch.value(field).is_none() {
            patch.put(field.as_ref(), value.0.as_ref());
        }
    }
    let strips_cache_control = strips_cache_control(entry);
    if strips_cache_control || !entry.strip_from_tools.is_empty() {
        tools::strip(patch, &entry.strip_from_tools, strips_cache_control);
    }
    if let Some(kind) = rules.iter().find_map(|rule| rule.web_search_tool.as_deref()) {
        tools::search_with(kind, patch);
    }
    if entry.function_tools_only {
        tools::keep_functions(patch);
    }
    if entry.tools_need_parameters {
        tools::fill_parameters(patch);
    }
    rewrite_messages(entry, &rules, patch);
}

/// Parameters for models of Anthropic and Google that OpenAI's format does not have. Only those that LiteLLM knows are
/// listed, since an unknown parameter may be one of the upstream's own.
const FOREIGN: [&str; 3] = ["context_management", "include_server_side_tool_invocations", "thinking"];

/// Removing an absent field has no effect, so the request is not searched for the fields.
fn drop_fields<'a>(entry: &'a Entry, rules: &[&'a ModelRule], patch: &mut Patch<'a>) {
    let of_models = rules.iter().flat_map(|rule| rule.drop.iter());
    for field in entry.drop.iter().chain(of_models) {
        patch.remove(field.as_ref());
    }
    if let Some(drop_params) = DropParams::of_attempt() {
        let is_foreign = |field: &&str| !entry.takes.iter().any(|taken| taken == field);
        let foreign = FOREIGN.into_iter().filter(is_foreign);
        let of_models = rules.iter().flat_map(|rule| rule.unsupported.iter());
        let unsupported = entry.unsupported.iter().chain(of_models).map(AsRef::as_ref);
        for field in foreign.chain(unsupported) {
            drop_params.remove(field, patch);
        }
    }
}

/// Permission to remove what the upstream does not support: `drop_params` of the operator or the client, except for
/// fields in `allowed_openai_params`.
pub struct DropParams {
    allowed: Vec<String>,
}

impl DropParams {
    /// `None` if `drop_params` is not set.
    pub fn of_attempt() -> Option<Self> {
        let is_asked = || exchange::field("drop_params").as_deref() == Some("true");
        if !deployment::is_true("drop_params") && !is_asked() {
            return None;
        }
        let lists = [
            deployment::parameter("allowed_openai_params"),
            exchange::field("allowed_openai_params"),
        ];
        let names = |json: String| serde_json::from_str::<Vec<String>>(&json).unwrap_or_default();
        Some(Self {
            allowed: lists.into_iter().flatten().flat_map(names).collect(),
        })
    }

    pub fn remove<'a>(&self, field: &'a str, patch: &mut Patch<'a>) {
        if !self.allowed.iter().any(|allowed| allowed == field) {
            patch.remove(field);
        }
    }
}

fn rename<'a>(entry: &'a Entry, patch: &mut Patch<'a>) {
    for (old, new) in entry.rename.iter() {
        move_field(patch, old, new);
    }
}

/// Renames `old` to `new`. If the request has both, `new` keeps its value.
pub fn move_field<'a>(patch: &mut Patch<'a>, old: &'a str, new: &'a str) {
    let Some(value) = patch.value(old).map(|value| value.into_owned()) else {
        return;
    };
    if patch.value(new).is_none() {
        patch.put(new, value);
    }
    patch.remove(old);
}

fn clamp<'a>(entry: &'a Entry, patch: &mut Patch<'a>) {
    for (field, bounds) in entry.clamp.iter() {
        let number = patch.value(field).and_then(|json| json.parse::<f64>().ok());
        if let Some(bound) = number.and_then(|number| passed(bounds, number)) {
            patch.put(field.as_ref(), serde_json::Value::from(bound).to_string());
        }
    }
}

/// The bound that the number exceeds, if any.
fn passed(bounds: &Bounds, number: f64) -> Option<f64> {
    let below = bounds.min.filter(|min| number < *min);
    below.or(bounds.max.filter(|max| number > *max))
}

fn replace_values<'a>(values: impl Iterator<Item = &'a (Text, Pairs<Text>)>, patch: &mut Patch<'a>) {
    for (field, words) in values {
        let Some(word) = patch
            .value(field)
            .and_then(|json| serde_json::from_str::<String>(&json).ok())
        else {
            continue;
        };
        if let Some((_, replacement)) = words.iter().find(|(given, _)| *given == word) {
            patch.put(field.as_ref(), patch::text(replacement));
        }
    }
}

/// Whether to remove cache marks, because the provider has no such cache or another form of marks.
fn strips_cache_control(entry: &Entry) -> bool {
    entry.plain_messages && entry.takes.iter().all(|taken| taken != messages::CACHE_CONTROL)
}

fn rewrite_messages<'a>(entry: &'a Entry, rules: &[&ModelRule], patch: &mut Patch<'a>) {
    let replay = rules.iter().find_map(|rule| rule.replay).or(entry.replay);
    let wanted = Rewrite {
        content_to_string: entry.content_to_string,
        tool_content_to_string: entry.tool_content_to_string,
        strip_name: entry.strip_message_name,
        name_for: &entry.name_for,
        cache_control_in_parts: entry.cache_control_in_parts,
        document_parts: entry.document_parts,
        is_plain: entry.plain_messages,
        strip_cache_control: strips_cache_control(entry),
        strip: &entry.strip_from_messages,
        replay: replay.filter(|replay| *replay != Replay::FillAll || thinking::is_asked(patch)),
    };
    if !wanted.anything() && !entry.required_choice_is_asked {
        return;
    }
    let rewritten = patch
        .value("messages")
        .and_then(|json| messages::rewrite(&json, wanted));
    if let Some(json) = rewritten {
        patch.put("messages", json);
    }
    if entry.required_choice_is_asked {
        ask_for_a_tool(patch);
    }
}

/// The message that Moonshot recommends, since its models cannot be forced to call a tool.
/// <https://platform.moonshot.ai/docs/guide/migrating-from-openai-to-kimi#about-tool_choice>
const ASK_FOR_A_TOOL: &str = r#"{"role":"user","content":"Please select a tool to handle the current issue."}"#;

fn ask_for_a_tool(patch: &mut Patch<'_>) {
    if patch.value("tool_choice").as_deref() != Some("\"required\"") {
        return;
    }
    if patch.push_message(ASK_FOR_A_TOOL) {
        patch.remove("tool_choice");
    }
}

#[cfg(test)]
mod tests {
    use sluice_sdk::RequestBody;
    use sluice_sdk::serde_json::{Value, json};
    use sluice_sdk::testing::Host;

    use super::*;

    /// The patch for a provider with these quirks.
    fn patch_of(quirks: Value, request: &Value, drop_params: bool) -> Value {
        let parameters = drop_params
            .then(|| ("drop_params".to_owned(), "true".to_owned()))
            .into_iter()
            .collect();
        Host {
            body: request.to_string().into_bytes(),
            parameters,
            ..Host::default()
        }
        .install();
        let mut entry = json!({"name": "p", "base_url": "", "operations": ["embeddings"]});
        entry
            .as_object_mut()
            .unwrap()
            .extend(quirks.as_object().unwrap().clone());
        let entry: Entry = serde_json::from_value(entry).unwrap();
        let mut patch = Patch::default();
        apply(&entry, "m", &mut patch);
        match patch.into_body() {
            RequestBody::MergePatch(bytes) => serde_json::from_slice(&bytes).unwrap(),
            RequestBody::Unchanged => json!({}),
            other => panic!("{other:?}"),
        }
    }

    #[track_caller]
    fn check(quirks: Value, request: Value, expected: Value) {
        assert_eq!(patch_of(quirks, &request, false), expected);
    }

    #[test]
    fn fields_the_upstream_does_not_know_are_removed() {
        check(
            json!({"drop": ["store", "user"]}),
            json!({"store": true}),
            json!({"store": null, "user": null}),
        );
    }

    #[test]
    fn unsupported_fields_are_removed_only_when_the_operator_says_so() {
        let (quirks, request) = (json!({"unsupported": ["seed"]}), json!({"seed": 7}));
        assert_eq!(patch_of(quirks.clone(), &request, false), json!({}));
        assert_eq!(patch_of(quirks.clone(), &request, true)["seed"], Value::Null);
        let asked = json!({"seed": 7, "drop_params": true, "allowed_openai_params": ["thinking"]});
        let patch = patch_of(quirks, &asked, false);
        assert!(
            patch.get("seed").is_some() && patch.get("thinking").is_none(),
            "{patch}"
        );
    }

    #[test]
    fn other_formats_parameters_are_unsupported_unless_the_provider_takes_them() {
        let removed = |quirks| {
            patch_of(quirks, &json!({}), true)
                .as_object()
                .unwrap()
                .keys()
                .cloned()
                .collect::<Vec<_>>()
        };
        assert_eq!(
            removed(json!({})),
            ["context_management", "include_server_side_tool_invocations", "thinking"]
        );
        assert!(!removed(json!({"takes": ["thinking"]})).contains(&"thinking".into()));
    }

    #[test]
    fn a_renamed_field_gives_way_to_one_that_has_the_name() {
        let quirks = json!({"rename": {"old": "new"}});
        check(quirks.clone(), json!({"old": 1}), json!({"new": 1, "old": null}));
        check(quirks.clone(), json!({"old": 1, "new": 2}), json!({"old": null}));
        check(quirks.clone(), json!({"new": 2}), json!({}));
        check(quirks, json!({"old": null}), json!({}));
    }

    #[test]
    fn a_number_out_of_bounds_becomes_the_bound() {
        let quirks = json!({"clamp": {"temperature": {"min": 0.1, "max": 1.0}}});
        check(quirks.clone(), json!({"temperature": 1.5}), json!({"temperature": 1.0}));
        check(quirks.clone(), json!({"temperature": 0}), json!({"temperature": 0.1}));
        check(quirks.clone(), json!({"temperature": 1}), json!({}));
        check(quirks, json!({"temperature": "hot"}), json!({}));
    }

    #[test]
    fn later_quirks_see_what_earlier_ones_made() {
        let quirks = json!({
            "drop": ["a"],
            "rename": {"a": "b", "c": "d"},
            "clamp": {"d": {"max": 5}},
        });
        check(quirks, json!({"a": 1, "c": 9}), json!({"a": null, "c": null, "d": 5.0}));
    }

    #[test]
    fn words_are_replaced_and_other_values_stand() {
        let quirks = json!({"values": {"tool_choice": {"required": "any"}}});
        check(
            quirks.clone(),
            json!({"tool_choice": "required"}),
            json!({"tool_choice": "any"}),
        );
        check(quirks.clone(), json!({"tool_choice": "auto"}), json!({}));
        check(quirks, json!({"tool_choice": {"type": "function"}}), json!({}));
    }

    #[test]
    fn set_has_the_last_word() {
        check(
            json!({"drop": ["store"], "set": {"store": false}}),
            json!({"store": true}),
            json!({"store": false}),
        );
    }
}
