//! The content of a message: a string, or a list of parts.

use serde_json::value::RawValue;
use sluice_sdk::canonical::{Fields, List, Text as Json};

use super::{CACHE_CONTROL, Rewrite, documents};

/// The content with the mark `cache_control` on its last part.
pub fn marked(content: &str, mark: &str) -> Option<String> {
    if content.starts_with('"') {
        return Some(format!(
            r#"[{{"type":"text","text":{content},"{CACHE_CONTROL}":{mark}}}]"#
        ));
    }
    let parts: Vec<&RawValue> = serde_json::from_str(content).ok()?;
    let (last, others) = parts.split_last()?;
    let fields: Fields = serde_json::from_str(last.get()).ok()?;
    let mut out = Vec::with_capacity(content.len() + mark.len() + 24);
    let mut to = List::begin(&mut out);
    for other in others {
        to.json(other.get());
    }
    let mut part = to.object();
    for (name, value) in fields.0.iter().filter(|(name, _)| name != CACHE_CONTROL) {
        part.raw(Json::from_decoded(name).escaped(), value);
    }
    part.json(CACHE_CONTROL, mark);
    drop(part);
    drop(to);
    String::from_utf8(out).ok()
}

/// The content to send instead, if it differs.
pub fn rewrite(content: &str, is_tool: bool, wanted: Rewrite) -> Option<String> {
    if !content.starts_with('[') {
        return None;
    }
    let joins = wanted.content_to_string || (wanted.tool_content_to_string && is_tool);
    // Joining would lose a cache mark that the provider reads.
    let is_marked = !wanted.strip_cache_control && content.contains(CACHE_CONTROL);
    let joined = (joins && !is_marked).then(|| joined(content)).flatten();
    joined.or_else(|| rewritten_parts(content, wanted))
}

/// The text of all parts; `None` if there is a part of another type.
pub fn joined(content: &str) -> Option<String> {
    let parts: Vec<Fields> = serde_json::from_str(content).ok()?;
    let mut text = String::with_capacity(content.len());
    text.push('"');
    for part in &parts {
        part.get("type").filter(|kind| kind.get() == "\"text\"")?;
        text.push_str(Json::of(part.get("text")?)?.escaped());
    }
    text.push('"');
    Some(text)
}

fn rewritten_parts(content: &str, wanted: Rewrite) -> Option<String> {
    let may_strip = wanted.strip_cache_control || !wanted.strip.is_empty();
    let may_have_address = wanted.is_plain && content.contains("\"image_url\"");
    let may_have_document = wanted.document_parts && documents::SIGNS.iter().any(|sign| content.contains(sign));
    if !may_strip && !may_have_address && !may_have_document {
        return None;
    }
    let parts: Vec<&RawValue> = serde_json::from_str(content).ok()?;
    let mut out = Vec::with_capacity(content.len());
    let mut is_changed = false;
    let mut to = List::begin(&mut out);
    for part in parts {
        let Ok(fields) = serde_json::from_str::<Fields>(part.get()) else {
            to.json(part.get());
            continue;
        };
        if let Some(document) = may_have_document.then(|| documents::part(part)).flatten() {
            is_changed = true;
            to.json(&document);
            continue;
        }
        let mut to = to.object();
        for (name, value) in &fields.0 {
            if wanted.strips(name) {
                is_changed = true;
            } else if wanted.is_plain && name == "image_url" && value.get().starts_with('"') {
                is_changed = true;
                to.object("image_url").raw("url", value);
            } else {
                to.raw(Json::from_decoded(name).escaped(), value);
            }
        }
    }
    drop(to);
    String::from_utf8(out).ok().filter(|_| is_changed)
}
