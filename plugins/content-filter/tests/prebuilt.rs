//! Every prebuilt pattern finds the examples in `cases/prebuilt.json`, alone and within a sentence, whole and streamed
//! character by character, and does not match the near misses. A pattern without examples fails.

mod gateway;

use std::collections::BTreeMap;

use gateway::{filter, stream};
use serde::Deserialize;
use serde_json::json;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Examples {
    hits: Vec<String>,
    misses: Vec<String>,
}

fn finds(name: &str, text: &str) -> bool {
    let mut filter = filter(&json!({"patterns": [name]})).unwrap();
    let whole = stream(&mut filter, &[text]).1.is_some();
    let chars: Vec<String> = text.chars().map(String::from).collect();
    let streamed = stream(&mut filter, &chars.iter().map(String::as_str).collect::<Vec<_>>())
        .1
        .is_some();
    assert_eq!(streamed, whole, "{name}: `{text}` streamed");
    whole
}

#[test]
fn prebuilt_patterns_find_their_examples_and_nothing_near() {
    let mut cases: BTreeMap<String, Examples> = serde_json::from_str(include_str!("../cases/prebuilt.json")).unwrap();
    for name in content_filter::prebuilt_names() {
        let Examples { hits, misses } = cases.remove(name).unwrap_or_else(|| panic!("{name} has no examples"));
        assert!(!hits.is_empty() && !misses.is_empty(), "{name}");
        for hit in hits {
            assert!(finds(name, &hit), "{name} finds `{hit}`");
            let sentence = format!("He wrote: {hit} and went home.");
            assert!(finds(name, &sentence), "{name} finds `{sentence}`");
        }
        for miss in misses {
            assert!(!finds(name, &miss), "{name} leaves `{miss}` alone");
        }
    }
    assert!(
        cases.is_empty(),
        "examples of patterns there are not: {:?}",
        cases.keys()
    );
}
