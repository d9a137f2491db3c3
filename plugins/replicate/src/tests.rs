//! What cases cannot express: the providers that the host gets at load, and the forms of names.

use super::*;

#[test]
fn the_host_is_told_where_and_how() {
    let provider = Replicate::new(NoSettings {}).unwrap().providers().remove(0);
    assert_eq!(
        (provider.name.as_str(), provider.api_base.as_str()),
        ("replicate", "https://api.replicate.com")
    );
    assert!(matches!(provider.auth, Auth::Bearer(key) if key == "api_key"));
    for variable in ["REPLICATE_API_KEY", "REPLICATE_API_TOKEN"] {
        assert!(provider.environment.contains(&("api_key".into(), variable.into())));
    }
    assert!(Replicate::manifest().outbound.is_empty());
}

#[test]
fn names_that_do_not_fit_into_a_path_are_refused() {
    for name in [
        "",
        "llama",
        "a/b/c",
        "../b",
        "a/..",
        "a/b?c",
        "a/b:1",
        "a/b c",
        "deployments/a",
        "a/%2e%2e",
        "a/",
    ] {
        assert!(Model::named(name).is_err(), "{name}");
    }
}
