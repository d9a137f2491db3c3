//! The table of keys: complete, well formed, and honest about what is honoured.

use std::fs;

use super::super::keys::{self, Key, Section, Shape, Standing};
use super::super::settings;
use super::{nothing_set, read, repository};

/// Every section of the table, by the name messages give it.
fn sections() -> Vec<&'static Section> {
    fn gather(section: &'static Section, found: &mut Vec<&'static Section>) {
        if found.iter().any(|other| other.name == section.name) {
            return;
        }
        found.push(section);
        section.keys().for_each(|key| within(&key.shape, found));
    }
    fn within(shape: &'static Shape, found: &mut Vec<&'static Section>) {
        match shape {
            Shape::Section(section) => gather(section, found),
            Shape::List(inner) | Shape::Map(inner) => within(inner, found),
            Shape::Either(shapes) => shapes.iter().for_each(|shape| within(shape, found)),
            _ => {}
        }
    }
    let mut found = Vec::new();
    gather(&keys::top::FILE, &mut found);
    found
}

#[test]
fn rows_are_sentences_and_stand_once() {
    for section in sections() {
        let mut names: Vec<&str> = section.keys().map(|key| key.name).collect();
        names.sort_unstable();
        let twice = names.windows(2).find(|pair| pair[0] == pair[1]);
        assert_eq!(twice, None, "in `{}`", section.name);
        for key in section.keys() {
            assert!(
                key.doc.ends_with('.'),
                "`{}` ends without a stop",
                section.path(key.name)
            );
            assert!(key.name.matches('*').count() <= 2, "{}", key.name);
        }
        for required in section.required {
            assert!(section.keys().any(|key| key.name == *required), "{required}");
        }
    }
}

/// `tests/config/keys.txt` lists the keys of LiteLLM's reference, as `section key`.
#[test]
fn every_key_of_litellm_has_a_row() {
    let list = fs::read_to_string(repository().join("tests/config/keys.txt")).unwrap();
    let sections = sections();
    let mut missing = Vec::new();
    let mut count = 0;
    for (section, key) in list.lines().filter_map(|line| line.split_once(' ')) {
        let section = if section == "top" { "" } else { section };
        let section = sections
            .iter()
            .find(|other| other.name == section)
            .expect("keys.txt names a section");
        count += 1;
        if section.find(key).is_none() {
            missing.push(section.path(key));
        }
    }
    assert!(missing.is_empty(), "no row for {}", missing.join(", "));
    assert!(count > 300, "only {count} keys are listed");
}

#[test]
fn the_readme_names_every_key_of_sluice() {
    let readme = fs::read_to_string(repository().join("config/README.md")).unwrap();
    for section in [
        &keys::sluice::SECTION,
        &settings::plugins::PLUGIN,
        &settings::server::SERVER,
        &settings::upstream::UPSTREAM,
        &settings::cooldowns::COOLDOWN,
    ] {
        for key in section.keys().filter(|key| !matches!(key.shape, Shape::Section(_))) {
            assert!(
                readme.contains(&format!("`{}`", key.name)),
                "{}",
                section.path(key.name)
            );
        }
    }
}

/// Where a section stands in a file, with `@` for what is put into it.
fn frame(section: &str) -> Option<&'static str> {
    Some(match section {
        "litellm_settings" => "litellm_settings: { @ }",
        "router_settings" => "router_settings: { @ }",
        "general_settings" => "general_settings: { @ }",
        "litellm_params" => "model_list: [{ model_name: a, litellm_params: { model: openai/a, @ } }]",
        "model_info" => "model_list: [{ model_name: a, litellm_params: { model: openai/a }, model_info: { @ } }]",
        "sluice" => "sluice: { @ }",
        "sluice.server" => "sluice: { server: { @ } }",
        "sluice.upstream" => "sluice: { upstream: { @ } }",
        "sluice.cooldown" => "sluice: { cooldown: { @ } }",
        "sluice.decisions" => "sluice: { decisions: { file: f, @ } }",
        "router_settings.routing_groups" => "router_settings: { routing_groups: [{ models: [m], @ }] }",
        "sluice.plugins.*" => "sluice: { plugins: { p: { @ } } }",
        "guardrails[].litellm_params" => {
            "guardrails: [{ guardrail_name: g, litellm_params: { guardrail: content-filter, mode: pre_call, @ } }]"
        }
        "callback_settings.*" => {
            "{ litellm_settings: { callbacks: [webhook] }, callback_settings: { webhook: { @ } } }"
        }
        _ => return None,
    })
}

/// Values of a shape; a key in effect must show with at least one of them.
fn samples(shape: &Shape) -> Vec<&'static str> {
    match shape {
        // Some keys take only names that a plugin provides.
        Shape::Any | Shape::Text => vec!["sample", "openai", "least-busy", "openai_moderation", "prometheus"],
        Shape::Secret => vec!["sample-secret"],
        Shape::Bool => vec!["true", "false"],
        Shape::Integer(min, _) if *min > 1000 => vec!["4096"],
        Shape::Integer(..) | Shape::Number(_) | Shape::Seconds => vec!["9"],
        Shape::Url => vec!["https://host/path"],
        Shape::Address => vec!["127.0.0.1"],
        Shape::Outbound | Shape::AnyOutbound => vec!["host"],
        Shape::Word(words) => words.to_vec(),
        Shape::List(Shape::Text) => vec!["[webhook]"],
        Shape::List(Shape::Outbound | Shape::AnyOutbound) => vec!["[host]"],
        // What a request hook may change.
        Shape::List(Shape::Word(_)) => vec!["[group]"],
        Shape::List(Shape::Integer(..)) => vec!["[9]"],
        Shape::List(Shape::Map(_)) => vec!["[{ a: [b] }]"],
        Shape::List(_) => {
            vec![
                "[{ models: [m], routing_strategy: least-busy }]",
                "[{ guardrail_name: g, litellm_params: { guardrail: content-filter, mode: pre_call } }]",
            ]
        }
        Shape::Map(_) | Shape::Section(_) => vec!["{ a: 1 }", "{ a: b }"],
        Shape::Either(shapes) => shapes.iter().flat_map(samples).chain(["webhook"]).collect(),
        Shape::Period => vec!["1d"],
    }
}

/// Keys that are in effect without a trace of their own, and why.
const WITHOUT_TRACE: [(&str, &str); 9] = [
    (
        "litellm_credential_name",
        "it needs an entry of `credential_list`; see `credentials_can_be_shared`",
    ),
    (
        "tls_certificate",
        "it needs `tls_key`; see `tls_files_are_relative_to_the_configuration`",
    ),
    ("tls_key", "it needs `tls_certificate`; see there"),
    (
        "pause_ms",
        "it needs `consecutive_failures`; see `what_becomes_of_failures`",
    ),
    ("group_name", "it is for those who read the file"),
    ("model", "the frame gives it"),
    ("mode", "the frame gives it"),
    ("models", "the frame gives it"),
    ("file", "the frame gives it"),
];

/// A key that says it is honoured changes the settings: nobody can claim an effect that no code has.
#[test]
fn every_honoured_key_reaches_the_settings() {
    let mut idle = Vec::new();
    for section in sections() {
        let Some(frame) = frame(section.name) else { continue };
        let honoured = |key: &&Key| key.standing == Standing::Honoured && !key.is_pattern();
        let given = |key: &Key| frame.contains(&format!("{}:", key.name));
        for key in section.keys().filter(honoured) {
            let excused = WITHOUT_TRACE.iter().any(|(name, _)| *name == key.name);
            if excused || holds_section(&key.shape) {
                continue;
            }
            if !samples(&key.shape)
                .iter()
                .any(|sample| has_effect(frame, key.name, sample, given(key)))
            {
                idle.push(section.path(key.name));
            }
        }
    }
    assert!(idle.is_empty(), "honoured without effect: {}", idle.join(", "));
}

/// The default that a row's sentence tells, if it is a value: `default false`, `Default 5000`, `` default `try` ``.
fn told_default(doc: &str) -> Option<&str> {
    let (_, rest) = doc.split_once("efault ")?;
    let word = rest.split([' ', ',', ';']).next()?.trim_end_matches('.');
    let is_value = matches!(word, "true" | "false") || word.parse::<f64>().is_ok();
    let quoted = word.strip_prefix('`').and_then(|word| word.strip_suffix('`'));
    quoted
        .filter(|word| !word.contains(['.', '$']))
        .or_else(|| is_value.then_some(word))
}

/// A default stands in the row and in the code that reads it. To write it into the file must change nothing.
#[test]
fn a_default_that_a_row_tells_is_the_one_in_effect() {
    let mut wrong = Vec::new();
    let mut count = 0;
    for section in sections() {
        // What is written in these changes a deployment's id.
        if matches!(section.name, "litellm_params" | "model_info") {
            continue;
        }
        let Some(frame) = frame(section.name) else { continue };
        for key in section.keys().filter(|key| key.standing == Standing::Honoured) {
            let Some(default) = told_default(key.doc) else { continue };
            // The environment's, and the command line's.
            if matches!(key.name, "master_key" | "port") {
                continue;
            }
            count += 1;
            if has_effect(frame, key.name, default, false) {
                wrong.push(format!("{} = {default}", section.path(key.name)));
            }
        }
    }
    assert!(wrong.is_empty(), "another default is in effect: {}", wrong.join(", "));
    assert!(count > 30, "only {count} defaults are told");
}

fn holds_section(shape: &Shape) -> bool {
    match shape {
        Shape::Section(_) => true,
        Shape::Map(inner) => holds_section(inner),
        _ => false,
    }
}

fn has_effect(frame: &str, key: &str, sample: &str, given: bool) -> bool {
    let framed = |inner: &str| format!("{:?}", read(&frame.replace('@', inner), &nothing_set()).settings);
    let line = format!("{key}: {sample}");
    let with = if given {
        frame.replace(&format!("{key}: content-filter"), &line)
    } else {
        frame.replace('@', &line)
    };
    let loaded = read(&with.replace('@', ""), &nothing_set());
    loaded.settings.is_some() && format!("{:?}", loaded.settings) != framed("")
}
