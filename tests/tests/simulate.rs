//! The simulator: the same each time, and what is known of the strategies shows in it.

use std::collections::BTreeMap;

use sluice::simulate::report::Table;
use sluice::simulate::{Report, Scenario, fleet, plot};
use sluice::{Options, Simulation, Source};
use sluice_tests::prelude::*;

const EXCHANGES: u64 = 6_000;

fn simulation(scenario: Scenario, strategies: &[&str]) -> Simulation {
    Simulation {
        scenario,
        strategies: strategies.iter().map(|name| (*name).to_owned()).collect(),
        trace: None,
        decisions: None,
    }
}

/// What comes of it, by strategy; the gateway lends its folder and compiled plugins.
async fn play(gateway: &Gateway, config: String, simulation: Simulation) -> Result<Vec<Report>, String> {
    let options = Options {
        source: Source::Text {
            text: config,
            directory: gateway.directory().to_owned(),
        },
        ..gateway.options()
    };
    tokio::task::spawn_blocking(move || sluice::simulate(&options, &simulation).map_err(|error| error.to_string()))
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn strategies_do_what_they_are_for() {
    let gateway = Gateway::start(&Config::new().mock("chat", "hi")).await;
    let simulation = simulation(fleet::scenario(20, EXCHANGES), &[]);
    let reports = play(&gateway, fleet::configuration(20), simulation.clone())
        .await
        .unwrap();
    let by_name: BTreeMap<&str, &Report> = reports
        .iter()
        .map(|report| (report.strategy.as_str(), report))
        .collect();
    let table = Table(&reports).to_string();
    assert!(reports.iter().all(|report| report.exchanges == EXCHANGES), "{table}");
    for (name, report) in &by_name {
        let is_least = |figure: fn(&Report) -> f64| by_name.values().all(|other| figure(other) >= figure(report));
        match *name {
            "cost-based-routing" => assert!(is_least(|report| report.cost), "{table}"),
            "least-busy" | "adaptive" => assert!(report.success > 0.999, "{table}"),
            _ => assert!(report.success > 0.9, "{table}"),
        }
    }
    let (adaptive, shuffle) = (by_name["adaptive"], by_name["simple-shuffle"]);
    assert!(
        adaptive.first_token.p99 < shuffle.first_token.p99 && adaptive.fairness > by_name["least-busy"].fairness,
        "{table}"
    );
    let again = play(&gateway, fleet::configuration(20), simulation).await.unwrap();
    assert_eq!(Table(&again).to_string(), table, "it is the same each time");
    let picture = plot::svg("a < b", &reports);
    assert!(picture.starts_with("<svg") && picture.contains("a &lt; b") && picture.contains("adaptive"));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_costs_a_few_attempts_and_no_exchange() {
    let gateway = Gateway::start(&Config::new().mock("chat", "hi")).await;
    let entry = |id: &str| {
        json!({
            "model_name": "chat",
            "litellm_params": { "model": "openai/simulated", "mock_response": "hi" },
            "model_info": { "id": id },
        })
    };
    let config = json!({ "model_list": [entry("good"), entry("ill")], "router_settings": { "cooldown_time": 10 } });
    let mut scenario = Scenario {
        exchanges: 3_000,
        per_second: 10.0,
        ..Scenario::default()
    };
    let troubled = |trouble: &str| {
        let ill = json!({ "match": "ill", "outages": [{ "from_s": 60, "for_s": 120, "as": trouble }] });
        let behaviours = json!([ill, { "match": "*", "failures": 0 }]);
        serde_json::from_value(behaviours).unwrap()
    };
    for trouble in ["refused", "error", "rate_limit"] {
        scenario.deployments = troubled(trouble);
        let played = play(
            &gateway,
            config.to_string(),
            simulation(scenario.clone(), &["simple-shuffle"]),
        )
        .await;
        let report = &played.unwrap()[0];
        assert!(
            report.success >= 1.0 && report.attempts > 1.0 && report.attempts < 1.02,
            "{trouble}: {report:?}"
        );
    }
}

/// What leaves a deployment out in an exchange leaves it out here: the deployment that is to be left out always fails.
#[tokio::test(flavor = "multi_thread")]
async fn tags_fit_and_health_checks_choose_as_in_exchanges() {
    let gateway = Gateway::start(&Config::new().mock("chat", "hi")).await;
    let entry = |id: &str, parameters: Value, info: Value| {
        let mut entry = json!({
            "model_name": "chat",
            "litellm_params": { "model": "openai/simulated", "mock_response": "hi" },
            "model_info": { "id": id },
        });
        entry["litellm_params"]
            .as_object_mut()
            .unwrap()
            .extend(parameters.as_object().unwrap().clone());
        entry["model_info"]
            .as_object_mut()
            .unwrap()
            .extend(info.as_object().unwrap().clone());
        entry
    };
    let nothing = || json!({});
    let outage = json!([{ "match": "ill", "outages": [{ "from_s": 0, "for_s": 1e9, "as": "error" }] }, { "match": "*", "failures": 0 }]);
    let cases = [
        (
            "tags",
            [
                entry("ill", json!({ "tags": ["free"] }), nothing()),
                entry("good", json!({ "tags": ["paid"] }), nothing()),
            ],
            json!({ "enable_tag_filtering": true }),
        ),
        (
            "fit",
            [
                entry("ill", nothing(), json!({ "max_input_tokens": 1 })),
                entry("good", nothing(), nothing()),
            ],
            json!({ "enable_pre_call_checks": true }),
        ),
        (
            "health checks",
            [entry("ill", nothing(), nothing()), entry("good", nothing(), nothing())],
            json!({ "enable_health_check_routing": true }),
        ),
    ];
    for (what, deployments, mut router) in cases {
        let mut attempts = Vec::new();
        for is_on in [true, false] {
            if !is_on {
                router = json!({});
            }
            router["disable_cooldowns"] = true.into();
            let config = json!({
                "model_list": deployments,
                "router_settings": router,
                "general_settings": { "background_health_checks": true, "health_check_interval": 30 },
            });
            let scenario = Scenario {
                exchanges: 500,
                tags: vec!["paid".into()],
                deployments: serde_json::from_value(outage.clone()).unwrap(),
                ..Scenario::default()
            };
            let played = play(&gateway, config.to_string(), simulation(scenario, &["simple-shuffle"])).await;
            attempts.push(played.unwrap()[0].attempts);
        }
        assert!(attempts[0] <= 1.0 && attempts[1] > 1.2, "{what}: {attempts:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn recorded_exchanges_may_come_again() {
    let config = Config::new()
        .mock("chat", "hi")
        .mock("chat", "there")
        .set("sluice", json!({ "decisions": { "file": "decisions.jsonl" } }));
    let gateway = Gateway::start(&config).await;
    for _ in 0..5 {
        gateway.ask("chat", "hi").await;
    }
    let file = gateway.directory().join("decisions.jsonl");
    eventually("the exchanges are written", async || {
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        (text.matches(r#"{"line":"exchange""#).count() == 5).then_some(())
    })
    .await;
    let simulation = Simulation {
        trace: Some(file),
        ..simulation(Scenario::default(), &["least-busy"])
    };
    let reports = play(&gateway, config.text(), simulation).await.unwrap();
    assert_eq!((reports.len(), reports[0].exchanges), (1, 5));
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_simulated_is_said() {
    let gateway = Gateway::start(&Config::new().mock("chat", "hi")).await;
    let config = Config::new().mock("chat", "hi").text();
    let refused = async |scenario: Scenario, strategies: &[&str]| {
        let played = play(&gateway, config.clone(), simulation(scenario, strategies)).await;
        played.map(|_| ()).unwrap_err()
    };
    let nobody = Scenario {
        per_second: 0.0,
        ..Scenario::default()
    };
    assert!(refused(nobody, &[]).await.contains("`per_second` must be above 0"));
    let elsewhere = Scenario {
        model: Some("gpt-9".into()),
        ..Scenario::default()
    };
    let said = refused(elsewhere, &["simple-shuffle"]).await;
    assert!(said.contains("no model group is called `gpt-9`"), "{said}");
    let said = refused(Scenario::default(), &["best"]).await;
    assert!(said.contains("no plugin is called `best`"), "{said}");
    let said = refused(Scenario::default(), &["webhook"]).await;
    assert!(said.contains("no routing strategy"), "{said}");
}
