//! Prices given in the configuration: `input_cost_per_token` and its relatives in a deployment's `litellm_params` or
//! `model_info`, in dollars, in LiteLLM's names.

use std::collections::BTreeMap;

use thiserror::Error;

use super::decimal::{DecimalError, pico_dollars};
use super::model::{Prices, Rates, Threshold, Tier, UnitPrices};

/// A price that cannot be used.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("`{parameter}: {value}` is no price: {source}. Give it in dollars a unit, such as 0.0000025")]
pub struct PriceError {
    pub parameter: String,
    pub value: String,
    pub source: DecimalError,
}

const TOKENS: &str = "_tokens";
const ABOVE: &str = "_above_";
const SERVICES: [&str; 4] = ["flex", "balanced", "priority", "ultrafast"];

impl Prices {
    /// The prices among a deployment's parameters (name → JSON text), or `none` when it gives none: then the catalogue's
    /// hold. When it gives any, they hold alone, so that a price is never half the operator's and half the catalogue's.
    ///
    /// Honoured: the token rates with thresholds (`_above_200k_tokens`) and service tiers (`_priority`), and the unit
    /// prices; see [`Rates`] and [`UnitPrices`]. Parameters of other names, and null, are passed over.
    pub fn from_parameters(parameters: &BTreeMap<String, Box<str>>) -> Result<Option<Prices>, PriceError> {
        let mut prices = Prices::default();
        for (parameter, value) in parameters {
            let Some(place) = prices.place(parameter) else { continue };
            if &**value == "null" {
                continue;
            }
            let price = pico_dollars(value).map_err(|source| PriceError {
                parameter: parameter.clone(),
                value: value.to_string(),
                source,
            })?;
            *place = Some(price);
        }
        prices.tidy();
        Ok((!prices.are_unknown()).then_some(prices))
    }

    /// Where a parameter's price goes; `none` when the parameter is no price.
    fn place(&mut self, parameter: &str) -> Option<&mut Option<u64>> {
        if !parameter.contains("cost") {
            return None;
        }
        if unit(&mut UnitPrices::default(), parameter).is_some() {
            return unit(&mut self.units, parameter);
        }
        let (service, rest) = split_service(parameter);
        let (above, name) = split_threshold(rest)?;
        rate(&mut Rates::default(), name)?;
        let tier = match service {
            None => &mut self.base,
            Some(service) => self.services.entry(service.to_owned()).or_default(),
        };
        rate(tier.rates_above(above), name)
    }

    /// Takes out what only nulls made room for.
    fn tidy(&mut self) {
        self.base.tidy();
        self.services.values_mut().for_each(Tier::tidy);
        self.services.retain(|_, tier| *tier != Tier::default());
    }
}

impl Tier {
    fn rates_above(&mut self, above: Option<u64>) -> &mut Rates {
        let Some(above) = above else { return &mut self.rates };
        let index = match self
            .thresholds
            .binary_search_by_key(&above, |threshold| threshold.above)
        {
            Ok(index) => index,
            Err(index) => {
                self.thresholds.insert(
                    index,
                    Threshold {
                        above,
                        rates: Rates::default(),
                    },
                );
                index
            }
        };
        &mut self.thresholds[index].rates
    }

    fn tidy(&mut self) {
        self.thresholds.retain(|threshold| threshold.rates != Rates::default());
    }
}

/// `…_priority` → (`priority`, `…`).
fn split_service(parameter: &str) -> (Option<&str>, &str) {
    match parameter.rsplit_once('_') {
        Some((rest, service)) if SERVICES.contains(&service) => (Some(service), rest),
        _ => (None, parameter),
    }
}

/// `…_above_200k_tokens` → (200,000, `…`). `none` when it looks like a threshold and is none.
fn split_threshold(parameter: &str) -> Option<(Option<u64>, &str)> {
    let Some((name, tokens)) = parameter.strip_suffix(TOKENS).and_then(|rest| rest.rsplit_once(ABOVE)) else {
        return Some((None, parameter));
    };
    let (number, unit) = match tokens.strip_suffix('k') {
        Some(thousands) => (thousands, 1_000),
        None => (tokens, 1),
    };
    let above = number.parse::<u64>().ok()?.checked_mul(unit)?;
    Some((Some(above), name))
}

fn rate<'a>(rates: &'a mut Rates, name: &str) -> Option<&'a mut Option<u64>> {
    Some(match name {
        "input_cost_per_token" => &mut rates.input,
        "output_cost_per_token" => &mut rates.output,
        "cache_read_input_token_cost" => &mut rates.cached_input,
        "cache_creation_input_token_cost" => &mut rates.cache_write,
        "cache_creation_input_token_cost_above_1hr" => &mut rates.cache_write_1h,
        "output_cost_per_reasoning_token" => &mut rates.reasoning,
        "input_cost_per_audio_token" => &mut rates.audio_input,
        "output_cost_per_audio_token" => &mut rates.audio_output,
        "input_cost_per_image_token" => &mut rates.image_input,
        "output_cost_per_image_token" => &mut rates.image_output,
        _ => return None,
    })
}

fn unit<'a>(units: &'a mut UnitPrices, name: &str) -> Option<&'a mut Option<u64>> {
    Some(match name {
        "input_cost_per_request" | "input_cost_per_query" => &mut units.per_request,
        "output_cost_per_image" => &mut units.per_image,
        "input_cost_per_image" => &mut units.per_input_image,
        "output_cost_per_second" => &mut units.per_second,
        "input_cost_per_second" | "input_cost_per_audio_per_second" => &mut units.per_input_second,
        "output_cost_per_character" => &mut units.per_character,
        "input_cost_per_character" => &mut units.per_input_character,
        "output_cost_per_pixel" => &mut units.per_pixel,
        "input_cost_per_pixel" => &mut units.per_input_pixel,
        _ => return None,
    })
}
