//! Models of other vendors on Vertex AI whose API is OpenAI's with the quirks of the vendor's own service. They are
//! called by raw prediction (<https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/mistral>).

use std::borrow::Cow;

use sluice_sdk::adapter::vertex;
use sluice_sdk::{Target, exchange};

use crate::entry::Entry;
use crate::route::{Route, push_encoded};
use crate::table;

/// A vendor of models.
struct Publisher {
    /// The vendor's name in the path.
    name: &'static str,
    /// Prefixes of the vendor's model names.
    models: &'static [&'static str],
    /// The provider of the vendor's own service.
    provider: &'static str,
}

const PUBLISHERS: [Publisher; 2] = [
    Publisher {
        name: "mistralai",
        models: &["mistral", "ministral", "codestral"],
        provider: "mistral",
    },
    Publisher {
        name: "ai21",
        models: &["jamba"],
        provider: "ai21_chat",
    },
];

impl Publisher {
    /// The publisher, and the model's name without the publisher's prefix.
    fn of(target: &Target) -> Option<(&'static Self, &str)> {
        if target.provider != vertex::NAME {
            return None;
        }
        PUBLISHERS.iter().find_map(|publisher| {
            let named = target.model.strip_prefix(publisher.name);
            let model = named.and_then(|rest| rest.strip_prefix('/')).unwrap_or(&target.model);
            let is_its = publisher.models.iter().any(|start| model.starts_with(start));
            is_its.then_some((publisher, model))
        })
    }
}

/// The entry with the quirks of the vendor, and the route; the path says whether the answer is streamed. `None` if the
/// operator has an own entry for Vertex AI. The body names the model without its version.
pub fn of<'t>(own: &[Entry], target: &'t Target) -> Option<(&'static Entry, Route<'t>)> {
    let (publisher, model) = Publisher::of(target)?;
    let is_replaced = own.iter().any(|entry| entry.name == vertex::NAME);
    let entry = table::in_table(publisher.provider).filter(|_| !is_replaced)?;
    let mut path = format!("/publishers/{}/models/", publisher.name);
    push_encoded(&mut path, model);
    path.push_str(if exchange::is_streaming() {
        ":streamRawPredict"
    } else {
        ":rawPredict"
    });
    let route = Route {
        path,
        model: Cow::Borrowed(model.split('@').next().unwrap_or(model)),
        auth: None,
        takes_stream_options: false,
    };
    Some((entry, route))
}
