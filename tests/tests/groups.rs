//! Which deployments a model's name leads to, and that whatever is configured by group is in effect for each name of it.

use sluice_tests::prelude::*;

/// The ways in which a client reaches the deployments of one group.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Reached {
    ByName,
    ByAlias,
    ByWeightedAlias,
    ByWildcard,
    AsFallback,
}
use Reached::*;

const ALL: [Reached; 5] = [ByName, ByAlias, ByWeightedAlias, ByWildcard, AsFallback];

impl Reached {
    /// What the client asks for.
    fn asked(self) -> &'static str {
        match self {
            ByName => "real",
            ByAlias => "nick",
            ByWeightedAlias => "mixed",
            ByWildcard => "wild/x",
            AsFallback => "first",
        }
    }

    /// The group under whose name the setting stands.
    fn group(self) -> &'static str {
        if self == ByWildcard { "wild/*" } else { "real" }
    }
}

/// Deployments of the group, under all its names, and a backup.
fn config(upstream: &Upstream, backup: &Upstream) -> Config {
    let aliases = json!({ "nick": "real", "mixed": [{ "model": "real", "weight": 1 }] });
    Config::new()
        .openai("real", upstream)
        .openai("real", upstream)
        .openai("wild/*", upstream)
        .openai("wild/*", upstream)
        .openai("backup", backup)
        .entry(json!({ "model_name": "first", "litellm_params": { "model": "openai/m", "api_base": "http://127.0.0.1:9/v1", "api_key": "k" } }))
        .set("router_settings", json!({ "model_group_alias": aliases, "num_retries": 0, "disable_cooldowns": true }))
}

/// A setting by group, and what shows that it is in effect.
struct Setting {
    key: &'static str,
    value: fn(group: &str) -> Value,
    /// What the group's deployments answer.
    answer: fn() -> Script,
    /// The answer's text, and how often the group's deployments were asked.
    expected: (&'static str, usize),
}

fn settings() -> Vec<Setting> {
    let failed = || Script::json(500, &openai::error("server_error", "oops", "broken"));
    vec![
        Setting {
            key: "fallbacks",
            value: |group| json!([{ group: ["backup"] }, { "first": ["real"] }]),
            answer: failed,
            expected: ("backup", 1),
        },
        Setting {
            key: "context_window_fallbacks",
            value: |group| json!([{ group: ["backup"] }]),
            answer: || {
                Script::json(
                    400,
                    &openai::error("invalid_request_error", "context_length_exceeded", "long"),
                )
            },
            expected: ("backup", 1),
        },
        Setting {
            key: "content_policy_fallbacks",
            value: |group| json!([{ group: ["backup"] }]),
            answer: || Script::json(400, &openai::error("invalid_request_error", "content_filter", "no")),
            expected: ("backup", 1),
        },
        Setting {
            key: "model_group_retry_policy",
            value: |group| json!({ group: { "InternalServerErrorRetries": 1 } }),
            answer: failed,
            expected: ("", 2),
        },
        Setting {
            key: "routing_groups",
            value: |group| json!([{ "group_name": "own", "models": [group], "routing_strategy": "probe-strategy", "routing_strategy_args": { "rank": "nothing" } }]),
            answer: || openai::says("answered"),
            expected: ("", 0),
        },
    ]
}

/// Keys of `router_settings` that name groups and are not looked up by the group of a request.
const ELSEWHERE: &[&str] = &[
    "default_fallbacks",
    "model_group_alias",
    "max_fallbacks",
    "enable_mid_stream_fallback_continuation",
    "background_health_check_model_groups",
];

#[test]
fn every_key_that_is_keyed_by_group_is_walked() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../config/sluice.schema.json");
    let schema: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let walked: Vec<&str> = settings().iter().map(|setting| setting.key).collect();
    let keys = schema["$defs"]["router_settings"]["properties"].as_object().unwrap();
    let forgotten: Vec<&String> = keys
        .iter()
        .filter(|(_, key)| {
            let description = key["description"].as_str().unwrap_or_default();
            description.contains("roup") && !description.contains("not yet in effect")
        })
        .map(|(name, _)| name)
        .filter(|name| !walked.contains(&name.as_str()) && !ELSEWHERE.contains(&name.as_str()))
        .collect();
    assert!(forgotten.is_empty(), "a test of each, or a reason: {forgotten:?}");
}

#[tokio::test]
async fn what_is_configured_by_group_is_in_effect_for_each_of_its_names() {
    let backup = Upstream::that_answers(openai::says("backup")).await;
    for setting in settings() {
        for reached in ALL {
            let upstream = Upstream::that_answers((setting.answer)()).await;
            let value = (setting.value)(reached.group());
            let mut config = config(&upstream, &backup).set("router_settings", json!({ setting.key: value }));
            if setting.key != "fallbacks" {
                config = config.set("router_settings", json!({ "fallbacks": [{ "first": ["real"] }] }));
            }
            let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
            let answer = gateway.ask(reached.asked(), "hi").await;
            let text = if answer.status == 200 {
                answer.content()
            } else {
                String::new()
            };
            let row = format!("{} {reached:?}: {}", setting.key, answer.text());
            assert_eq!((text.as_str(), upstream.count()), setting.expected, "{row}");
        }
    }
}

#[tokio::test]
async fn a_name_without_a_provider_is_served_by_the_wildcard_of_its_provider() {
    let upstream = Upstream::that_answers(openai::says("fine")).await;
    let params = json!({ "model": "openai/*", "api_base": format!("{}/v1", upstream.base()) });
    let gateway = Gateway::start(&Config::new().deployment("openai/*", params)).await;
    assert_eq!(gateway.ask("gpt-4o", "hi").await.content(), "fine");
    assert_eq!(upstream.request().await.json()["model"], "gpt-4o");
    let message = gateway.ask("nobody-knows-it", "hi").await.message(400);
    assert!(message.contains("no model group"), "{message}");
}

#[tokio::test]
async fn a_star_alone_is_whatever_the_request_says() {
    let upstream = Upstream::that_answers(openai::says("fine")).await;
    let config = Config::new().entry(json!({ "model_name": "*", "litellm_params": { "model": "*" } }));
    let setup = Setup::new(&config)
        .variable("OPENAI_API_KEY", UPSTREAM_KEY)
        .variable("OPENAI_BASE_URL", &format!("{}/v1", upstream.base()));
    let gateway = setup.start().await;
    for (asked, sent) in [("openai/gpt-4o", "gpt-4o"), ("gpt-4o-mini", "gpt-4o-mini")] {
        assert_eq!(gateway.ask(asked, "hi").await.content(), "fine");
        assert_eq!(upstream.requests().pop().unwrap().json()["model"], sent);
    }
    let _ = gateway.ask("nobody-knows-it", "hi").await.error(400);
}

#[tokio::test]
async fn the_whole_name_fits_a_wildcard() {
    let upstream = Upstream::that_answers(openai::says("fine")).await;
    let params = json!({ "model": "openai/*-chat", "api_base": format!("{}/v1", upstream.base()) });
    let gateway = Gateway::start(&Config::new().deployment("gateway/*-chat", params)).await;
    assert_eq!(gateway.ask("gateway/demo-chat", "hi").await.content(), "fine");
    assert_eq!(upstream.request().await.json()["model"], "demo-chat");
    let _ = gateway.ask("gateway/demo-chat-extra", "hi").await.error(400);
}

/// What stands before a slash is a provider, or a mistake: a prompt goes to nobody by likeness.
#[tokio::test]
async fn an_unknown_provider_is_nobodys() {
    let upstream = Upstream::that_answers(openai::says("fine")).await;
    let base = format!("{}/v1", upstream.base());
    for model in ["claude-agent-sdk/sonnet", "gpt-proxy/x", "mistral-local/x"] {
        let gateway =
            Gateway::start(&Config::new().deployment("chat", json!({ "model": model, "api_base": base }))).await;
        let message = gateway.ask("chat", "hi").await.message(500);
        assert!(message.contains("none of the deployments of `chat`"), "{message}");
        assert_eq!(upstream.count(), 0, "{model}");
    }
}

/// After a fallback, the last attempt's error: the group that nobody could be asked of has none.
#[tokio::test]
async fn a_group_that_cannot_be_used_leads_on_to_its_fallback() {
    let upstream = Upstream::start().await;
    let config = Config::new()
        .deployment("chat", json!({ "model": "acme/x" }))
        .openai("backup", &upstream)
        .retries(0)
        .set("litellm_settings", json!({ "fallbacks": [{ "chat": ["backup"] }] }));
    let gateway = Gateway::start(&config).await;
    upstream.then(openai::says("backup"));
    assert_eq!(gateway.ask("chat", "hi").await.content(), "backup");
    upstream.then(openai::rate_limited(3));
    let _ = gateway.ask("chat", "hi").await.error(429);
}
