//! Google's own tools (<https://ai.google.dev/api/caching#Tool>, and Vertex AI's beside them).

use sluice_sdk::canonical::{Fields, Object, RawValue, Text, Tool};

use super::generation::camel_case;

/// Their names.
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

/// What a tool of Google's is told on the side, in `toolConfig.retrievalConfig`.
const PLACES: [&str; 3] = ["latitude", "longitude", "languageCode"];

/// One of them.
pub struct Native<'a> {
    pub name: &'static str,
    /// As the client wrote it, or its fields.
    pub value: Settings<'a>,
}

/// What it is told.
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

    /// Where to look, as LiteLLM's clients say it beside the maps.
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

/// The tool of this name in camel case.
pub fn native_named(camel: &str) -> Option<&'static str> {
    NATIVE.into_iter().find(|name| *name == camel)
}

/// Functions in Google's own form.
pub fn is_declarations(native: &Native) -> bool {
    native.name == "functionDeclarations"
}

/// A tool of Google's that is named by its type, as OpenAI's Responses API names tools.
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

/// A web search's other settings (`search_context_size`, `user_location`) Google has nothing for; LiteLLM drops them too.
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

/// OpenAI's word for what a computer tool looks at.
fn environment(value: &RawValue) -> Option<&'static str> {
    (value.get() == r#""browser""#).then_some("ENVIRONMENT_BROWSER")
}
