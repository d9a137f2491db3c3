use std::collections::BTreeMap;

use super::decimal::pico_dollars;
use super::*;
use crate::usage::Usage;

mod catalogue;
mod cost;
mod money;
mod parameters;

/// Parameters as a deployment has them: name → JSON text.
fn from_parameters(parameters: &[(&str, &str)]) -> Result<Option<Prices>, PriceError> {
    let parameters: BTreeMap<String, Box<str>> = parameters
        .iter()
        .map(|(name, json)| ((*name).to_owned(), (*json).into()))
        .collect();
    Prices::from_parameters(&parameters)
}

fn usage(json: &str) -> Usage {
    Usage::from_json(json.as_bytes()).unwrap()
}

fn bundled(provider: &str, model: &str) -> Model<'static> {
    let found = Catalogue::bundled().find(provider, model, None);
    found.unwrap_or_else(|| panic!("{provider}/{model} is not in the catalogue"))
}
