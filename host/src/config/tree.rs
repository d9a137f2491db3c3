//! YAML as it was written: a tree in which every value and key knows its place. Anchors, aliases and merge keys (`<<`)
//! are followed; a key given twice is a problem that names both lines.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_yaml::{DuplicateKeyPolicy, Location, Options, Spanned};

use super::problem::{Aside, Problems};

/// Bytes of one file. The largest published LiteLLM configurations are well under 1 MiB.
pub(super) const FILE_BYTES_MAX: usize = 8 << 20;
/// Nesting of lists and mappings; real files need about ten. It also bounds the recursion of everything that walks
/// the tree.
const DEPTH_MAX: usize = 48;
/// Lists, mappings and scalars, aliases expanded: about 20,000 deployments.
const NODES_MAX: usize = 250_000;
/// How often aliases may stand for a value. Expansion is bounded by `NODES_MAX` too; this keeps the work near the size
/// of the file.
const ALIASES_MAX: usize = 10_000;

/// Where something stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    pub file: Arc<str>,
    /// 1-based; 0 means the file as a whole.
    pub line: u32,
    /// In characters, 1-based.
    pub column: u32,
}

impl Place {
    pub fn whole(file: &Arc<str>) -> Self {
        Self {
            file: file.clone(),
            line: 0,
            column: 0,
        }
    }
}

#[derive(Debug, Clone)]
pub struct Node {
    pub value: Value,
    pub at: Place,
    /// The name in `os.environ/NAME`, when that is what was written; `value` is then what it stood for.
    pub variable: Option<Box<str>>,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Node>),
    Map(Vec<Entry>),
}

/// One `key: value` of a mapping, in the order of the file.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry {
    pub key: String,
    pub at: Place,
    pub node: Node,
}

impl PartialEq for Node {
    /// Two nodes are equal when they say the same, wherever they stand.
    fn eq(&self, other: &Self) -> bool {
        self.value == other.value && self.variable == other.variable
    }
}

/// Reads one YAML document. `None` when it cannot be read at all; `problems` then has the reason.
pub(super) fn parse(text: &str, file: &Arc<str>, problems: &mut Problems) -> Option<Node> {
    if text.len() > FILE_BYTES_MAX {
        let what = format!("the file has {} bytes, more than {FILE_BYTES_MAX}", text.len());
        problems.error(&Place::whole(file), what, "Split it with `include:`.");
        return None;
    }
    match serde_yaml::from_str_with_options::<Spanned<Raw>>(text, options()) {
        Ok(raw) => Some(node(raw, file, problems)),
        Err(error) => {
            let at = error
                .location()
                .map_or_else(|| Place::whole(file), |location| place(location, file));
            let reason = reason(&error);
            let mend = if reason.contains("tab") {
                "Indent with spaces."
            } else {
                ""
            };
            problems.error(&at, format!("the YAML cannot be read: {reason}"), mend);
            None
        }
    }
}

fn options() -> Options {
    serde_yaml::options! {
        budget: serde_yaml::budget! {
            max_depth: DEPTH_MAX,
            flow_nesting_limit: DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_events: 4 * NODES_MAX,
            max_aliases: ALIASES_MAX,
            max_merge_keys: ALIASES_MAX,
            max_anchors: ALIASES_MAX,
            // A second document is reported as such, not as a limit.
            max_documents: 2,
            max_total_scalar_bytes: FILE_BYTES_MAX,
            max_recorded_anchor_events: 4 * NODES_MAX,
            max_recorded_anchor_bytes: FILE_BYTES_MAX,
        },
        alias_limits: serde_yaml::alias_limits! {
            max_total_replayed_events: 4 * NODES_MAX,
            max_replay_stack_depth: 16,
            max_alias_expansions_per_anchor: ALIASES_MAX,
        },
        // Both entries of a duplicate reach `Raw`, so that `node` can name both places.
        duplicate_keys: DuplicateKeyPolicy::LastWins,
        with_snippet: false,
    }
}

/// The parser's message without the place, which the problem has already.
fn reason(error: &serde_yaml::Error) -> String {
    let text = error
        .without_snippet()
        .render_with_formatter(&serde_yaml::UserMessageFormatter);
    let text = text.lines().next().unwrap_or_default();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text[..end].trim_end_matches('.').to_owned()
}

fn place(location: Location, file: &Arc<str>) -> Place {
    let clip = |n: u64| u32::try_from(n).unwrap_or(u32::MAX);
    Place {
        file: file.clone(),
        line: clip(location.line()),
        column: clip(location.column()),
    }
}

fn node(raw: Spanned<Raw>, file: &Arc<str>, problems: &mut Problems) -> Node {
    let at = place(raw.defined, file);
    let value = match raw.value {
        Raw::Null => Value::Null,
        Raw::Bool(value) => Value::Bool(value),
        Raw::Integer(value) => Value::Integer(value),
        Raw::Number(value) => Value::Number(value),
        Raw::Text(value) => Value::Text(value),
        Raw::List(items) => Value::List(items.into_iter().map(|item| node(item, file, problems)).collect()),
        Raw::Map(entries) => Value::Map(mapping(entries, file, problems)),
    };
    Node {
        value,
        at,
        variable: None,
    }
}

fn mapping(entries: Vec<(Spanned<String>, Spanned<Raw>)>, file: &Arc<str>, problems: &mut Problems) -> Vec<Entry> {
    let mut kept: Vec<Entry> = Vec::with_capacity(entries.len());
    let mut lines = std::collections::HashMap::with_capacity(entries.len());
    for (key, raw) in entries {
        let at = place(key.defined, file);
        if let Some(first) = lines.insert(key.value.clone(), at.line) {
            let what = format!(
                "`{}` is given twice, on lines {first} and {}: the last one counts",
                key.value, at.line
            );
            problems.mistake(&at, what, "Keep one of them.");
            kept.retain(|entry| entry.key != key.value);
        }
        kept.push(Entry {
            key: key.value,
            at,
            node: node(raw, file, problems),
        });
    }
    kept
}

/// What the parser hands over, before places are attached.
enum Raw {
    Null,
    Bool(bool),
    Integer(i64),
    Number(f64),
    Text(String),
    List(Vec<Spanned<Raw>>),
    Map(Vec<(Spanned<String>, Spanned<Raw>)>),
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawVisitor)
    }
}

struct RawVisitor;

impl<'de> Visitor<'de> for RawVisitor {
    type Value = Raw;

    fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("any YAML value")
    }

    fn visit_unit<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_none<E>(self) -> Result<Raw, E> {
        Ok(Raw::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Raw, E> {
        Ok(Raw::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Raw, E> {
        Ok(Raw::Integer(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Raw, E> {
        Ok(i64::try_from(value).map_or(Raw::Number(value as f64), Raw::Integer))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Raw, E> {
        if value.is_finite() {
            Ok(Raw::Number(value))
        } else {
            Err(E::custom("a number must be finite"))
        }
    }

    fn visit_str<E>(self, value: &str) -> Result<Raw, E> {
        Ok(Raw::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Raw, E> {
        Ok(Raw::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Raw, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Raw::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Raw, A::Error> {
        let mut map = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            map.push(entry);
            if map.len() > NODES_MAX {
                return Err(A::Error::custom("a mapping has too many keys"));
            }
        }
        Ok(Raw::Map(map))
    }
}

/// Reading a node as something. Text counts as a number or a truth value where it spells one, since a value that
/// comes from the environment is always text.
impl Node {
    pub fn is_null(&self) -> bool {
        self.value == Value::Null
    }

    /// Takes out what was told to be left aside, and writes as text what was meant as one.
    pub fn leave_aside(&mut self, aside: &Aside) {
        match &mut self.value {
            Value::List(items) => {
                items.retain(|item| !aside.values.contains(&item.at));
                items.iter_mut().for_each(|item| item.leave_aside(aside));
            }
            Value::Map(entries) => entries.iter_mut().for_each(|entry| {
                if aside.values.contains(&entry.node.at) {
                    entry.node.value = Value::Null;
                } else {
                    entry.node.leave_aside(aside);
                }
            }),
            scalar if aside.texts.contains(&self.at) => {
                *scalar = match scalar {
                    Value::Bool(value) => Value::Text(value.to_string()),
                    Value::Integer(value) => Value::Text(value.to_string()),
                    Value::Number(value) => Value::Text(value.to_string()),
                    _ => return,
                };
            }
            _ => {}
        }
    }

    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    pub fn bool(&self) -> Option<bool> {
        match &self.value {
            Value::Bool(value) => Some(*value),
            Value::Integer(value @ 0..=1) => Some(*value == 1),
            Value::Text(text) => match text.to_ascii_lowercase().as_str() {
                "true" | "yes" | "on" | "1" => Some(true),
                "false" | "no" | "off" | "0" => Some(false),
                _ => None,
            },
            _ => None,
        }
    }

    pub fn integer(&self) -> Option<i64> {
        match &self.value {
            Value::Integer(value) => Some(*value),
            // 1e3 and 60.0 are whole; beyond 2^53 a float no longer counts one by one.
            Value::Number(value) if value.fract() == 0.0 && value.abs() < 9.0e15 => Some(*value as i64),
            Value::Text(text) => text.trim().parse().ok(),
            _ => None,
        }
    }

    pub fn number(&self) -> Option<f64> {
        match &self.value {
            Value::Integer(value) => Some(*value as f64),
            Value::Number(value) => Some(*value),
            Value::Text(text) => text.trim().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        }
    }

    pub fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    pub fn map(&self) -> Option<&[Entry]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The entry of a mapping, null or not.
    pub fn entry(&self, key: &str) -> Option<&Entry> {
        self.map()?.iter().find(|entry| entry.key == key)
    }

    /// The value of a key; `None` when it is missing or null, or when this is no mapping.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|entry| &entry.node).filter(|node| !node.is_null())
    }

    /// A value further down.
    pub fn find(&self, path: &[&str]) -> Option<&Node> {
        path.iter().try_fold(self, |node, key| node.get(key))
    }

    /// What it says as JSON, keys sorted. `os.environ/NAME` is replaced by its value.
    pub fn to_json(&self) -> serde_json::Value {
        self.json(false)
    }

    /// What was written as JSON, keys sorted, `os.environ/NAME` as it stands.
    pub fn to_written_json(&self) -> serde_json::Value {
        self.json(true)
    }

    fn json(&self, written: bool) -> serde_json::Value {
        if let (true, Some(name)) = (written, &self.variable) {
            return format!("{}{name}", super::expand::PREFIX).into();
        }
        match &self.value {
            Value::Null => serde_json::Value::Null,
            Value::Bool(value) => (*value).into(),
            Value::Integer(value) => (*value).into(),
            Value::Number(value) => (*value).into(),
            Value::Text(value) => value.as_str().into(),
            Value::List(items) => items.iter().map(|item| item.json(written)).collect(),
            Value::Map(entries) => entries
                .iter()
                .map(|entry| (entry.key.clone(), entry.node.json(written)))
                .collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Option<Node>, Vec<String>) {
        let file: Arc<str> = "a.yaml".into();
        let mut problems = Problems::default();
        let node = parse(text, &file, &mut problems);
        (
            node,
            problems.into_sorted(&file).iter().map(ToString::to_string).collect(),
        )
    }

    #[test]
    fn keys_and_values_know_their_places() {
        let (node, problems) = read("a: 1\nb:\n  - x: two\n");
        let node = node.unwrap();
        assert!(problems.is_empty());
        assert_eq!(
            (node.entry("b").unwrap().at.line, node.entry("b").unwrap().at.column),
            (2, 1)
        );
        let x = &node.get("b").unwrap().list().unwrap()[0].entry("x").unwrap().node;
        assert_eq!((x.text(), x.at.line, x.at.column), (Some("two"), 3, 8));
    }

    #[test]
    fn merge_keys_and_aliases_are_followed() {
        let (node, problems) = read("base: &base {a: 1, b: 2}\nmade:\n  <<: *base\n  b: 3\nsame: *base\n");
        let node = node.unwrap();
        assert_eq!(problems, Vec::<String>::new());
        assert_eq!(node.find(&["made", "a"]).unwrap().integer(), Some(1));
        assert_eq!(node.find(&["made", "b"]).unwrap().integer(), Some(3));
        assert_eq!(node.find(&["same", "b"]).unwrap().integer(), Some(2));
    }

    #[test]
    fn every_duplicate_key_is_told_with_both_lines() {
        let (_, problems) = read("a: 1\nb: 2\na: 3\nc: {x: 1, x: 2}\n");
        assert_eq!(
            problems,
            [
                "a.yaml:3:1: warning: `a` is given twice, on lines 1 and 3: the last one counts. Keep one of them.",
                "a.yaml:4:11: warning: `x` is given twice, on lines 4 and 4: the last one counts. Keep one of them.",
            ]
        );
    }

    #[test]
    fn aliases_that_explode_are_refused() {
        let mut text = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", [before.as_str(); 10].join(", "));
        }
        let (node, problems) = read(&text);
        assert!(node.is_none());
        assert_eq!(problems.len(), 1, "{problems:?}");
    }

    #[test]
    fn deep_nesting_is_refused() {
        let (node, problems) = read(&format!("a: {}{}", "[".repeat(5_000), "]".repeat(5_000)));
        assert!(node.is_none());
        assert_eq!(problems.len(), 1);
    }

    #[test]
    fn text_counts_as_what_it_spells() {
        let (node, _) = read("a: \"7\"\nb: \"True\"\nc: 1e3\nd: 2024-08-01\ne: off\nf: 0.5\n");
        let node = node.unwrap();
        assert_eq!(node.get("a").unwrap().integer(), Some(7));
        assert_eq!(node.get("b").unwrap().bool(), Some(true));
        assert_eq!(node.get("c").unwrap().integer(), Some(1000));
        assert_eq!(node.get("d").unwrap().text(), Some("2024-08-01"));
        assert_eq!(node.get("e").unwrap().bool(), Some(false));
        assert_eq!(node.get("f").unwrap().integer(), None);
    }
}
