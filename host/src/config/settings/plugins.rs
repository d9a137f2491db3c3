//! What the operator says of plugins: where they are, and each one's grants and limits.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::super::keys::{AMOUNT, BOOL, Key, MAP, Section, Shape, TEXT, TEXTS, Unknown, on};
use super::super::tree::{Entry, Node};
use super::read::{milliseconds, path, texts, whole};

#[rustfmt::skip] // One key a row.
pub(in crate::config) const OWN: &[Key] = &[
    on("plugin_directory", TEXT, "Folder whose components add to the bundled plugins and replace them by name; relative to this file, default `plugins`."),
    on("plugin_cache_directory", TEXT, "Folder for compiled plugins; default `$XDG_CACHE_HOME/sluice` or `~/.cache/sluice`."),
    on("pagemap_scan", BOOL, "Faster fresh instances on Linux 6.7 or later; turn it off on machines that swap and serve hostile tenants. Default true."),
    on("plugins", PLUGINS, "Grants and limits, by plugin name; a periodic task runs only where it is named here."),
];

const PLUGINS: Shape = Shape::Map(&Shape::Section(&PLUGIN));

pub(in crate::config) static PLUGIN: Section = Section {
    name: "sluice.plugins.*",
    keys: &[PLUGIN_KEYS],
    required: &[],
    unknown: Unknown::Refused,
};

#[rustfmt::skip] // One key a row.
const PLUGIN_KEYS: &[Key] = &[
    on("settings", MAP, "The plugin's settings; keys of a guardrail's or callback's own entry take precedence."),
    on("outbound", Shape::List(&Shape::Outbound), "Hosts it may reach if it asks for them: `host`, `host:port`, `*.domain`, with `http://` before it for plain text. Default none."),
    on("parameters", TEXTS, "Parameters of deployments that an adapter from a file may read, beside those that are known to be harmless. Default none."),
    on("may_change", Shape::List(&Shape::Word(&["parameters", "messages", "tools", "group"])), "What a request hook may change of requests. Default nothing."),
    on("attribution", BOOL, "Whether it may say whom an exchange is counted for: trace, session, end user, tags. Default false."),
    on("isolation", Shape::Word(&["exchange", "shared", "call"]), "Which calls share an instance: those of one exchange once it has read a client's content, any, or none. Default `exchange`."),
    on("time_limit_ms", Shape::Integer(1, 60_000), "Guest time of one call, milliseconds; default by kind: strategy 5, adapter and request hook 20, guardrail 50, callback and periodic task 100."),
    on("memory_limit_mb", Shape::Integer(1, 4_096), "Memory of one instance, MiB; default by kind: strategy 32, guardrail 128, others 64."),
    on("calls_max", AMOUNT, "Calls an instance serves before it is replaced."),
    on("enabled", BOOL, "`false` leaves the plugin unloaded; default true."),
];

/// `sluice.plugins` and `sluice.plugin_directory`.
#[derive(Debug, Clone, Default)]
pub struct Plugins {
    /// Components here add to the bundled ones and override them by name. Relative to the configuration file;
    /// default `plugins`. It may be missing.
    pub directory: PathBuf,
    /// Directory for compiled code; default `$XDG_CACHE_HOME/sluice` or `~/.cache/sluice`.
    pub cache_directory: Option<PathBuf>,
    /// By plugin name.
    pub by_name: BTreeMap<String, Plugin>,
    /// `sluice.pagemap_scan`, default true: faster fresh instances on Linux 6.7 or later. Turn it off on machines that
    /// swap and serve hostile tenants (wasmtime issue 14357).
    pub pagemap_scan: bool,
}

/// How far instances are shared between exchanges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Isolation {
    /// An instance that has read one client's content serves no other exchange.
    #[default]
    Exchange,
    /// Instances are kept whatever they have read: the operator's choice.
    Shared,
    /// A fresh instance for every call.
    Call,
}

/// What a request hook may change of requests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct MayChange {
    pub parameters: bool,
    pub messages: bool,
    pub tools: bool,
    /// The model group that is asked.
    pub group: bool,
}

/// `sluice.plugins.<name>`. `None` means the default of the plugin's kind.
#[derive(Debug, Clone, Default)]
pub struct Plugin {
    /// JSON object; keys of a guardrail's or callback's own entry take precedence.
    pub settings: Option<Box<str>>,
    /// `host`, `host:port`, `*.domain`, each may begin with `http://` to allow plain text.
    pub outbound: Vec<String>,
    /// Parameters of deployments that it may read although nobody knows what they hold.
    pub parameters: Vec<String>,
    pub may_change: MayChange,
    /// Whether it may say whom an exchange is counted for.
    pub attribution: bool,
    pub isolation: Isolation,
    /// Guest time a call.
    pub time_limit: Option<Duration>,
    /// Linear memory of one instance, bytes.
    pub memory_limit: Option<u64>,
    /// Calls an instance serves before it is replaced.
    pub calls_max: Option<u32>,
    /// `enabled: false` leaves the plugin unloaded.
    pub disabled: bool,
}

impl Plugins {
    pub(super) fn read(root: &Node, directory: &Path) -> Self {
        let own = |key| root.find(&["sluice", key]);
        let by_name = own("plugins").and_then(Node::map).unwrap_or_default();
        Self {
            directory: path(own("plugin_directory"), directory).unwrap_or_else(|| directory.join("plugins")),
            cache_directory: path(own("plugin_cache_directory"), directory),
            by_name: by_name.iter().map(plugin).collect::<BTreeMap<_, _>>(),
            pagemap_scan: own("pagemap_scan").and_then(Node::bool).unwrap_or(true),
        }
    }
}

fn may_change(words: &[String]) -> MayChange {
    let has = |word: &str| words.iter().any(|given| given == word);
    MayChange {
        parameters: has("parameters"),
        messages: has("messages"),
        tools: has("tools"),
        group: has("group"),
    }
}

fn plugin(Entry { key, node, .. }: &Entry) -> (String, Plugin) {
    let listed = |key| node.get(key).map(texts).unwrap_or_default();
    let plugin = Plugin {
        settings: node
            .get("settings")
            .map(|settings| settings.to_json().to_string().into()),
        outbound: listed("outbound"),
        parameters: listed("parameters"),
        may_change: may_change(&listed("may_change")),
        attribution: node.get("attribution").and_then(Node::bool) == Some(true),
        isolation: match node.get("isolation").and_then(Node::text) {
            Some("shared") => Isolation::Shared,
            Some("call") => Isolation::Call,
            _ => Isolation::Exchange,
        },
        time_limit: node
            .get("time_limit_ms")
            .and_then(milliseconds)
            .filter(|limit| *limit > Duration::ZERO),
        memory_limit: node
            .get("memory_limit_mb")
            .and_then(whole::<u64>)
            .map(|megabytes| megabytes << 20),
        calls_max: node.get("calls_max").and_then(whole),
        disabled: node.get("enabled").and_then(Node::bool) == Some(false),
    };
    (key.clone(), plugin)
}
