//! Converts `config/providers.json` to a Rust table sorted by name, so that nothing is parsed at run time. An entry
//! that cannot be parsed or is invalid fails the build, with its place in the file.

#[path = "src/entry.rs"]
#[allow(dead_code, reason = "the adapter uses the rest")]
mod entry;

use std::path::{Path, PathBuf};

use entry::{AnswerPatch, Bounds, Entry, Json, List, ModelRule, Pairs, Proof, Replay, SchemaBy, Text, Thinking};

const TABLE: &str = "../../config/providers.json";

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Catalogue {
    #[serde(rename = "source")]
    _source: String,
    #[serde(rename = "date")]
    _date: String,
    providers: Vec<Entry>,
}

fn main() {
    println!("cargo::rerun-if-changed={TABLE}");
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=src/entry.rs");
    let out = PathBuf::from(std::env::var_os("OUT_DIR").expect("cargo sets it")).join("providers.rs");
    let written = read_table().and_then(|entries| {
        std::fs::write(&out, format!("[{}]", listed(&entries))).map_err(|error| format!("{}: {error}", out.display()))
    });
    if let Err(mistake) = written {
        println!("cargo::error={mistake}");
    }
}

fn read_table() -> Result<Vec<Entry>, String> {
    let at = |mistake: String| format!("config/providers.json: {mistake}");
    let text = std::fs::read_to_string(Path::new(TABLE)).map_err(|error| at(error.to_string()))?;
    let catalogue: Catalogue = serde_json::from_str(&text).map_err(|error| at(error.to_string()))?;
    let mut entries = catalogue.providers;
    entries.iter().try_for_each(|entry| entry.check().map_err(at))?;
    entries.sort_by(|left, right| left.name.cmp(&right.name));
    match entries.windows(2).find(|pair| pair[0].name == pair[1].name) {
        Some(pair) => Err(at(format!("provider `{}` stands there twice", pair[0].name))),
        None => Ok(entries),
    }
}

/// A value that can be written as a Rust expression.
trait Literal {
    fn literal(&self) -> String;
}

fn listed<T: Literal>(items: &[T]) -> String {
    items.iter().map(Literal::literal).collect::<Vec<_>>().join(", ")
}

impl Literal for Text {
    fn literal(&self) -> String {
        format!("Cow::Borrowed({self:?})")
    }
}

impl Literal for Json {
    fn literal(&self) -> String {
        format!("Json({})", self.0.literal())
    }
}

impl Literal for bool {
    fn literal(&self) -> String {
        self.to_string()
    }
}

impl Literal for f64 {
    fn literal(&self) -> String {
        format!("{self:?}")
    }
}

impl<T: Literal> Literal for Option<T> {
    fn literal(&self) -> String {
        self.as_ref()
            .map_or("None".into(), |value| format!("Some({})", value.literal()))
    }
}

impl<T: Literal + Clone + 'static> Literal for List<T> {
    fn literal(&self) -> String {
        format!("Cow::Borrowed(&[{}])", listed(self))
    }
}

impl<T: Literal> Literal for (Text, T) {
    fn literal(&self) -> String {
        format!("({}, {})", self.0.literal(), self.1.literal())
    }
}

impl<T: Literal + Clone + 'static> Literal for Pairs<T> {
    fn literal(&self) -> String {
        format!("Pairs({})", self.0.literal())
    }
}

impl Literal for Proof {
    fn literal(&self) -> String {
        match self {
            Self::Bearer => "Proof::Bearer".into(),
            Self::None => "Proof::None".into(),
            Self::Google => "Proof::Google".into(),
            Self::Header(name) => format!("Proof::Header({})", name.literal()),
        }
    }
}

impl Literal for Bounds {
    fn literal(&self) -> String {
        let Self { min, max } = self;
        format!("Bounds {{ min: {}, max: {} }}", min.literal(), max.literal())
    }
}

/// For enums whose variants have no fields: their `Debug` output is their name.
macro_rules! words {
    ($($name:ident)*) => {
        $(impl Literal for $name {
            fn literal(&self) -> String {
                format!(concat!(stringify!($name), "::{:?}"), self)
            }
        })*
    };
}

words!(AnswerPatch Replay SchemaBy Thinking);

macro_rules! structs {
    ($($name:ident { $($field:ident)* })*) => {
        $(impl Literal for $name {
            fn literal(&self) -> String {
                // All fields are named here, so that the compiler reports a forgotten one.
                let Self { $($field),* } = self;
                let fields = [$(format!(concat!(stringify!($field), ": {}"), $field.literal())),*];
                format!(concat!(stringify!($name), " {{ {} }}"), fields.join(", "))
            }
        })*
    };
}

structs! {
    Entry {
        name base_url key_env base_env parameter_env path_prefix model_prefix serves auth token_parameter token_exchange signed_token operations drop unsupported takes
        rename clamp values set no_stream_options content_to_string tool_content_to_string strip_message_name name_for plain_messages
        document_parts cache_control_in_parts required_choice_is_asked strip_from_messages strip_from_tools function_tools_only
        tools_need_parameters defaults headers thinking replay answer models
    }
    ModelRule { names except drop unsupported values set web_search_tool schema thinking replay }
}
