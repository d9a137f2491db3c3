use super::*;

#[test]
fn a_deployment_without_prices_has_none() {
    let parameters = [
        ("model", "\"openai/gpt-4o\""),
        ("temperature", "0.5"),
        ("input_cost_per_token", "null"),
    ];
    assert_eq!(from_parameters(&parameters), Ok(None));
}

#[test]
fn rates_thresholds_service_tiers_and_units_are_read() {
    let prices = from_parameters(&[
        ("input_cost_per_token", "0.000001"),
        ("output_cost_per_token", "\"2e-6\""),
        ("input_cost_per_token_above_200k_tokens", "3e-6"),
        ("input_cost_per_token_above_128_tokens", "4e-6"),
        ("input_cost_per_token_priority", "5e-6"),
        ("input_cost_per_token_above_200k_tokens_priority", "6e-6"),
        ("cache_creation_input_token_cost_above_1hr", "7e-6"),
        ("cache_creation_input_token_cost_above_1hr_above_200k_tokens", "8e-6"),
        ("output_cost_per_image", "0.04"),
        ("input_cost_per_second", "0.0001"),
        ("input_cost_per_token_above_9k_tokens", "null"),
        ("output_cost_per_token_flex", "null"),
    ])
    .unwrap()
    .unwrap();

    assert_eq!(prices.base.rates.input, Some(1_000_000));
    assert_eq!(prices.base.rates.output, Some(2_000_000));
    assert_eq!(prices.base.rates.cache_write_1h, Some(7_000_000));
    let low = Threshold {
        above: 128,
        rates: Rates {
            input: Some(4_000_000),
            ..Rates::default()
        },
    };
    let rates = Rates {
        input: Some(3_000_000),
        cache_write_1h: Some(8_000_000),
        ..Rates::default()
    };
    assert_eq!(prices.base.thresholds, [low, Threshold { above: 200_000, rates }]);

    assert_eq!(prices.services.keys().collect::<Vec<_>>(), ["priority"]);
    let priority = &prices.services["priority"];
    assert_eq!(priority.rates.input, Some(5_000_000));
    assert_eq!(priority.thresholds[0].rates.input, Some(6_000_000));

    assert_eq!(prices.units.per_image, Some(40_000_000_000));
    assert_eq!(prices.units.per_input_second, Some(100_000_000));
}

#[test]
fn a_deployment_may_be_free() {
    let prices = from_parameters(&[("input_cost_per_token", "0"), ("output_cost_per_token", "0.0")])
        .unwrap()
        .unwrap();
    assert!(!prices.are_unknown());
    assert_eq!(prices.cost(&Usage::of_text(1_000, 1_000), None).total, PicoDollars(0));
}

#[test]
fn names_that_only_look_like_prices_are_passed_over() {
    let parameters = [
        ("input_cost_per_token_above_many_tokens", "\"x\""),
        ("input_cost_per_token_above_99999999999999999999k_tokens", "\"x\""),
        ("total_cost", "\"x\""),
        ("input_cost_per_token_batches", "\"x\""),
    ];
    assert_eq!(from_parameters(&parameters), Ok(None));
}

#[test]
fn a_price_that_cannot_be_used_is_named_with_the_mend() {
    let error = from_parameters(&[("input_cost_per_token", "\"2,5\"")]).unwrap_err();
    assert_eq!(
        error.to_string(),
        "`input_cost_per_token: \"2,5\"` is no price: it is not a decimal number. \
         Give it in dollars a unit, such as 0.0000025"
    );
    let error = from_parameters(&[("output_cost_per_token", "-1e-6")]).unwrap_err();
    assert_eq!(error.source, DecimalError::Negative);
}
