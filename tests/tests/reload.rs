//! Hot reload: configuration and plugins change while exchanges run, and none of them fails.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use sluice_tests::guests::Guest;
use sluice_tests::prelude::*;
use tokio::task::JoinSet;

/// A deployment of the provider `teller`, whose adapter signs every answer with its version.
fn teller(group: &str, upstream: &Upstream) -> Config {
    Config::new().deployment(
        group,
        json!({ "model": "teller/upstream-model", "api_base": upstream.base() }),
    )
}

/// Whether `/plugins` lists this version as loaded.
fn lists(listing: &Value, name: &str, version: &str) -> bool {
    let plugins = listing["plugins"].as_array().into_iter().flatten();
    plugins
        .filter(|plugin| plugin["name"] == name)
        .any(|plugin| plugin["version"] == version)
}

/// Which version answers.
async fn version(gateway: &Gateway) -> String {
    let answer = gateway.ask("chat", "hi").await;
    assert_eq!(answer.status, 200, "{}", answer.text());
    answer.json()["system_fingerprint"]
        .as_str()
        .unwrap_or_default()
        .to_owned()
}

async fn replaced(gateway: &Gateway, guest: Guest, version: &str) {
    gateway.install(guest);
    gateway
        .shows(&format!("{} {version} to be loaded", guest.name), |listing| {
            lists(listing, guest.name, version)
        })
        .await;
}

#[tokio::test]
async fn a_plugin_that_is_copied_into_the_directory_is_live() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = Gateway::start(&Config::new().mock("demo", "hello")).await;
    replaced(&gateway, guests::TELLER_1, "1.0.0").await;
    gateway.write_config(&teller("chat", &upstream).text());
    eventually("the group to be there", async || {
        (gateway.ask("chat", "hi").await.status == 200).then_some(())
    })
    .await;
    assert_eq!(version(&gateway).await, "1.0.0");
}

#[tokio::test]
async fn a_deployment_that_waits_for_its_adapter_serves_once_the_component_is_there() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = Gateway::start(&teller("chat", &upstream).mock("demo", "hello")).await;
    let _ = gateway.ask("chat", "hi").await.error(500);
    gateway.install(guests::TELLER_1);
    eventually("the deployment to serve", async || {
        (gateway.ask("chat", "hi").await.status == 200).then_some(())
    })
    .await;
    assert_eq!(version(&gateway).await, "1.0.0");
    gateway.uninstall("teller");
    eventually("the deployment to be left out", async || {
        (gateway.ask("chat", "hi").await.status == 500).then_some(())
    })
    .await;
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
}

#[tokio::test]
async fn a_guardrail_that_the_configuration_waits_for_serves_once_its_component_is_there() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let params = json!({ "guardrail": "probe-guardrail", "mode": "pre_call", "judge": "mark" });
    let config = Config::new().openai("chat", &upstream).guardrail("probe", params);
    let gateway = Setup::new(&config).plugin(guests::GUARDRAIL).start().await;
    gateway.uninstall("probe-guardrail");
    gateway
        .shows("the guardrail to be gone", |listing| {
            !lists(listing, "probe-guardrail", "0.1.0")
        })
        .await;
    let _ = gateway.ask("chat", "hi").await.error(503);
    replaced(&gateway, guests::GUARDRAIL, "0.1.0").await;
    assert_eq!(gateway.ask("chat", "hi").await.content(), "hello");
    assert_eq!(upstream.request().await.json()["messages"][0]["content"], "[seen] hi");
}

#[tokio::test]
async fn a_plugin_that_is_replaced_serves_in_its_new_version() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = Setup::new(&teller("chat", &upstream))
        .plugin(guests::TELLER_1)
        .start()
        .await;
    assert_eq!(version(&gateway).await, "1.0.0");
    replaced(&gateway, guests::TELLER_2, "2.0.0").await;
    assert_eq!(version(&gateway).await, "2.0.0");
}

#[tokio::test]
async fn a_stream_keeps_the_version_it_began_with() {
    let gate = Gate::new();
    let script = Script::events(openai::pieces(&["one"]))
        .then_holds(&gate)
        .then_events(openai::pieces(&["two"]).split_off(1))
        .then_events(openai::ending());
    let upstream = Upstream::that_answers(script).await;
    let gateway = Setup::new(&teller("chat", &upstream))
        .plugin(guests::TELLER_1)
        .start()
        .await;
    let mut stream = gateway.client().chat_stream(&openai::ask_streamed("chat", "hi")).await;
    assert_eq!(stream.chunk().await.unwrap()["system_fingerprint"], "1.0.0");
    replaced(&gateway, guests::TELLER_2, "2.0.0").await;
    upstream.then(openai::says("hello"));
    assert_eq!(version(&gateway).await, "2.0.0", "a new exchange has the new version");
    gate.open();
    let rest = stream.chunks().await;
    assert!(openai::text_of(&rest).ends_with("two"), "{rest:?}");
    assert!(
        rest.iter().all(|chunk| chunk["system_fingerprint"] == "1.0.0"),
        "{rest:?}"
    );
}

#[tokio::test]
async fn garbage_in_the_place_of_a_plugin_changes_nothing_but_what_is_said() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let gateway = Setup::new(&teller("chat", &upstream))
        .plugin(guests::TELLER_1)
        .start()
        .await;
    let whole = guests::TELLER_1.bytes();
    let core_module = [b"\0asm".as_slice(), &[1, 0, 0, 0]].concat();
    for (about, bytes) in [
        ("text", b"this is no plugin".to_vec()),
        ("nothing", Vec::new()),
        ("a core module", core_module),
        ("half a component", whole[..whole.len() / 2].to_vec()),
    ] {
        let before = gateway.metric("sluice_reloads_total", &["plugins", "refused"]).await;
        gateway.install_bytes("teller", &bytes);
        eventually(&format!("{about} to be refused"), async || {
            let refused = gateway.metric("sluice_reloads_total", &["plugins", "refused"]).await;
            (refused > before).then_some(())
        })
        .await;
        let listing = gateway.plugins().await;
        assert!(lists(&listing, "teller", "1.0.0"), "{about}: {listing}");
        let failure = &listing["failures"][0];
        assert!(
            failure["file"].as_str().unwrap().ends_with("teller.wasm"),
            "{about}: {listing}"
        );
        assert!(
            failure["reason"].as_str().is_some_and(|reason| !reason.is_empty()),
            "{about}: {listing}"
        );
        assert_eq!(failure["still_serving"], "1.0.0", "{about}");
        assert_eq!(version(&gateway).await, "1.0.0", "{about}");
    }
    replaced(&gateway, guests::TELLER_2, "2.0.0").await;
    assert_eq!(gateway.plugins().await["failures"], json!([]), "a good file mends it");
    assert_eq!(version(&gateway).await, "2.0.0");
}

#[tokio::test]
async fn a_file_overrides_a_bundled_plugin_of_its_name_until_it_is_removed() {
    let gateway = Gateway::start(&Config::new().mock("demo", "hello")).await;
    let bundled = |listing: &Value, name: &str| {
        let plugins = listing["plugins"].as_array().unwrap();
        plugins
            .iter()
            .any(|plugin| plugin["name"] == name && plugin["source"] == "bundled")
    };
    assert!(bundled(&gateway.plugins().await, "simple-shuffle"));
    let own = sluice_bundled::PLUGINS
        .iter()
        .find(|bundled| bundled.name == "simple-shuffle")
        .unwrap()
        .bytes;
    gateway.install_bytes("mine", own);
    gateway
        .shows("the file to override", |listing| !bundled(listing, "simple-shuffle"))
        .await;
    gateway.uninstall("mine");
    gateway
        .shows("the bundled one to be back", |listing| {
            bundled(listing, "simple-shuffle")
        })
        .await;
}

#[tokio::test]
async fn two_files_of_one_name_are_told() {
    let gateway = Gateway::start(&Config::new().mock("demo", "hello")).await;
    gateway.install_bytes("a", &guests::TELLER_1.bytes());
    gateway.install_bytes("b", &guests::TELLER_2.bytes());
    let listing = gateway
        .shows("the second file to be refused", |listing| {
            listing["failures"] != json!([])
        })
        .await;
    assert!(
        lists(&listing, "teller", "1.0.0"),
        "the first in alphabetical order counts: {listing}"
    );
    assert!(
        listing["failures"][0]["reason"].as_str().unwrap().contains("same name"),
        "{listing}"
    );
}

#[tokio::test]
async fn deleting_a_guardrail_never_means_no_guardrail() {
    let config = Config::new()
        .mock("demo", "hello")
        .guardrail("probe", json!({ "guardrail": "probe-guardrail", "mode": "pre_call" }));
    let gateway = Setup::new(&config).plugin(guests::GUARDRAIL).start().await;
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
    gateway.uninstall("probe-guardrail");
    gateway
        .shows("the guardrail to be gone", |listing| {
            !lists(listing, "probe-guardrail", "0.1.0")
        })
        .await;
    let message = gateway.ask("demo", "hi").await.message(503);
    assert!(message.contains("probe"), "{message}");
    replaced(&gateway, guests::GUARDRAIL, "0.1.0").await;
    assert_eq!(gateway.ask("demo", "hi").await.content(), "hello");
}

#[tokio::test]
async fn a_strategy_that_is_removed_leaves_the_default_one() {
    let (first, second) = (Upstream::start().await, Upstream::start().await);
    for upstream in [&first, &second] {
        upstream.always(openai::says("hello"));
    }
    let config = Config::new()
        .openai("chat", &first)
        .openai("chat", &second)
        .strategy("probe-strategy", json!({}));
    let gateway = Setup::new(&config).plugin(guests::STRATEGY).start().await;
    assert_eq!(gateway.ask("chat", "hi").await.status, 200);
    gateway.uninstall("probe-strategy");
    gateway
        .shows("the strategy to be gone", |listing| {
            !lists(listing, "probe-strategy", "0.1.0")
        })
        .await;
    assert_eq!(gateway.ask("chat", "hi").await.status, 200);
}

#[tokio::test]
async fn the_configuration_file_reloads() {
    let gateway = Gateway::start(&Config::new().mock("demo", "before")).await;
    assert_eq!(gateway.ask("demo", "hi").await.content(), "before");
    gateway.write_config(&Config::new().mock("demo", "after").mock("another", "hello").text());
    eventually("the new configuration to be in force", async || {
        (gateway.ask("demo", "hi").await.content() == "after").then_some(())
    })
    .await;
    assert_eq!(gateway.ask("another", "hi").await.content(), "hello");
}

#[tokio::test]
async fn a_plugin_that_changes_together_with_the_configuration_is_in_force_and_counted() {
    let gateway = Gateway::start(&Config::new().mock("demo", "before")).await;
    gateway.write_config(&Config::new().mock("demo", "after").text());
    gateway.install(guests::TELLER_1);
    eventually("both to be in force", async || {
        let is_loaded = lists(&gateway.plugins().await, guests::TELLER_1.name, "1.0.0");
        (is_loaded && gateway.ask("demo", "hi").await.content() == "after").then_some(())
    })
    .await;
    for what in ["plugins", "configuration"] {
        let labels = [&format!("what=\"{what}\"")[..], "outcome=\"applied\""];
        eventually("the reload to be counted", async || {
            (gateway.metric("sluice_reloads_total", &labels).await >= 1.0).then_some(())
        })
        .await;
    }
}

#[tokio::test]
async fn a_bad_configuration_leaves_the_old_one_in_force() {
    let gateway = Gateway::start(&Config::new().mock("demo", "before")).await;
    for bad in ["model_list: [", "model_list: 5", "{\"sluice\": {\"no_such_key\": 1}}"] {
        let before = gateway
            .metric("sluice_reloads_total", &["configuration", "refused"])
            .await;
        gateway.write_config(bad);
        eventually("the bad configuration to be refused", async || {
            let refused = gateway
                .metric("sluice_reloads_total", &["configuration", "refused"])
                .await;
            (refused > before).then_some(())
        })
        .await;
        assert_eq!(gateway.ask("demo", "hi").await.content(), "before", "{bad}");
    }
}

#[tokio::test]
async fn a_reload_changes_the_settings_of_plugins() {
    let upstream = Upstream::that_answers(openai::says("hello")).await;
    let config = |word: &str| {
        let words = json!([{ "keyword": word, "action": "BLOCK" }]);
        let params = json!({ "guardrail": "content-filter", "mode": "pre_call", "blocked_words": words });
        Config::new().openai("chat", &upstream).guardrail("words", params)
    };
    let gateway = Gateway::start(&config("first")).await;
    assert_eq!(gateway.ask("chat", "first").await.status, 400);
    gateway.write_config(&config("second").text());
    eventually("the new word to be blocked", async || {
        (gateway.ask("chat", "second").await.status == 400).then_some(())
    })
    .await;
    assert_eq!(gateway.ask("chat", "first").await.status, 200);
}

/// Clients that ask without a pause until they are told to stop, whole and streamed by turns.
struct Load {
    clients: JoinSet<()>,
    is_over: Arc<AtomicBool>,
    answered: Arc<AtomicUsize>,
}

impl Load {
    fn on(gateway: &Gateway, clients: usize) -> Self {
        let (is_over, answered) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let mut load = Self {
            clients: JoinSet::new(),
            is_over,
            answered,
        };
        for _ in 0..clients {
            let (client, is_over, answered) = (gateway.client(), Arc::clone(&load.is_over), Arc::clone(&load.answered));
            load.clients.spawn(async move {
                while !is_over.load(Ordering::Relaxed) {
                    let answer = client.chat(&openai::ask("chat", "hi")).await;
                    assert_eq!(answer.content(), "hello");
                    let stream = client.chat_stream(&openai::ask_streamed("chat", "hi")).await;
                    assert_eq!(openai::text_of(&stream.chunks().await), "hello");
                    answered.fetch_add(2, Ordering::Relaxed);
                }
            });
        }
        load
    }

    /// Waits until so many more exchanges have been answered.
    async fn goes_on(&self, count: usize) {
        let target = self.answered.load(Ordering::Relaxed) + count;
        eventually("the load to go on", async || {
            (self.answered.load(Ordering::Relaxed) >= target).then_some(())
        })
        .await;
    }

    /// Ends it; fails when any exchange has failed.
    async fn ends_well(mut self) -> usize {
        self.is_over.store(true, Ordering::Relaxed);
        while let Some(ended) = self.clients.join_next().await {
            ended.expect("no exchange failed");
        }
        self.answered.load(Ordering::Relaxed)
    }
}

#[tokio::test]
async fn under_load_plugins_and_configuration_change_without_a_failed_exchange() {
    let upstream = Upstream::start().await;
    upstream.decides(|request| match request.json()["stream"] == true {
        true => openai::streams(&["hel", "lo"]),
        false => openai::says("hello"),
    });
    let config = teller("chat", &upstream).guardrail(
        "words",
        json!({ "guardrail": "content-filter", "mode": ["pre_call", "post_call"],
            "blocked_words": [{ "keyword": "forbidden", "action": "BLOCK" }] }),
    );
    let gateway = Setup::new(&config).plugin(guests::TELLER_1).start().await;
    let load = Load::on(&gateway, 8);
    for round in 0..3 {
        replaced(&gateway, guests::TELLER_2, "2.0.0").await;
        load.goes_on(20).await;
        gateway.install_bytes("teller", b"garbage");
        gateway
            .shows("the garbage to be refused", |listing| listing["failures"] != json!([]))
            .await;
        load.goes_on(20).await;
        replaced(&gateway, guests::TELLER_1, "1.0.0").await;
        gateway.install(guests::STRATEGY);
        gateway
            .shows("a plugin to be added", |listing| {
                lists(listing, "probe-strategy", "0.1.0")
            })
            .await;
        gateway.write_config(&config.clone().mock(&format!("round-{round}"), "hello").text());
        eventually("the configuration to reload", async || {
            (gateway.ask(&format!("round-{round}"), "hi").await.status == 200).then_some(())
        })
        .await;
        gateway.uninstall("probe-strategy");
        gateway
            .shows("a plugin to be removed", |listing| {
                !lists(listing, "probe-strategy", "0.1.0")
            })
            .await;
        load.goes_on(20).await;
    }
    assert!(load.ends_well().await >= 180);
}

#[tokio::test]
async fn a_panic_refuses_the_change_and_reloading_goes_on() {
    let config = |group: &str| Config::new().mock(group, "hello");
    let setup = Setup::new(&config("first")).plugin(guests::TELLER_1);
    let gateway = setup.panics_at("FAULT").start().await;
    let faulty = config("faulty").deployment("broken", json!({ "model": "openai/x", "api_key": "os.environ/FAULT" }));
    gateway.write_config(&faulty.text());
    eventually("the change to be refused", async || {
        let refused = gateway
            .metric("sluice_reloads_total", &["configuration", "refused"])
            .await;
        (refused == 1.0).then_some(())
    })
    .await;
    assert_eq!(gateway.ask("first", "hi").await.content(), "hello");
    // What was refused is not built into the next snapshot either.
    replaced(&gateway, guests::TELLER_2, "2.0.0").await;
    let _ = gateway.ask("faulty", "hi").await.error(400);
    gateway.write_config(&config("second").text());
    eventually("the next change to be in force", async || {
        (gateway.ask("second", "hi").await.status == 200).then_some(())
    })
    .await;
}
