//! What configurations mean.

use std::collections::BTreeMap;
use std::time::Duration;

use super::super::settings::{Alias, Isolation, Mode, Settings};
use super::super::{Known, Origin, Strictness, load, load_file};
use super::{lines, nothing_set, read, repository};

/// The settings of a file without errors.
fn settings(text: &str) -> Settings {
    let loaded = read(text, &nothing_set());
    loaded.settings.unwrap_or_else(|| panic!("{:#?}", loaded.problems))
}

fn variables(set: &[(&str, &str)]) -> BTreeMap<String, String> {
    set.iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect()
}

#[test]
fn defaults_are_those_the_documentation_names() {
    let settings = settings("{}");
    assert_eq!(settings.router.ranking.strategy, "simple-shuffle");
    assert_eq!(&*settings.router.ranking.args, "{}");
    assert_eq!(settings.router.retries.count, 2);
    assert_eq!(settings.router.timeout, Duration::from_secs(6000));
    assert!(settings.general.master_key.is_none() && settings.general.metrics_need_key);
    assert_eq!(settings.server.body_bytes_max, 50 << 20);
    assert_eq!(settings.server.connections_max, 20_000);
    assert_eq!(settings.upstream.attempts_max, 16);
    assert_eq!(settings.upstream.chunk_timeout, Duration::from_secs(300));
    assert_eq!(settings.plugins.directory, std::path::Path::new("/etc/sluice/plugins"));
    assert!(settings.plugins.pagemap_scan && settings.general.restamp_model);
}

#[test]
fn unknown_parameters_go_into_the_body_beneath_extra_body() {
    let settings = settings(
        "
model_list:
  - model_name: a
    litellm_params:
      model: openai/m
      chat_template_kwargs: {enable_thinking: false}
      min_p: 0.1
      num_ctx: 4096
      provider: {order: [a]}
      safe_prompt: true
      api_version: v1
      hub_token: secret
      extra_body: {min_p: 0.2, other: 1}
",
    );
    let body: serde_json::Value = serde_json::from_str(&settings.deployments[0].parameters["extra_body"]).unwrap();
    let expected = serde_json::json!({
        "chat_template_kwargs": {"enable_thinking": false}, "min_p": 0.2, "num_ctx": 4096,
        "provider": {"order": ["a"]}, "safe_prompt": true, "other": 1,
    });
    assert_eq!(body, expected);
}

#[test]
fn an_empty_credential_is_none_and_white_space_is_no_part_of_one() {
    let settings = settings(
        "
model_list:
  - {model_name: a, litellm_params: {model: openai/m, api_key: ''}}
  - {model_name: a, litellm_params: {model: openai/m, api_key: ' '}}
  - {model_name: a, litellm_params: {model: openai/m, api_key: \"sk-x\\n\"}}
",
    );
    let key = |index: usize| settings.deployments[index].credentials.get("api_key");
    assert!(key(0).is_none() && key(1).is_none());
    assert_eq!(key(2).map(crate::config::Secret::expose), Some("sk-x"));
}

#[test]
fn parameters_of_a_deployment_are_sorted_by_what_they_are() {
    let settings = settings(
        "
model_list:
  - model_name: a
    litellm_params:
      model: azure/gpt-4o
      api_base: https://host.example/
      api_key: sk-secret
      hub_token: also-secret
      vertex_credentials: {type: service_account}
      api_version: '2024-08-01'
      temperature: 0.5
      stop: [END]
      timeout: '30'
      stream_timeout: 2.5
      weight: 3
      rpm: 60
      input_cost_per_token: 0.000001
      safety_margin: {deep: [1]}
",
    );
    let deployment = &settings.deployments[0];
    assert_eq!(deployment.api_base.as_deref(), Some("https://host.example"));
    assert_eq!(
        deployment.credentials.keys().collect::<Vec<_>>(),
        ["api_key", "hub_token", "vertex_credentials"]
    );
    assert_eq!(
        deployment.credentials["vertex_credentials"].expose(),
        r#"{"type":"service_account"}"#
    );
    assert_eq!(&*deployment.defaults["stop"], r#"["END"]"#);
    assert_eq!(&*deployment.defaults["temperature"], "0.5");
    assert_eq!(
        deployment.parameters.keys().collect::<Vec<_>>(),
        ["api_version", "extra_body", "input_cost_per_token", "safety_margin"]
    );
    assert_eq!(deployment.timeout, Some(Duration::from_secs(30)));
    assert_eq!(deployment.stream_timeout, Some(Duration::from_millis(2500)));
    assert_eq!((deployment.weight, deployment.rpm), (Some(3.0), Some(60)));
}

#[test]
fn secrets_do_not_show_when_settings_are_printed() {
    let text = "
general_settings: {master_key: sk-top-secret-master}
environment_variables: {OPENAI_API_KEY: sk-top-secret-variable}
model_list: [{model_name: a, litellm_params: {model: openai/a, api_key: sk-top-secret-deployment}}]
";
    let settings = settings(text);
    assert_eq!(
        settings.environment["OPENAI_API_KEY"].expose(),
        "sk-top-secret-variable"
    );
    assert!(!format!("{settings:?}").contains("top-secret"));
}

#[test]
fn ids_are_stable_across_variables_and_differ_between_twins() {
    let text = "
model_list:
  - {model_name: a, litellm_params: {model: openai/a, api_key: os.environ/KEY}}
  - {model_name: a, litellm_params: {api_key: os.environ/KEY, model: openai/a}}
  - {model_name: b, litellm_params: {model: openai/a, api_key: os.environ/KEY}}
";
    let ids = |set: &[(&str, &str)]| -> Vec<String> {
        read(text, &variables(set))
            .settings
            .unwrap()
            .deployments
            .into_iter()
            .map(|made| made.id)
            .collect()
    };
    let ids_before = ids(&[("KEY", "one")]);
    assert_eq!(ids_before, ids(&[("KEY", "two")]));
    assert_eq!(ids_before[0].len(), 32);
    assert_eq!(ids_before[1], format!("{}-2", ids_before[0]));
    assert_ne!(ids_before[0], ids_before[2]);
}

#[test]
fn variables_of_the_file_go_before_those_of_the_process() {
    let text = "
environment_variables: {KEY: from-file}
model_list: [{model_name: a, litellm_params: {model: openai/a, api_key: os.environ/KEY}}]
";
    let loaded = read(text, &variables(&[("KEY", "from-process")]));
    assert_eq!(
        loaded.settings.unwrap().deployments[0].credentials["api_key"].expose(),
        "from-file"
    );
}

#[test]
fn the_master_key_may_come_from_the_environment_alone() {
    let loaded = read("{}", &variables(&[("LITELLM_MASTER_KEY", "sk-from-environment")]));
    assert_eq!(
        loaded.settings.unwrap().general.master_key.unwrap().expose(),
        "sk-from-environment"
    );
}

#[test]
fn credentials_can_be_shared() {
    let settings = settings(
        "
credential_list:
  - credential_name: azure-west
    credential_values: {api_key: shared, api_version: '2024-08-01', api_base: https://west.example/}
model_list:
  - {model_name: a, litellm_params: {model: azure/a, litellm_credential_name: azure-west}}
  - {model_name: b, litellm_params: {model: azure/b, litellm_credential_name: azure-west, api_key: own}}
",
    );
    let [a, b] = &settings.deployments[..] else {
        panic!("two deployments")
    };
    assert_eq!(a.credentials["api_key"].expose(), "shared");
    assert_eq!(a.api_base.as_deref(), Some("https://west.example"));
    assert_eq!(&*a.parameters["api_version"], "\"2024-08-01\"");
    assert_eq!(b.credentials["api_key"].expose(), "own");
}

#[test]
fn aliases_are_names_hidden_names_or_mixes() {
    let settings = settings(
        "
router_settings:
  model_group_alias:
    plain: group
    hidden: {model: group, hidden: true}
    mix: [{model: azure/gpt-4o, weight: 0.7}, {model: openai/gpt-4o}]
",
    );
    assert_eq!(
        settings.aliases["plain"],
        Alias::Group {
            model: "group".into(),
            hidden: false
        }
    );
    assert_eq!(
        settings.aliases["hidden"],
        Alias::Group {
            model: "group".into(),
            hidden: true
        }
    );
    let mix = vec![("azure/gpt-4o".to_owned(), 0.7), ("openai/gpt-4o".to_owned(), 1.0)];
    assert_eq!(settings.aliases["mix"], Alias::Weighted(mix));
}

#[test]
fn the_routers_retries_win_and_the_general_timeout_wins() {
    let settings = settings(
        "
litellm_settings: {num_retries: 3, request_timeout: 120}
router_settings: {num_retries: 1, timeout: 30, routing_strategy_args: {ttl: 60}}
",
    );
    assert_eq!(settings.router.retries.count, 1);
    assert_eq!(settings.router.timeout, Duration::from_secs(120));
    assert_eq!(&*settings.router.ranking.args, r#"{"ttl":60}"#);
}

#[test]
fn a_model_group_has_the_ranking_of_the_first_routing_group_that_names_it() {
    let settings = settings(
        "
router_settings:
  routing_strategy: least-busy
  routing_groups:
    - {group_name: fast, models: [a, b], routing_strategy: latency-based-routing, routing_strategy_args: {ttl: 9}}
    - {group_name: cheap, models: [b, c], routing_strategy: usage-based-routing}
",
    );
    let router = &settings.router;
    let of = |model: &str| {
        (
            router.group_rankings[model].strategy.as_str(),
            &*router.group_rankings[model].args,
        )
    };
    assert_eq!(router.ranking.strategy, "least-busy");
    assert_eq!(of("a"), ("latency-based-routing", r#"{"ttl":9}"#));
    assert_eq!(of("b"), of("a"));
    assert_eq!(of("c"), ("usage-based-routing-v2", "{}"));
}

#[test]
fn guardrails_know_their_plugin_moments_and_settings() {
    let settings = settings(
        "
guardrails:
  - guardrail_name: filter
    litellm_params:
      guardrail: litellm_content_filter
      mode: [pre_call, post_call, pre_call, pre_mcp_call]
      unreachable_fallback: fail_open
      patterns: [{name: email}]
litellm_settings:
  guardrails:
    - guardrail_name: nested
      litellm_params: {guardrail: content-filter, mode: {default: during_call, tags: {a: post_call}}}
",
    );
    let [filter, nested] = &settings.guardrails[..] else {
        panic!("two guardrails")
    };
    assert_eq!(filter.plugin, "content-filter");
    assert_eq!(filter.modes, [Mode::PreCall, Mode::PostCall]);
    assert!(filter.fail_open && !filter.default_on);
    assert_eq!(&*filter.settings, r#"{"patterns":[{"name":"email"}]}"#);
    assert!(nested.default_on && !nested.fail_open);
    assert_eq!(nested.modes, [Mode::DuringCall, Mode::PostCall]);
}

#[test]
fn callbacks_are_one_entry_a_name() {
    let settings = settings(
        "
litellm_settings:
  success_callback: [audit]
  failure_callback: audit
  callbacks: [prometheus, my_module.handler]
callback_settings:
  audit: {callback_type: generic_api, endpoint: https://log.example}
",
    );
    let [prometheus, audit] = &settings.callbacks[..] else {
        panic!("two callbacks: {:?}", settings.callbacks)
    };
    assert_eq!(
        (prometheus.plugin.as_str(), prometheus.on_success, prometheus.on_failure),
        ("prometheus", true, true)
    );
    assert_eq!(
        (audit.plugin.as_str(), audit.on_success, audit.on_failure),
        ("webhook", true, true)
    );
    assert_eq!(&*audit.settings, r#"{"endpoint":"https://log.example"}"#);
}

#[test]
fn plugins_have_grants_and_limits() {
    let settings = settings(
        "
sluice:
  plugin_directory: extra
  plugins:
    content-filter: {outbound: ['*.example.com'], isolation: call, time_limit_ms: 5, memory_limit_mb: 16, calls_max: 9}
    other: {enabled: false, settings: {a: 1}}
",
    );
    let plugin = &settings.plugins.by_name["content-filter"];
    assert_eq!(
        (plugin.isolation, plugin.memory_limit),
        (Isolation::Call, Some(16 << 20))
    );
    assert_eq!(
        (plugin.time_limit, plugin.calls_max),
        (Some(Duration::from_millis(5)), Some(9))
    );
    assert!(settings.plugins.by_name["other"].disabled && !plugin.disabled);
    assert_eq!(
        settings.plugins.by_name["other"].settings.as_deref(),
        Some(r#"{"a":1}"#)
    );
    assert_eq!(settings.plugins.directory, std::path::Path::new("/etc/sluice/extra"));
}

#[test]
fn included_lists_append_and_other_keys_replace() {
    let file = repository().join("tests/config/accepted-include/config.yaml");
    let loaded = load_file(&file, &nothing_set(), &Known::default(), Strictness::Lenient);
    let settings = loaded.settings.unwrap_or_else(|| panic!("{:#?}", loaded.problems));
    let groups: Vec<&str> = settings.deployments.iter().map(|made| made.group.as_str()).collect();
    assert_eq!(groups, ["first", "second"]);
    assert_eq!(settings.router.retries.count, 7);
    let names: Vec<_> = loaded
        .files
        .iter()
        .map(|file| file.file_name().unwrap().to_string_lossy())
        .collect();
    assert_eq!(names, ["config.yaml", "models.yaml"]);
}

#[test]
fn unknown_keys_are_errors_only_where_checking_is_strict() {
    let origin = Origin {
        name: "a.yaml".into(),
        directory: "".into(),
        file: None,
    };
    let text = "router_settings: {num_retires: 1}";
    let strictly = load(text, &origin, &nothing_set(), &Known::default(), Strictness::Strict);
    assert!(strictly.settings.is_none());
    let leniently = load(text, &origin, &nothing_set(), &Known::default(), Strictness::Lenient);
    assert!(leniently.settings.is_some());
    assert!(
        lines(&leniently)
            .iter()
            .any(|line| line.ends_with("Did you mean `num_retries`?"))
    );
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem() {
    let file = repository().join("tests/config/no-such-file.yaml");
    let loaded = load_file(&file, &nothing_set(), &Known::default(), Strictness::Lenient);
    assert!(loaded.settings.is_none());
    assert!(lines(&loaded)[0].contains("the file cannot be read"));
}

#[test]
fn tls_files_are_relative_to_the_configuration() {
    let settings = settings("sluice: {server: {tls_certificate: tls/cert.pem, tls_key: /run/key.pem}}");
    assert_eq!(
        settings.server.tls_certificate.unwrap(),
        std::path::Path::new("/etc/sluice/tls/cert.pem")
    );
    assert_eq!(settings.server.tls_key.unwrap(), std::path::Path::new("/run/key.pem"));
}

#[test]
fn what_becomes_of_failures() {
    let settings = settings(
        "
litellm_settings: {num_retries: 7, default_fallbacks: [small]}
router_settings:
  retry_after: 1.5
  retry_policy: {TimeoutErrorRetries: 3, DefaultRetries: 1}
  model_group_retry_policy: {chat: {RateLimitErrorRetries: 4}}
  cooldown_time: 60
  allowed_fails: 3
  allowed_fails_policy: {AuthenticationErrorAllowedFails: 2}
  fallbacks: [{chat: [big, {model: small, max_tokens: 5}]}, {chat: [last]}]
  context_window_fallbacks: [{chat: [big]}]
sluice: {cooldown: {consecutive_failures: 5, ramp_ms: 0}}",
    );
    let router = settings.router;
    assert_eq!(
        (router.retries.count, router.retries.wait_min),
        (7, Duration::from_millis(1500))
    );
    assert_eq!(
        (router.retries.policy["Timeout"], router.retries.policy["Default"]),
        (3, 1)
    );
    assert_eq!(router.retries.group_policies["chat"]["RateLimit"], 4);
    let cooldowns = router.cooldowns;
    assert_eq!(
        (cooldowns.time, cooldowns.allowed_fails),
        (Duration::from_secs(60), Some(3))
    );
    assert_eq!(cooldowns.policy["Authentication"], 2);
    let breaker = cooldowns.breaker.unwrap();
    assert_eq!((breaker.failures, breaker.pause), (5, Duration::from_secs(300)));
    assert_eq!(cooldowns.ramp, Duration::ZERO);
    let fallbacks = router.fallbacks;
    let groups: Vec<&str> = fallbacks
        .own("chat")
        .unwrap()
        .iter()
        .map(|target| target.group.as_str())
        .collect();
    assert_eq!(groups, ["big", "small", "last"]);
    assert_eq!(
        fallbacks.general["chat"][1].overrides,
        [("max_tokens".to_owned(), "5".into())]
    );
    assert_eq!(
        fallbacks.own("openai/chat").map(<[_]>::len),
        Some(3),
        "a group is found without its provider too"
    );
    assert_eq!(fallbacks.own("other"), None);
    assert_eq!(fallbacks.default[0].group, "small");
    assert!(fallbacks.context_window.is_some() && fallbacks.content_policy.is_none());
    assert_eq!(fallbacks.depth_max, 5);
}
