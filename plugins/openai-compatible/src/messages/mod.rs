//! Quirks that read the messages. Only the messages that change are written anew; the others are copied.

mod content;
mod documents;
mod replay;

use serde_json::value::RawValue;
use sluice_sdk::canonical::{Fields, List, Object, Text as Json};

use crate::entry::{Replay, Text};
use replay::Replayed;

/// Anthropic's mark for the end of a prefix to be cached.
pub const CACHE_CONTROL: &str = "cache_control";

/// Texts of which one is in every message that `is_plain` changes.
const PLAINLY_ELSE: [&str; 3] = ["\"developer\"", "null", "\"image_url\""];

#[derive(Clone, Copy)]
pub struct Rewrite<'e> {
    /// A list of text parts becomes one string.
    pub content_to_string: bool,
    /// The same, for results of tools only.
    pub tool_content_to_string: bool,
    /// `name` is removed from messages whose role is not `tool`.
    pub strip_name: bool,
    /// Roles whose messages keep their `name`; all roles if the list is empty.
    pub name_for: &'e [Text],
    /// `cache_control` of a message moves to its last part.
    pub cache_control_in_parts: bool,
    /// Files and audio are written in Mistral's form.
    pub document_parts: bool,
    /// `developer` becomes `system`, the address of an image becomes an object, and `null` fields of assistant messages
    /// are removed.
    pub is_plain: bool,
    /// `cache_control` is removed from messages and their parts.
    pub strip_cache_control: bool,
    /// Fields that are removed from messages and their parts.
    pub strip: &'e [Text],
    pub replay: Option<Replay>,
}

impl Rewrite<'_> {
    pub fn anything(self) -> bool {
        self.content_to_string
            || self.tool_content_to_string
            || self.strip_name
            || !self.name_for.is_empty()
            || self.cache_control_in_parts
            || self.document_parts
            || self.is_plain
            || self.strip_cache_control
            || !self.strip.is_empty()
            || self.replay.is_some()
    }

    /// A text search before any parsing, since most requests need no change.
    fn may_apply(self, messages: &str) -> bool {
        ((self.content_to_string || self.tool_content_to_string) && messages.contains("\"text\""))
            || ((self.strip_name || !self.name_for.is_empty()) && messages.contains("\"name\""))
            || (self.document_parts && documents::SIGNS.iter().any(|sign| messages.contains(sign)))
            || (self.is_plain && PLAINLY_ELSE.iter().any(|sign| messages.contains(sign)))
            || ((self.strip_cache_control || self.cache_control_in_parts) && messages.contains(CACHE_CONTROL))
            || (self.replay.is_some() && messages.contains("\"assistant\""))
            || self.strip.iter().any(|field| messages.contains(field.as_ref()))
    }

    fn keeps_name(self, role: Option<&RawValue>, is_tool: bool) -> bool {
        let role = role.and_then(Json::of);
        let is_named = || {
            self.name_for
                .iter()
                .any(|name| role.as_ref().is_some_and(|role| role == name.as_ref()))
        };
        (!self.strip_name || is_tool) && (self.name_for.is_empty() || is_named())
    }

    fn strips(self, field: &str) -> bool {
        (self.strip_cache_control && field == CACHE_CONTROL) || self.strip.iter().any(|name| name == field)
    }
}

/// The `messages` to send instead, as JSON; `None` if nothing changes, or if the value is not a list of messages: the
/// upstream then reports the mistake.
pub fn rewrite(messages: &str, wanted: Rewrite) -> Option<String> {
    if !wanted.may_apply(messages) {
        return None;
    }
    let list: Vec<&RawValue> = serde_json::from_str(messages).ok()?;
    let mut out = Vec::with_capacity(messages.len() + 64);
    let mut is_changed = false;
    let mut to = List::begin(&mut out);
    for message in list {
        let item = to.item();
        let before = item.len();
        if rewrite_one(message.get(), wanted, item) == Some(true) {
            is_changed = true;
        } else {
            item.truncate(before);
            item.extend_from_slice(message.get().as_bytes());
        }
    }
    drop(to);
    String::from_utf8(out).ok().filter(|_| is_changed)
}

/// Writes one message; returns whether it has changed. `None` if it is not an object.
fn rewrite_one(message: &str, wanted: Rewrite, out: &mut Vec<u8>) -> Option<bool> {
    let message: Fields = serde_json::from_str(message).ok()?;
    let has_role = |role: &str| message.get("role").is_some_and(|value| value.get() == role);
    let (is_tool, is_assistant) = (has_role("\"tool\""), has_role("\"assistant\""));
    let keeps_name = wanted.keeps_name(message.get("role"), is_tool);
    let mark = message.get(CACHE_CONTROL).filter(|_| wanted.cache_control_in_parts);
    let replayed = wanted
        .replay
        .filter(|_| is_assistant)
        .and_then(|replay| Replayed::of(replay, &message));
    let mut is_changed = replayed.is_some() || mark.is_some();
    let mut to = Object::begin(out);
    for (name, value) in &message.0 {
        let name: &str = name;
        let is_out = wanted.strips(name)
            || (!keeps_name && name == "name")
            || (mark.is_some() && name == CACHE_CONTROL)
            || (wanted.is_plain && is_assistant && value.get() == "null")
            || replayed.as_ref().is_some_and(|replayed| replayed.replaces(name));
        if is_out {
            is_changed = true;
            continue;
        }
        let instead = match (name, mark) {
            ("content", Some(mark)) => content::marked(value.get(), mark.get()),
            ("content", None) => content::rewrite(value.get(), is_tool, wanted),
            ("role", _) if wanted.is_plain && value.get() == "\"developer\"" => Some("\"system\"".to_owned()),
            _ => None,
        };
        is_changed |= instead.is_some();
        let name = Json::from_decoded(name);
        to.json(name.escaped(), instead.as_deref().unwrap_or(value.get()));
    }
    if let Some(replayed) = replayed {
        replayed.write(&mut to);
    }
    drop(to);
    Some(is_changed)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Rewrite = Rewrite {
        content_to_string: true,
        tool_content_to_string: false,
        strip_name: true,
        name_for: &[],
        cache_control_in_parts: false,
        document_parts: false,
        is_plain: false,
        strip_cache_control: false,
        strip: &[],
        replay: None,
    };

    #[track_caller]
    fn check(messages: &str, expected: Option<&str>) {
        assert_eq!(rewrite(messages, BOTH).as_deref(), expected);
    }

    #[test]
    fn text_parts_become_one_string() {
        check(
            r#"[{"role":"user","content":[{"type":"text","text":"a \"b\""},{"type":"text","text":"\nc","x":1}]}]"#,
            Some(r#"[{"role":"user","content":"a \"b\"\nc"}]"#),
        );
    }

    #[test]
    fn lists_with_anything_else_stand() {
        check(
            r#"[{"role":"user","content":[{"type":"text","text":"a"},{"type":"image_url","image_url":{}}]}]"#,
            None,
        );
        check(r#"[{"role":"user","content":"[\"text\"]"}]"#, None);
        check(r#"[{"role":"assistant","content":null,"text":1}]"#, None);
    }

    #[test]
    fn names_go_except_where_a_tool_answers() {
        check(
            r#"[{"role":"user","name":"ann","content":"x"}, {"role":"tool","name":"f","content":"y"}]"#,
            Some(r#"[{"role":"user","content":"x"},{"role":"tool","name":"f","content":"y"}]"#),
        );
    }

    #[test]
    fn what_is_not_messages_is_left_for_the_upstream_to_refuse() {
        check(r#"{"name":1}"#, None);
        check(r#"["text", 5, {"content":["name"]}]"#, None);
    }

    #[track_caller]
    fn check_plain(message: &str, expected: &str) {
        let wanted = Rewrite {
            content_to_string: false,
            tool_content_to_string: false,
            strip_name: false,
            name_for: &[],
            cache_control_in_parts: false,
            document_parts: false,
            is_plain: true,
            strip_cache_control: true,
            strip: &[Text::Borrowed("thinking_blocks")],
            replay: None,
        };
        let messages = format!("[{message}]");
        let rewritten = rewrite(&messages, wanted).unwrap_or(messages);
        assert_eq!(rewritten, format!("[{expected}]"));
    }

    #[test]
    fn plain_messages_have_what_every_server_knows() {
        check_plain(
            r#"{"role":"developer","content":"d"}"#,
            r#"{"role":"system","content":"d"}"#,
        );
        check_plain(
            r#"{"role":"user","cache_control":{},"content":[{"type":"text","cache_control":{},"text":"a"}],"x":null}"#,
            r#"{"role":"user","content":[{"type":"text","text":"a"}],"x":null}"#,
        );
        check_plain(
            r#"{"role":"assistant","content":null,"thinking_blocks":[],"tool_calls":[]}"#,
            r#"{"role":"assistant","tool_calls":[]}"#,
        );
        check_plain(
            r#"{"role":"user","content":[{"type":"image_url","image_url":"https:\/\/a"}]}"#,
            r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"https:\/\/a"}}]}"#,
        );
        check_plain(
            r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"a"}}, null]}"#,
            r#"{"role":"user","content":[{"type":"image_url","image_url":{"url":"a"}}, null]}"#,
        );
    }
}
