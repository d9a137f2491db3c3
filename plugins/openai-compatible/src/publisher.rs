//! Models that their makers publish on Vertex AI with an API of their own, which is OpenAI's with the quirks that the makers'
//! own services have: they are asked by raw prediction
//! (<https://cloud.google.com/vertex-ai/generative-ai/docs/partner-models/mistral>).

use std::borrow::Cow;

use sluice_sdk::adapter::vertex;
use sluice_sdk::{Target, exchange};

use crate::entry::Entry;
use crate::route::{Route, push_encoded};
use crate::table;

/// Who publishes models.
struct Publisher {
    /// In the path.
    name: &'static str,
    /// How its models' names begin.
    models: &'static [&'static str],
    /// The provider of its own service.
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
    /// The publisher and the model's name without the publisher's.
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

/// The entry with the quirks of the model's maker, and where the model is asked; the path says whether the answer is streamed.
/// `None` where the operator has an entry of their own for Vertex AI. In the body a model has no version.
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
