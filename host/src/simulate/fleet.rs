//! A fleet that is made up, for simulations without a configuration: three kinds of deployments, a week's troubles in minutes.

use serde_json::json;

use super::scenario::{Behaviour, Outage, Scenario, Spread, Trouble};

/// The model group that all of them serve.
pub const GROUP: &str = "fleet";

/// A kind of deployment: its ids' beginning, how many of ten, attempts at once, tokens a second, to the first token, and
/// USD per million tokens of prompts and completions.
struct Kind {
    name: &'static str,
    of_ten: usize,
    capacity: u32,
    tokens_per_second: f64,
    first_token_ms: Spread,
    prices: [f64; 2],
}

const KINDS: [Kind; 3] = [
    Kind {
        name: "fast",
        of_ten: 2,
        capacity: 20,
        tokens_per_second: 120.0,
        first_token_ms: Spread {
            median: 150.0,
            p84: 220.0,
        },
        prices: [5.0, 15.0],
    },
    Kind {
        name: "usual",
        of_ten: 5,
        capacity: 40,
        tokens_per_second: 60.0,
        first_token_ms: Spread {
            median: 350.0,
            p84: 600.0,
        },
        prices: [2.5, 10.0],
    },
    Kind {
        name: "cheap",
        of_ten: 3,
        capacity: 60,
        tokens_per_second: 30.0,
        first_token_ms: Spread {
            median: 900.0,
            p84: 1_600.0,
        },
        prices: [0.5, 1.5],
    },
];

/// The configuration of so many deployments; JSON is YAML.
#[must_use]
pub fn configuration(count: usize) -> String {
    let deployments = kinds(count).map(|(index, kind)| {
        json!({
            "model_name": GROUP,
            "litellm_params": {
                "model": "openai/simulated",
                "mock_response": "simulated",
                "weight": kind.capacity,
                "input_cost_per_token": kind.prices[0] / 1e6,
                "output_cost_per_token": kind.prices[1] / 1e6,
                // A third has a limit, somewhat above its part of the load.
                "rpm": (index % 3 == 0).then_some(kind.capacity * 8),
            },
            "model_info": { "id": id(index, kind) },
        })
    });
    // The one strategy that does nothing without rules: long prompts where they cost least, streams where they begin soonest.
    let rules = json!([
        { "if": "prompt_tokens > 2000", "to": { "id": "cheap-*" } },
        { "if": "streaming", "to": [{ "id": "fast-*" }, { "id": "usual-*" }] },
    ]);
    let router = json!({
        "timeout": 120,
        "stream_timeout": 15,
        "routing_strategy": "conditional",
        "routing_strategy_args": { "strategy": "adaptive", "rules": rules },
    });
    json!({ "model_list": deployments.collect::<Vec<_>>(), "router_settings": router }).to_string()
}

/// What happens to it: a third of the load that it could bear; outages, errors and slow starts here and there.
#[must_use]
pub fn scenario(count: usize, exchanges: u64) -> Scenario {
    #[allow(clippy::cast_precision_loss, reason = "counts, for a rate")]
    let per_second = count as f64 * 3.5;
    #[allow(clippy::cast_precision_loss, reason = "counts, for a time")]
    let lasts = exchanges as f64 / per_second;
    let at = |from: f64, part: f64, kind| Outage {
        from_s: lasts * from,
        for_s: lasts * part,
        kind,
    };
    let behaviours = kinds(count).map(|(index, kind)| Behaviour {
        ids: id(index, kind),
        first_token_ms: kind.first_token_ms,
        tokens_per_second: kind.tokens_per_second,
        capacity: kind.capacity,
        failures: if index % 50 == 7 { 0.2 } else { 0.001 },
        outages: match index % 20 {
            3 => vec![at(0.2, 0.2, Trouble::Refused)],
            8 => vec![at(0.4, 0.1, Trouble::Hang)],
            13 => vec![at(0.5, 0.3, Trouble::Error)],
            18 => vec![at(0.1, 0.05, Trouble::RateLimit), at(0.7, 0.05, Trouble::RateLimit)],
            _ => Vec::new(),
        },
        warm_up_s: if index % 4 == 0 { 20.0 } else { 0.0 },
        ..Behaviour::default()
    });
    Scenario {
        exchanges,
        per_second,
        model: Some(GROUP.to_owned()),
        deployments: behaviours.collect(),
        ..Scenario::default()
    }
}

fn kinds(count: usize) -> impl Iterator<Item = (usize, &'static Kind)> {
    (0..count).map(|index| {
        let mut of_ten = index % 10;
        let kind = KINDS.iter().find(|kind| {
            let is_it = of_ten < kind.of_ten;
            of_ten = of_ten.saturating_sub(kind.of_ten);
            is_it
        });
        (index, kind.unwrap_or(&KINDS[0]))
    })
}

fn id(index: usize, kind: &Kind) -> String {
    format!("{}-{index:04}", kind.name)
}
