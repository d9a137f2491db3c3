//! Each file in `cases/` is a list: columns and a seed in, the ranking out. The spread over many seeds is checked below.

use std::collections::BTreeMap;

use serde::Deserialize;
use simple_shuffle::SimpleShuffle;
use sluice_sdk::testing::Host;
use sluice_sdk::{NoSettings, Plugin, RoutingStrategy};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    about: String,
    columns: BTreeMap<String, Vec<f64>>,
    candidates: u32,
    seed: u32,
    rank: Vec<u32>,
}

fn rank(columns: &BTreeMap<String, Vec<f64>>, candidates: u32, seed: u32) -> Vec<u32> {
    Host {
        columns: columns.clone(),
        candidates,
        seed,
        ..Host::default()
    }
    .install();
    SimpleShuffle::new(NoSettings {}).unwrap().rank().unwrap()
}

#[test]
fn cases_rank_as_written() {
    let cases: Vec<Case> = serde_json::from_str(include_str!("../cases/rankings.json")).unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        assert_eq!(
            rank(&case.columns, case.candidates, case.seed),
            case.rank,
            "{}",
            case.about
        );
    }
}

/// Share of the seeds 0 to 9,999 for which `choose` picks candidate 0 from the ranking. Seeds are fixed, so the answer is
/// the same each time; one standard deviation would be 0.5 %.
fn share(column: &str, values: &[f64], choose: impl Fn(&[u32]) -> bool) -> f64 {
    const SEEDS: u32 = 10_000;
    let columns = BTreeMap::from([(column.to_owned(), values.to_vec())]);
    let chosen = (0..SEEDS)
        .filter(|&seed| choose(&rank(&columns, values.len() as u32, seed)))
        .count();
    chosen as f64 / f64::from(SEEDS)
}

#[track_caller]
fn about(share: f64, expected: f64) {
    assert!((share - expected).abs() < 0.015, "{share} is not about {expected}");
}

#[test]
fn first_place_follows_the_weights() {
    about(share("weights", &[7.0, 3.0], |rank| rank[0] == 0), 0.7);
    about(share("request-limits", &[900.0, 100.0], |rank| rank[0] == 0), 0.9);
    about(share("token-limits", &[1.0, 3.0], |rank| rank[0] == 0), 0.25);
    about(share("weights", &[0.0; 4], |rank| rank[0] == 0), 0.25);
}

#[test]
fn second_place_follows_the_weights_that_are_left() {
    // After 1 was drawn with 0.5, 0 has 2 of 5 left; after 2 was drawn with 0.3, 2 of 7.
    let second = share("weights", &[2.0, 5.0, 3.0], |rank| rank[1] == 0);
    about(second, 0.5 * 2.0 / 5.0 + 0.3 * 2.0 / 7.0);
}

#[test]
fn last_resorts_take_turns() {
    about(share("weights", &[0.0, 1.0, 0.0], |rank| rank[1] == 0), 0.5);
    assert_eq!(share("weights", &[0.0, 1.0, 0.0], |rank| rank[0] == 0), 0.0);
}

#[test]
fn every_candidate_is_ranked_once_even_among_a_thousand() {
    let weights: Vec<f64> = (0..1_000).map(f64::from).collect();
    let columns = BTreeMap::from([("weights".to_owned(), weights)]);
    let mut ranking = rank(&columns, 1_000, 42);
    assert_eq!(ranking.last(), Some(&0), "the only one without a weight");
    ranking.sort_unstable();
    assert!(ranking.into_iter().eq(0..1_000));
}
