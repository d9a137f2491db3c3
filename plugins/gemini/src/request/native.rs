//! Google's own tools (<https://ai.google.dev/api/caching#Tool>, and those that only Vertex AI has).

use sluice_sdk::canonical::{Fields, Object, RawValue, Text, Tool};

use super::generation::camel_case;

/// The names of the tools.
const NATIVE: [&str; 13] = [
    "googleSearch",
    "googleSearchRetrieval",
    "urlContext",
    "codeExecution",
    "enterpriseWebSearch",
    "googleMaps",
    "computerUse",
    "fileSearch",
    "retrieval",
    "parallelAiSearch",
    "exaAiSearch",
    "mcpServers",
    "functionDeclarations",
];

/// Settings of a tool that Google takes in `toolConfig.retrievalConfig`.
const PLACES: [&str; 3] = ["latitude", "longitude", "languageCode"];

/// One of Google's tools.
pub struct Native<'a> {
    pub name: &'static str,
    /// The settings as the client wrote them, or as separate fields.
    pub value: Settings<'a>,
}

/// The settings of a tool.
pub enum Settings<'a> {
    Raw(&'a RawValue),
    Fields(Vec<(Text<'a>, &'a RawValue)>),
}

impl<'a> Native<'a> {
    pub fn write(&self, to: &mut Object) {
        match &self.value {
            Settings::Raw(raw) if self.name == "googleMaps" => {
                let Fields(fields) = serde_json::from_str(raw.get()).unwrap_or_default();
                let mut maps = to.object(self.name);
                for (name, value) in fields.iter().filter(|(name, _)| !is_place(name)) {
                    maps.raw(Text::from_decoded(name).escaped(), value);
                }
            }
            Settings::Raw(raw) => {
                to.raw(self.name, raw);
            }
            Settings::Fields(fields) => {
                let mut object = to.object(self.name);
                for (name, value) in fields {
                    match (name.escaped(), environment(value)) {
                        ("environment", Some(environment)) => object.string("environment", environment),
                        (name, _) => object.raw(name, value),
                    };
                }
            }
        }
    }

    /// The location to search around, which LiteLLM's clients put into `googleMaps`.
    pub fn places(&self) -> Option<Fields<'a>> {
        let Settings::Raw(raw) = &self.value else { return None };
        let mut fields: Fields = serde_json::from_str(raw.get()).ok()?;
        fields.0.retain(|(name, _)| self.name == "googleMaps" && is_place(name));
        (!fields.0.is_empty()).then_some(fields)
    }
}

fn is_place(name: &str) -> bool {
    PLACES.contains(&&*camel_case(name))
}

pub fn write_places(to: &mut Object, places: &Fields) {
    let of = |name: &str| {
        places
            .0
            .iter()
            .find(|(key, _)| camel_case(key) == name)
            .map(|(_, value)| *value)
    };
    if let (Some(latitude), Some(longitude)) = (of("latitude"), of("longitude")) {
        to.object("latLng")
            .raw("latitude", latitude)
            .raw("longitude", longitude);
    }
    to.maybe_raw("languageCode", of("languageCode"));
}

/// The tool with this name in camel case.
pub fn native_named(camel: &str) -> Option<&'static str> {
    NATIVE.into_iter().find(|name| *name == camel)
}

/// Whether the "tool" is a list of functions in Google's own form.
pub fn is_declarations(native: &Native) -> bool {
    native.name == "functionDeclarations"
}

/// The tool of Google's for a tool type, as in OpenAI's Responses API.
pub fn native_of_type(kind: &str) -> Option<&'static str> {
    if kind.starts_with("web_search") {
        return Some("googleSearch");
    }
    let camel = camel_case(kind);
    NATIVE
        .into_iter()
        .filter(|name| *name != "functionDeclarations")
        .find(|name| *name == camel)
}

/// The other fields of a tool that is named by its type. Those of a web search (`search_context_size`, `user_location`)
/// have no counterpart, so they are dropped, as in LiteLLM.
pub fn settings_beside_type<'a>(tool: &'a Tool<'a>) -> Vec<(Text<'a>, &'a RawValue)> {
    let is_search = tool
        .kind
        .as_ref()
        .is_some_and(|kind| kind.escaped().starts_with("web_search"));
    if is_search {
        return Vec::new();
    }
    tool.rest
        .iter()
        .map(|(name, value)| (Text::from_decoded(&camel_case(name)), *value))
        .collect()
}

/// The environment of a computer-use tool.
fn environment(value: &RawValue) -> Option<&'static str> {
    (value.get() == r#""browser""#).then_some("ENVIRONMENT_BROWSER")
}
