//! Recorded decisions: they can be repeated bit for bit, and they say why an exchange went where it went.

use std::path::PathBuf;

use sluice::decisions::explain::explain;
use sluice::decisions::replay::Report;
use sluice::simulate::fleet;
use sluice::{Options, Simulation, Source};
use sluice_tests::prelude::*;

fn recorded(config: Config) -> Config {
    config.set("sluice", json!({ "decisions": { "file": "decisions.jsonl" } }))
}

/// The gateway's file, once it tells of so many exchanges.
async fn file(gateway: &Gateway, exchanges: usize) -> PathBuf {
    let file = gateway.directory().join("decisions.jsonl");
    eventually("the exchanges are written", async || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        (text.matches(r#"{"line":"exchange""#).count() == exchanges).then_some(())
    })
    .await;
    file
}

/// Repeats them as `sluice replay` does.
async fn replay(gateway: &Gateway, file: PathBuf, other: Option<&'static str>) -> Report {
    let options = gateway.options();
    tokio::task::spawn_blocking(move || sluice::replay(&options, &file, other).unwrap())
        .await
        .unwrap()
}

#[tokio::test]
async fn every_strategy_chooses_again_as_it_chose() {
    const EXCHANGES: usize = 20;
    let mut config = recorded(Config::new());
    let mut groups = Vec::new();
    for strategy in STRATEGIES {
        for (weight, rpm) in [(3, 12), (1, 500), (2, 900)] {
            let params = json!({ "model": "openai/gpt-4o", "mock_response": "hi", "weight": weight, "rpm": rpm });
            config = config.deployment(strategy, params);
        }
        let settings = match strategy {
            // Words of the exchange, its time, and what deployments are asked with a word.
            "conditional" => json!({ "rules": [
                { "if": "metadata.plan == 'premium' && time >= '00:00'", "to": { "provider": "openai" }, "only": true },
                { "if": "prompt_tokens > 1", "strategy": "least-busy" },
            ] }),
            _ => json!({}),
        };
        groups.push(json!({
            "group_name": strategy,
            "models": [strategy],
            "routing_strategy": strategy,
            "routing_strategy_args": settings,
        }));
    }
    let config = config.set("router_settings", json!({ "routing_groups": groups }));
    let gateway = Gateway::start(&config).await;
    for exchange in 0..EXCHANGES {
        for strategy in STRATEGIES {
            let plan = if exchange % 3 == 0 { "premium" } else { "free" };
            let question =
                json!({ "model": strategy, "stream": exchange % 2 == 0, "messages": [], "metadata": { "plan": plan } });
            assert_eq!(gateway.client().chat(&question).await.status, 200);
        }
    }
    let file = file(&gateway, EXCHANGES * STRATEGIES.len()).await;
    let report = replay(&gateway, file.clone(), None).await;
    assert!(report.is_exact(), "{report}");
    let mut chosen: Vec<(&str, u64)> = report
        .strategies
        .iter()
        .map(|replayed| (replayed.recorded.name.as_str(), replayed.alike))
        .collect();
    chosen.sort_unstable();
    let mut expected = STRATEGIES.map(|strategy| (strategy, EXCHANGES as u64));
    expected.sort_unstable();
    assert_eq!(chosen, expected, "each of its own model group: {report}");

    let other = replay(&gateway, file, Some("cost-based-routing")).await;
    let shuffled = other
        .strategies
        .iter()
        .find(|replayed| replayed.recorded.name == "simple-shuffle");
    let text = shuffled.unwrap().to_string();
    assert!(
        text.contains("repeated with cost-based-routing") && text.contains("mean cost"),
        "{text}"
    );
}

#[tokio::test]
async fn an_exchange_says_why_it_went_where_it_went() {
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    first.always(openai::rate_limited(60));
    second.always(openai::says("second"));
    let config = recorded(Config::new())
        .openai("chat", &first)
        .openai("chat", &second)
        .strategy("probe-strategy", json!({ "rank": "in-order" }))
        .retries(1);
    let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
    let mut told = Vec::new();
    for exchange in 1..=2 {
        let answer = gateway.ask("chat", "hi").await;
        assert_eq!(answer.content(), "second");
        let file = file(&gateway, exchange).await;
        let id = answer.header("x-litellm-call-id").unwrap();
        told.push(explain(&file, id).unwrap().unwrap().to_string());
    }
    assert!(
        told[0].contains("among 2 deployments of `chat`, probe-strategy")
            && told[0].contains("failed: RateLimitError: Rate limit reached, slow down")
            && told[0].contains("status 200"),
        "{}",
        told[0]
    );
    assert!(
        told[1].contains("of `chat`, one deployment was next") && told[1].contains("it cools down for"),
        "{}",
        told[1]
    );
    let file = file(&gateway, 2).await;
    assert!(explain(&file, "no-such-exchange").unwrap().is_none());
}

#[tokio::test]
async fn a_file_that_was_cut_or_is_something_else_is_told_line_by_line() {
    let config = recorded(Config::new()).mock("chat", "hi").mock("chat", "there");
    let gateway = Gateway::start(&config).await;
    gateway.ask("chat", "hi").await;
    let file = file(&gateway, 1).await;
    let whole = std::fs::read_to_string(&file).unwrap();
    let cut = gateway.directory().join("cut.jsonl");
    std::fs::write(&cut, format!("{whole}what is this?\n{}", &whole[..40])).unwrap();
    let report = replay(&gateway, cut, None).await;
    assert_eq!((report.strategies[0].alike, report.unreadable.count), (1, 2));
    assert!(report.to_string().contains("it is no recorded decision"), "{report}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hundred_thousand_choices_are_repeated_bit_for_bit() {
    const EXCHANGES: u64 = 25_000;
    let gateway = Gateway::start(&Config::new().mock("chat", "hi")).await;
    let simulated = [
        "adaptive",
        "simple-shuffle",
        "usage-based-routing-v2",
        "latency-based-routing",
    ]
    .map(|strategy| {
        let file = gateway.directory().join(format!("{strategy}.jsonl"));
        let options = Options {
            source: Source::Text {
                text: fleet::configuration(8),
                directory: gateway.directory().to_owned(),
            },
            ..gateway.options()
        };
        tokio::task::spawn_blocking(move || {
            let simulation = Simulation {
                scenario: fleet::scenario(8, EXCHANGES),
                strategies: vec![strategy.to_owned()],
                trace: None,
                decisions: Some(file.clone()),
            };
            sluice::simulate(&options, &simulation).unwrap();
            sluice::replay(&options, &file, None).unwrap()
        })
    });
    let mut repeated = 0;
    for report in simulated {
        let report = report.await.unwrap();
        assert!(report.is_exact(), "{report}");
        repeated += report.strategies.iter().map(|replayed| replayed.alike).sum::<u64>();
    }
    assert!(repeated >= 4 * EXCHANGES, "{repeated} were repeated");
}
