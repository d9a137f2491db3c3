//! The one table of every key a configuration may hold, and what becomes of it. The check, the JSON Schema and the
//! sentence a key is announced with all come from here.
//!
//! Rows of keys that are in effect stand with the feature that reads them (`settings/`); those of a deployment's
//! parameters, which most features pass on, and those that are not in effect stand here.
//!
//! Every key has one of three [standings](Standing); what is in no table is unknown. A row says name, shape and a
//! sentence with unit and default; the names are LiteLLM's, whose configuration reference is at
//! <https://docs.litellm.ai/docs/proxy/config_settings>.

pub mod cache;
pub mod deployment;
pub mod endpoint;
pub mod general;
pub mod litellm;
pub mod mcp;
pub mod model_info;
pub mod pricing;
pub mod request;
pub mod router;
mod secrecy;
pub mod sluice;
pub mod top;

pub use secrecy::{is_credential, is_harmless};

/// One key of a section.
#[derive(Debug)]
pub struct Key {
    /// The key itself; `*` stands for any letters in it, for families such as `output_cost_per_*`.
    pub name: &'static str,
    pub shape: Shape,
    pub standing: Standing,
    /// One sentence: meaning, unit, default.
    pub doc: &'static str,
}

/// What becomes of a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// It does what it says.
    Honoured,
    /// Accepted, not yet in effect: it belongs to this part of the gateway, which a later version builds.
    Later(&'static str),
    /// Accepted without effect, for this reason.
    Inert(&'static str),
}

/// What a value must look like. Null is accepted everywhere and means that the key is left out.
#[derive(Debug, Clone, Copy)]
pub enum Shape {
    Any,
    Bool,
    /// A whole number, both bounds included.
    Integer(i64, i64),
    /// A number of at least this.
    Number(f64),
    /// Seconds, more than 0, with fractions.
    Seconds,
    /// A period as budgets have it: `30s`, `5m`, `1h`, `7d`, `1w`, `1mo`, `daily`, `monthly`, …
    Period,
    Text,
    /// Text that is a credential: never logged, never handed to a component. A mapping counts as its JSON.
    Secret,
    /// Text that begins with `http://` or `https://` and a host.
    Url,
    /// An IP address.
    Address,
    /// A host a plugin may reach: `host`, `host:port` or `*.domain`, perhaps after `http://`.
    Outbound,
    /// A host that the gateway may reach for a client: the same, or `*` for every host that has a name.
    AnyOutbound,
    /// One of these words.
    Word(&'static [&'static str]),
    List(&'static Shape),
    /// Free keys, values alike.
    Map(&'static Shape),
    Section(&'static Section),
    /// The first of these whose outer form fits.
    Either(&'static [Shape]),
}

/// Parts that protect somebody. Where one is configured and not in effect, the operator believes in what is not there.
pub const PROTECTIONS: [&str; 20] = [
    "budgets",
    "rate limits",
    "rate limits of deployments",
    "log hygiene",
    "guardrail scope",
    "guardrail actions",
    "guardrails of groups",
    "admission limits",
    "address rules",
    "route rules",
    "JWT",
    "OAuth 2",
    "virtual keys",
    "roles",
    "policies",
    "parameter hygiene",
    "parameter hygiene by deployment",
    "required parameters",
    "fetching of client URLs",
    "audit logs",
];

pub const TEXT: Shape = Shape::Text;
pub const BOOL: Shape = Shape::Bool;
pub const ANY: Shape = Shape::Any;
pub const SECRET: Shape = Shape::Secret;
pub const SECONDS: Shape = Shape::Seconds;
pub const URL: Shape = Shape::Url;
/// A count that may be 0.
pub const COUNT: Shape = Shape::Integer(0, u32::MAX as i64);
/// A count of at least 1.
pub const AMOUNT: Shape = Shape::Integer(1, u32::MAX as i64);
/// Bytes: at least 1 KiB, at most 1 TiB.
pub const BYTES: Shape = Shape::Integer(1 << 10, 1 << 40);
/// Milliseconds of at least 1; a day at most.
pub const MILLISECONDS: Shape = Shape::Integer(1, 86_400_000);
/// A number that is not negative: money, weights, shares.
pub const SHARE: Shape = Shape::Number(0.0);
pub const TEXTS: Shape = Shape::List(&Shape::Text);
pub const MAP: Shape = Shape::Map(&Shape::Any);
pub const LIST: Shape = Shape::List(&Shape::Any);
pub const TEXT_OR_TEXTS: Shape = Shape::Either(&[Shape::Text, TEXTS]);

/// What happens to a key that is in no table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// An error: the section is Sluice's own.
    Refused,
    /// A warning, and an error where checking is strict.
    Warned,
    /// Handed on as it stands (to an adapter, a plugin, `/model/info`); told only where it resembles a known key.
    Passed,
}

/// A mapping with known keys.
#[derive(Debug)]
pub struct Section {
    /// How messages and the schema name it, such as `router_settings`; empty at the top of the file.
    pub name: &'static str,
    pub keys: &'static [&'static [Key]],
    pub required: &'static [&'static str],
    pub unknown: Unknown,
}

impl Section {
    /// All rows, in the order of the tables.
    pub fn keys(&self) -> impl Iterator<Item = &'static Key> {
        self.keys.iter().copied().flatten()
    }

    /// The row for a key; a row that names it goes before one whose pattern fits.
    pub fn find(&self, name: &str) -> Option<&'static Key> {
        self.keys()
            .find(|key| key.name == name)
            .or_else(|| self.keys().find(|key| key.is_pattern() && key.fits(name)))
    }

    /// The key as messages name it.
    pub fn path(&self, key: &str) -> String {
        if self.name.is_empty() {
            key.to_owned()
        } else {
            format!("{}.{key}", self.name)
        }
    }
}

impl Key {
    pub fn is_pattern(&self) -> bool {
        self.name.contains('*')
    }

    /// Whether this row speaks of `name`. A pattern has one `*`, or one at each end.
    pub fn fits(&self, name: &str) -> bool {
        if let Some(middle) = self.name.strip_prefix('*').and_then(|rest| rest.strip_suffix('*')) {
            return name.contains(middle);
        }
        match self.name.split_once('*') {
            Some((start, end)) => {
                name.len() > start.len() + end.len() && name.starts_with(start) && name.ends_with(end)
            }
            None => self.name == name,
        }
    }
}

/// A row that does what it says.
pub(super) const fn on(name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key {
        name,
        shape,
        standing: Standing::Honoured,
        doc,
    }
}

/// A row that is not yet in effect; `part` is the part of the gateway it belongs to.
pub(super) const fn later(part: &'static str, name: &'static str, shape: Shape, doc: &'static str) -> Key {
    Key {
        name,
        shape,
        standing: Standing::Later(part),
        doc,
    }
}

/// A row without effect.
pub(super) const fn inert(name: &'static str, shape: Shape, reason: &'static str, doc: &'static str) -> Key {
    Key {
        name,
        shape,
        standing: Standing::Inert(reason),
        doc,
    }
}
