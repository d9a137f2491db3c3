//! Golden numbers, worked out by hand beside each. Rates here are round ones: $1 per million tokens is 1,000,000
//! pico-dollars a token.

use super::*;

const DOLLAR_PER_MILLION: u64 = 1_000_000;

/// $2.50 in, $10 out, $1.25 cached, per million.
fn plain() -> Prices {
    let parameters = [
        ("input_cost_per_token", "2.5e-06"),
        ("output_cost_per_token", "1e-05"),
        ("cache_read_input_token_cost", "1.25e-06"),
    ];
    from_parameters(&parameters).unwrap().unwrap()
}

fn dollars(cost: PicoDollars) -> String {
    cost.to_string()
}

#[test]
fn text_in_and_out() {
    let cost = plain().cost(&Usage::of_text(1_000, 200), None);
    // 1,000 × $2.50/M = $0.0025; 200 × $10/M = $0.002.
    assert_eq!(dollars(cost.input), "0.0025");
    assert_eq!(dollars(cost.output), "0.002");
    assert_eq!(dollars(cost.total), "0.0045");
}

#[test]
fn cached_tokens_are_billed_once_at_their_own_rate() {
    let usage =
        usage(r#"{"prompt_tokens":2006,"completion_tokens":300,"prompt_tokens_details":{"cached_tokens":1920}}"#);
    let cost = plain().cost(&usage, None);
    // (2006 - 1920) = 86 × $2.50/M = $0.000215; 1920 × $1.25/M = $0.0024; 300 × $10/M = $0.003.
    assert_eq!(dollars(cost.input), "0.000215");
    assert_eq!(dollars(cost.cache_read), "0.0024");
    assert_eq!(dollars(cost.output), "0.003");
    assert_eq!(dollars(cost.total), "0.005615");
    assert_eq!(dollars(cost.of_prompt()), "0.002615");
}

#[test]
fn a_prompt_wholly_cached_costs_the_cached_rate_alone() {
    let usage = usage(r#"{"prompt_tokens":1000,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":5000}}"#);
    // The 5,000 are more than the prompt has: 1,000 × $1.25/M.
    assert_eq!(dollars(plain().cost(&usage, None).total), "0.00125");
}

#[test]
fn cache_writes_cost_by_how_long_they_are_kept() {
    let prices = bundled("anthropic", "claude-sonnet-4-5").prices;
    let usage = usage(
        r#"{"prompt_tokens":10000,"completion_tokens":100,"cache_read_input_tokens":6000,
            "cache_creation_input_tokens":3000,
            "cache_creation":{"ephemeral_5m_input_tokens":2000,"ephemeral_1h_input_tokens":1000}}"#,
    );
    let cost = prices.cost(&usage, None);
    // $3 in, $0.30 cached, $3.75 written for 5 minutes, $6 for an hour, $15 out, per million (2026-11-21):
    // 1,000 × 3 = 3,000; 6,000 × 0.3 = 1,800; 2,000 × 3.75 + 1,000 × 6 = 13,500; 100 × 15 = 1,500 millionths of a dollar.
    assert_eq!(dollars(cost.input), "0.003");
    assert_eq!(dollars(cost.cache_read), "0.0018");
    assert_eq!(dollars(cost.cache_write), "0.0135");
    assert_eq!(dollars(cost.output), "0.0015");
    assert_eq!(dollars(cost.total), "0.0198");
}

#[test]
fn rates_that_are_not_given_fall_back_to_the_plainer_ones() {
    let parameters = [("input_cost_per_token", "1e-6"), ("output_cost_per_token", "2e-6")];
    let prices = from_parameters(&parameters).unwrap().unwrap();
    let usage = usage(
        r#"{"prompt_tokens":100,"completion_tokens":50,
            "prompt_tokens_details":{"cached_tokens":10,"cache_creation_tokens":20,"audio_tokens":30},
            "completion_tokens_details":{"reasoning_tokens":40,"audio_tokens":5}}"#,
    );
    let cost = prices.cost(&usage, None);
    // Whatever they are: 100 × $1/M + 50 × $2/M, of which 40 × $2/M are reasoning.
    assert_eq!(dollars(cost.total), "0.0002");
    assert_eq!(dollars(cost.reasoning), "0.00008");
    assert_eq!(dollars(cost.of_completion()), "0.0001");
}

#[test]
fn a_rate_of_zero_is_free_and_falls_back_to_nothing() {
    let mut prices = plain();
    prices.base.rates.cached_input = Some(0);
    let usage = usage(r#"{"prompt_tokens":100,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":60}}"#);
    // 40 × $2.50/M.
    assert_eq!(dollars(prices.cost(&usage, None).total), "0.0001");
}

#[test]
fn reasoning_audio_and_images_have_rates_of_their_own() {
    let rates = Rates {
        input: Some(DOLLAR_PER_MILLION),
        output: Some(4 * DOLLAR_PER_MILLION),
        reasoning: Some(8 * DOLLAR_PER_MILLION),
        audio_input: Some(32 * DOLLAR_PER_MILLION),
        audio_output: Some(64 * DOLLAR_PER_MILLION),
        image_input: Some(2 * DOLLAR_PER_MILLION),
        image_output: Some(30 * DOLLAR_PER_MILLION),
        ..Rates::default()
    };
    let prices = Prices {
        base: Tier {
            rates,
            ..Tier::default()
        },
        ..Prices::default()
    };
    let usage = usage(
        r#"{"prompt_tokens":100,"completion_tokens":100,
            "prompt_tokens_details":{"audio_tokens":10,"image_tokens":20},
            "completion_tokens_details":{"reasoning_tokens":50,"audio_tokens":10,"image_tokens":20}}"#,
    );
    let cost = prices.cost(&usage, None);
    // In: 70 × 1 + 10 × 32 + 20 × 2 = 430. Out: 20 × 4 + 10 × 64 + 20 × 30 = 1,320. Reasoning: 50 × 8 = 400.
    assert_eq!(dollars(cost.input), "0.00043");
    assert_eq!(dollars(cost.output), "0.00132");
    assert_eq!(dollars(cost.reasoning), "0.0004");
    assert_eq!(dollars(cost.total), "0.00215");
}

#[test]
fn a_long_prompt_moves_the_whole_request_to_the_higher_rates() {
    let prices = bundled("gemini", "gemini-2.5-pro").prices;
    // $1.25 in, $10 out; above 200,000 tokens $2.50 and $15 (2026-11-21).
    // At the limit: 200,000 × 1.25 + 1,000 × 10 = 260,000 millionths.
    assert_eq!(
        dollars(prices.cost(&Usage::of_text(200_000, 1_000), None).total),
        "0.26"
    );
    // One more: 200,001 × 2.5 + 1,000 × 15 = 515,002.5 millionths.
    assert_eq!(
        dollars(prices.cost(&Usage::of_text(200_001, 1_000), None).total),
        "0.5150025"
    );
}

#[test]
fn cached_tokens_count_towards_the_threshold_and_cost_its_rate() {
    let prices = bundled("gemini", "gemini-2.5-pro").prices;
    let usage =
        usage(r#"{"prompt_tokens":300000,"completion_tokens":0,"prompt_tokens_details":{"cached_tokens":200000}}"#);
    let cost = prices.cost(&usage, None);
    // 100,000 × 2.5 + 200,000 × 0.25 = 300,000 millionths.
    assert_eq!(dollars(cost.cache_read), "0.05");
    assert_eq!(dollars(cost.total), "0.3");
}

#[test]
fn of_several_thresholds_the_highest_crossed_holds() {
    let prices = bundled("dashscope", "qwen3-max").prices;
    // $1.20 in; above 32,000 $2.40; above 128,000 $3 (2026-11-21).
    for (prompt_tokens, expected) in [(32_000, "0.0384"), (100_000, "0.24"), (200_000, "0.6")] {
        assert_eq!(
            dollars(prices.cost(&Usage::of_text(prompt_tokens, 0), None).total),
            expected
        );
    }
}

#[test]
fn a_threshold_that_includes_its_number_is_crossed_by_it() {
    // xAI bills the higher rate from 200,000 tokens on: $1.25, then $2.50 per million (2026-11-21).
    let prices = bundled("xai", "grok-4.3").prices;
    // 199,999 × 1.25 = 249,998.75 millionths; 200,000 × 2.5 = 500,000.
    assert_eq!(
        dollars(prices.cost(&Usage::of_text(199_999, 0), None).total),
        "0.24999875"
    );
    assert_eq!(dollars(prices.cost(&Usage::of_text(200_000, 0), None).total), "0.5");
}

#[test]
fn a_service_tier_changes_what_it_names() {
    let prices = bundled("openai", "gpt-5.2").prices;
    let usage = Usage::of_text(1_000, 1_000);
    // $1.75 and $14; flex half; priority double (2026-11-21), in thousandths of a dollar: 15.75, 7.875, 31.5.
    for (service_tier, expected) in [
        (None, "0.01575"),
        (Some("default"), "0.01575"),
        (Some("flex"), "0.007875"),
        (Some("priority"), "0.0315"),
        (Some("fast"), "0.0315"),
    ] {
        assert_eq!(
            dollars(prices.cost(&usage, service_tier).total),
            expected,
            "{service_tier:?}"
        );
    }
}

#[test]
fn a_service_tier_that_changes_the_output_rate_changes_that_of_reasoning() {
    let parameters = [
        ("output_cost_per_token", "2e-6"),
        ("output_cost_per_reasoning_token", "3e-6"),
        ("output_cost_per_token_flex", "1e-6"),
        ("input_cost_per_token_priority", "9e-6"),
    ];
    let prices = from_parameters(&parameters).unwrap().unwrap();
    let usage =
        usage(r#"{"prompt_tokens":0,"completion_tokens":10,"completion_tokens_details":{"reasoning_tokens":10}}"#);
    // 10 × $3/M; flex 10 × $1/M, as its output; priority leaves both alone.
    assert_eq!(dollars(prices.cost(&usage, None).reasoning), "0.00003");
    assert_eq!(dollars(prices.cost(&usage, Some("flex")).reasoning), "0.00001");
    assert_eq!(dollars(prices.cost(&usage, Some("priority")).reasoning), "0.00003");
}

#[test]
fn a_service_tier_with_the_threshold_too_sets_both() {
    let prices = bundled("gemini", "gemini-2.5-pro").prices;
    let long = Usage::of_text(300_000, 1_000);
    // Priority above 200,000: $4.50 and $27: 300,000 × 4.5 + 1,000 × 27 = 1,377,000 millionths.
    assert_eq!(dollars(prices.cost(&long, Some("priority")).total), "1.377");
    // Flex has no threshold of its own, so the base's holds: 300,000 × 2.5 + 1,000 × 15 = 765,000 millionths.
    assert_eq!(dollars(prices.cost(&long, Some("flex")).total), "0.765");
}

#[test]
fn images_alone_are_charged_where_no_other_output_is() {
    let parameters = [
        ("input_cost_per_token", "5e-6"),
        ("output_cost_per_image_token", "4e-5"),
    ];
    let prices = from_parameters(&parameters).unwrap().unwrap();
    let usage = usage(r#"{"input_tokens":50,"output_tokens":1000,"total_tokens":1050}"#);
    // 50 × 5 + 1,000 × 40 = 40,250 millionths.
    assert_eq!(dollars(prices.cost(&usage, None).total), "0.04025");
}

#[test]
fn unknown_prices_cost_nothing_and_say_so() {
    let prices = Prices::default();
    assert!(prices.are_unknown());
    assert_eq!(prices.cost(&Usage::of_text(1_000, 1_000), None), Cost::default());
    assert!(prices.input_per_million().is_nan());
    assert_eq!((plain().input_per_million(), plain().output_per_million()), (2.5, 10.0));
}

#[test]
fn the_largest_usage_at_the_largest_price_does_not_overflow() {
    let parameters = [
        ("input_cost_per_token", "18000000"),
        ("output_cost_per_token", "18000000"),
    ];
    let prices = from_parameters(&parameters).unwrap().unwrap();
    let usage = usage(r#"{"prompt_tokens":1e18,"completion_tokens":1e18}"#);
    // 10^9 tokens each at 18 million dollars.
    assert_eq!(dollars(prices.cost(&usage, None).total), "36000000000000000");
}

#[test]
fn costs_of_two_attempts_add_up() {
    let one = plain().cost(&Usage::of_text(1_000, 200), None);
    assert_eq!(dollars((one + one).total), "0.009");
    assert_eq!(dollars((one + one).input), "0.005");
}

#[test]
fn a_cost_is_recorded_in_dollars() {
    let cost = plain().cost(&Usage::of_text(1_000, 200), None);
    let expected =
        r#"{"input":0.0025,"cache_read":0,"cache_write":0,"output":0.002,"reasoning":0,"tools":0,"total":0.0045}"#;
    assert_eq!(serde_json::to_string(&cost).unwrap(), expected);
}

#[test]
fn searches_are_charged_by_the_piece_and_the_united_states_by_the_token() {
    let mut prices = plain();
    prices.units.per_search = Some(10_000_000_000);
    prices.units.us_permille = Some(1100);
    let counts = r#""prompt_tokens":1000,"completion_tokens":200,"server_tool_use":{"web_search_requests":3}"#;
    let cost = prices.cost(&usage(&format!("{{{counts}}}")), None);
    // 3 x $0.01 beside $0.0045 of text.
    assert_eq!(
        (dollars(cost.tools), dollars(cost.total)),
        ("0.03".into(), "0.0345".into())
    );
    // $0.0045 x 1.1 = $0.00495; what tools do costs the same everywhere.
    let cost = prices.cost(&usage(&format!(r#"{{{counts},"inference_geo":"us"}}"#)), None);
    assert_eq!(
        (dollars(cost.tools), dollars(cost.total)),
        ("0.03".into(), "0.03495".into())
    );
}
