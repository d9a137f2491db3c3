//! The two quirks that look into messages. Only the messages that change are written anew; the others keep their bytes.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

#[derive(Clone, Copy)]
pub struct Rewrite {
    /// Content that is a list of nothing but text parts becomes one string.
    pub content_to_string: bool,
    /// `name` is taken out of messages whose role is not `tool`.
    pub strip_name: bool,
    /// `reasoning_content` becomes a chunk of thoughts before the text; `thinking_blocks`, which say the same, go.
    pub thoughts_to_chunks: bool,
}

/// Where clients keep what a model thought.
const THOUGHTS: [&str; 2] = ["reasoning_content", "thinking_blocks"];

type Message<'a> = BTreeMap<Cow<'a, str>, &'a RawValue>;

impl Rewrite {
    pub fn anything(self) -> bool {
        self.content_to_string || self.strip_name || self.thoughts_to_chunks
    }

    /// A search before any parsing: most requests hold neither.
    fn may_apply(self, messages: &str) -> bool {
        (self.content_to_string && messages.contains("\"text\""))
            || (self.strip_name && messages.contains("\"name\""))
            || (self.thoughts_to_chunks && THOUGHTS.iter().any(|name| messages.contains(name)))
    }
}

/// The `messages` to send instead, JSON text; `None` when they stand as they are, or are not messages at all: then the
/// upstream says what is wrong with them.
pub fn rewrite(messages: &str, wanted: Rewrite) -> Option<String> {
    if !wanted.may_apply(messages) {
        return None;
    }
    let list: Vec<&RawValue> = serde_json::from_str(messages).ok()?;
    let rewritten: Vec<Option<String>> = list.iter().map(|message| rewrite_one(message.get(), wanted)).collect();
    if rewritten.iter().all(Option::is_none) {
        return None;
    }
    let written: Vec<&str> = list
        .iter()
        .zip(&rewritten)
        .map(|(before, after)| after.as_deref().unwrap_or(before.get()))
        .collect();
    Some(format!("[{}]", written.join(",")))
}

fn rewrite_one(message: &str, wanted: Rewrite) -> Option<String> {
    let mut message: Message = serde_json::from_str(message).ok()?;
    let content = message
        .get("content")
        .filter(|_| wanted.content_to_string)
        .and_then(|content| joined(content.get()));
    let is_tool = message.get("role").is_some_and(|role| role.get() == "\"tool\"");
    let renamed = wanted.strip_name && !is_tool && message.remove("name").is_some();
    let thought = wanted.thoughts_to_chunks.then(|| take_thoughts(&mut message)).flatten();
    if content.is_none() && thought.is_none() && !renamed {
        return None;
    }
    let content = content.map(|text| serde_json::Value::from(text).to_string());
    let content = match thought {
        Some(thoughts) => with_thoughts(
            &thoughts,
            content.as_deref().or(message.get("content").map(|raw| raw.get())),
        ),
        None => content,
    };
    let content = content.and_then(|json| RawValue::from_string(json).ok());
    if let Some(content) = &content {
        message.insert(Cow::Borrowed("content"), content);
    }
    serde_json::to_string(&message).ok()
}

/// Takes the thoughts out of a message: their text as JSON, or empty where only the client's own record of them went.
fn take_thoughts(message: &mut Message) -> Option<String> {
    let [text, blocks] = THOUGHTS.map(|name| message.remove(name));
    let text = text.filter(|text| text.get().starts_with('"') && text.get() != "\"\"");
    blocks.or(text)?;
    Some(text.map(|text| text.get().to_owned()).unwrap_or_default())
}

/// The content with the thoughts (JSON text) as its first chunk; `None` where it stands as it is.
fn with_thoughts(thoughts: &str, content: Option<&str>) -> Option<String> {
    if thoughts.is_empty() {
        return content.map(str::to_owned);
    }
    let chunk = format!(r#"{{"type":"thinking","thinking":[{{"type":"text","text":{thoughts}}}],"closed":true}}"#);
    let rest = match content {
        None | Some("null" | "\"\"") => String::new(),
        Some(text) if text.starts_with('"') => format!(r#",{{"type":"text","text":{text}}}"#),
        Some(parts) => match parts.strip_prefix('[')?.strip_suffix(']')?.trim() {
            "" => String::new(),
            parts => format!(",{parts}"),
        },
    };
    Some(format!("[{chunk}{rest}]"))
}

/// The text of all parts, where they are nothing but text.
fn joined(content: &str) -> Option<String> {
    #[derive(Deserialize)]
    struct Part<'a> {
        #[serde(borrow, rename = "type")]
        kind: Cow<'a, str>,
        #[serde(borrow)]
        text: Cow<'a, str>,
    }
    if !content.starts_with('[') {
        return None;
    }
    let parts: Vec<Part> = serde_json::from_str(content).ok()?;
    parts
        .iter()
        .all(|part| part.kind == "text")
        .then(|| parts.iter().map(|part| part.text.as_ref()).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: Rewrite = Rewrite {
        content_to_string: true,
        strip_name: true,
        thoughts_to_chunks: false,
    };

    #[track_caller]
    fn check(messages: &str, expected: Option<&str>) {
        assert_eq!(rewrite(messages, BOTH).as_deref(), expected);
    }

    #[test]
    fn text_parts_become_one_string() {
        check(
            r#"[{"role":"user","content":[{"type":"text","text":"a \"b\""},{"type":"text","text":"\nc","x":1}]}]"#,
            Some(r#"[{"content":"a \"b\"\nc","role":"user"}]"#),
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
            Some(r#"[{"content":"x","role":"user"},{"role":"tool","name":"f","content":"y"}]"#),
        );
    }

    #[test]
    fn what_is_not_messages_is_left_for_the_upstream_to_refuse() {
        check(r#"{"name":1}"#, None);
        check(r#"["text", 5, {"content":["name"]}]"#, None);
    }
}
