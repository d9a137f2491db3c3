//! `sluice plugin inspect`: what a component is and may do, without a gateway.

use std::path::Path;

use sluice::{Inspected, inspect};
use sluice_tests::guests::Guest;
use sluice_tests::prelude::*;

async fn look(gateway: &Gateway, file: &Path) -> Result<Inspected, String> {
    let (options, file) = (gateway.options(), file.to_owned());
    let looked = tokio::task::spawn_blocking(move || inspect(&options, &file)).await;
    looked.unwrap().map_err(|error| error.to_string())
}

#[tokio::test]
async fn a_plugin_is_told_with_its_powers() {
    let gateway = Gateway::start(&Config::new()).await;
    let beacon = look(&gateway, &guests::BEACON.path()).await.unwrap();
    assert_eq!(
        (
            beacon.name.as_str(),
            beacon.kinds.as_slice(),
            beacon.contract.as_deref()
        ),
        (
            "beacon",
            ["routing-strategy", "periodic-task"].as_slice(),
            Some("0.2.1")
        )
    );
    let text = beacon.to_string();
    for part in [
        "sends HTTP requests to hosts that it asks for and the operator allows",
        "reads names, prices, limits and load of deployments, no credentials",
        "hosts     *",
        r#""required":["address"]"#,
    ] {
        assert!(text.contains(part), "{part}: {text}");
    }
    assert!(!text.contains("reads the request"), "{text}");
}

#[tokio::test]
async fn a_newer_version_is_told_by_what_it_may_do_beyond() {
    let gateway = Gateway::start(&Config::new()).await;
    let [strategy, beacon, one, two] = [guests::STRATEGY, guests::BEACON, guests::TELLER_1, guests::TELLER_2];
    let look = async |guest: Guest| look(&gateway, &guest.path()).await.unwrap();
    let more = look(beacon).await.more_than(&look(strategy).await);
    for sentence in ["it is a periodic-task too", "it asks to reach `*`"] {
        assert!(more.iter().any(|one| one == sentence), "{sentence}: {more:?}");
    }
    assert!(look(two).await.more_than(&look(one).await).is_empty());
}

#[tokio::test]
async fn what_a_gateway_refuses_is_refused_with_its_sentence() {
    let gateway = Gateway::start(&Config::new()).await;
    let text = gateway.directory().join("config.yaml");
    for (file, sentence) in [
        (guests::SOCKETS.path(), "cannot be linked"),
        (guests::STILLBORN.path(), "`describe` failed"),
        (text, "it is not WebAssembly"),
        ("no-such-file.wasm".into(), "No such file"),
    ] {
        let refused = look(&gateway, &file).await.unwrap_err();
        assert!(refused.contains(sentence), "{refused}");
        assert!(refused.contains(&file.display().to_string()), "{refused}");
    }
}
