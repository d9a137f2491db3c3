use super::*;

const TEXT: &str = include_str!("../../../../config/prices.json");

const SMALL: &str = "{\n  \"models\": {\n\
    \"a/one\": {\"mode\":\"chat\",\"input\":1},\n\
    \"a/two\": {\"mode\":\"chat\",\"input\":2,\"can\":[\"vision\"]},\n\
    \"b/one\": {\"mode\":\"embedding\",\"input\":3,\"max_input\":8191}\n}}\n";

/// The name of what is found.
fn found(provider: &str, model: &str, base_model: Option<&str>) -> Option<&'static str> {
    Catalogue::bundled()
        .find(provider, model, base_model)
        .map(|model| model.name)
}

#[test]
fn every_line_is_found_under_its_name_and_read_whole() {
    let document: serde_json::Value = serde_json::from_str(TEXT).unwrap();
    let models = document["models"].as_object().unwrap();
    assert!(models.len() > 4_000);
    for (name, fields) in models {
        let model = Catalogue::bundled()
            .get(name)
            .unwrap_or_else(|| panic!("{name} is not found"));
        assert_eq!(model.name, name);
        assert_eq!(model.mode, fields["mode"].as_str().unwrap());
        let prices = &model.prices;
        for (field, read) in [
            ("input", prices.base.rates.input),
            ("output", prices.base.rates.output),
            ("cached_input", prices.base.rates.cached_input),
            ("cache_write_1h", prices.base.rates.cache_write_1h),
            ("per_image", prices.units.per_image),
            ("max_input", model.max_input),
            ("max_output", model.max_output),
        ] {
            assert_eq!(
                fields.get(field).and_then(|value| value.as_u64()),
                read,
                "{name} {field}"
            );
        }
        let thresholds = fields
            .get("thresholds")
            .map_or(0, |tiers| tiers.as_array().unwrap().len());
        assert_eq!(prices.base.thresholds.len(), thresholds, "{name}");
        assert!(prices.base.thresholds.is_sorted_by(|a, b| a.above < b.above), "{name}");
        let services = fields
            .get("service")
            .map_or(0, |tiers| tiers.as_object().unwrap().len());
        assert_eq!(prices.services.len(), services, "{name}");
    }
}

#[test]
fn lines_are_sorted_by_the_bytes_of_their_names() {
    let names: Vec<&str> = TEXT
        .lines()
        .filter_map(|line| line.strip_prefix('"')?.split('"').next())
        .collect();
    assert!(names.len() > 4_000);
    assert!(names.is_sorted_by(|a, b| a.as_bytes() < b.as_bytes()));
}

#[test]
fn a_small_catalogue_has_its_first_middle_and_last_line() {
    let catalogue = Catalogue::from_text(SMALL);
    let input = |name| catalogue.get(name).and_then(|model| model.prices.base.rates.input);
    assert_eq!(
        [input("a/one"), input("a/two"), input("b/one")],
        [Some(1), Some(2), Some(3)]
    );
    for name in [
        "",
        "a",
        "a/",
        "a/on",
        "a/onee",
        "a/three",
        "b/two",
        "~",
        "}}",
        "\"a/one\"",
    ] {
        assert_eq!(input(name), None, "{name}");
    }
    let last = catalogue.get("b/one").unwrap();
    assert_eq!(
        (last.mode, last.max_input, last.max_output),
        ("embedding", Some(8191), None)
    );
    assert!(!last.can("vision"));
    assert!(catalogue.get("a/two").unwrap().can("vision"));
}

#[test]
fn what_is_no_catalogue_is_empty() {
    for text in [
        "",
        "{}",
        "{\n  \"models\": {\n",
        "{\n  \"models\": {\nnot a line\n\n}}\n",
        "\"models\": {\n\n\n\n",
    ] {
        assert!(Catalogue::from_text(text).get("a/one").is_none(), "{text}");
    }
}

#[test]
fn the_model_of_the_configuration_is_found_under_its_provider() {
    assert_eq!(found("openai", "gpt-4o", None), Some("openai/gpt-4o"));
    assert_eq!(found("azure", "gpt-4o", None), Some("azure/gpt-4o"));
    assert_eq!(
        found("openrouter", "openai/gpt-4o", None),
        Some("openrouter/openai/gpt-4o")
    );
    assert_eq!(found("openai", "no-such-model", None), None);
    assert_eq!(found("no-such-provider", "gpt-4o", None), None);
}

#[test]
fn a_base_model_comes_first() {
    assert_eq!(
        found("azure", "my-deployment", Some("azure/gpt-4o")),
        Some("azure/gpt-4o")
    );
    assert_eq!(found("azure", "my-deployment", Some("gpt-4o")), Some("azure/gpt-4o"));
    assert_eq!(
        found("azure", "gpt-4o", Some("azure/gpt-4o-mini")),
        Some("azure/gpt-4o-mini")
    );
    assert_eq!(found("hosted_vllm", "my-copy", Some("gpt-4o")), Some("openai/gpt-4o"));
    assert_eq!(found("openai", "gpt-4o", Some("no-such-model")), Some("openai/gpt-4o"));
}

#[test]
fn what_stands_around_a_name_is_looked_through() {
    for (provider, model, expected) in [
        (
            "bedrock",
            "converse/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "bedrock/us.anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        (
            "bedrock",
            "ca.anthropic.claude-sonnet-4-5-20250929-v1:0",
            "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        (
            "bedrock_converse",
            "anthropic.claude-sonnet-4-5-20250929-v1:0",
            "bedrock/anthropic.claude-sonnet-4-5-20250929-v1:0",
        ),
        ("openai", "responses/gpt-5.2", "openai/gpt-5.2"),
        ("openai", "gpt-5.2-2099-01-31", "openai/gpt-5.2"),
        ("anthropic", "claude-sonnet-4-5-20990131", "anthropic/claude-sonnet-4-5"),
        (
            "openai",
            "ft:gpt-4o-2024-08-06:my-org:name:id",
            "openai/ft:gpt-4o-2024-08-06",
        ),
        ("openai", "ft:gpt-5.2-2099-01-31:my-org::id", "openai/gpt-5.2"),
        ("vertex_ai", "claude-sonnet-4-5@20990131", "vertex_ai/claude-sonnet-4-5"),
    ] {
        assert_eq!(found(provider, model, None), Some(expected), "{provider}/{model}");
    }
}

#[test]
fn a_bare_name_is_known_by_a_provider() {
    for (model, provider) in [
        ("gpt-4o", Some("openai")),
        ("gpt-99-turbo", Some("openai")),
        ("text-embedding-3-small", Some("openai")),
        ("claude-sonnet-4-5", Some("anthropic")),
        ("claude-99-opus", Some("anthropic")),
        ("gemini-2.5-pro", Some("vertex_ai")),
        ("anthropic.claude-sonnet-4-5-20250929-v1:0", Some("bedrock")),
        ("deepseek-chat", Some("deepseek")),
        ("no-such-model", None),
        ("", None),
    ] {
        assert_eq!(Catalogue::bundled().provider_of(model), provider, "{model}");
    }
}

#[test]
fn capabilities_are_known_by_name() {
    let model = bundled("openai", "gpt-4o");
    assert!(model.can("vision") && model.can("tools"));
    assert!(!model.can("reasoning"));
    assert!(model.capabilities().is_sorted());
    assert_eq!(
        (model.mode, model.max_input, model.max_output),
        ("chat", Some(128_000), Some(16_384))
    );
}
