//! Each file in `cases/` is a list of cases: columns and a seed as input, the ranking as output. The tests below check
//! the distribution over many seeds.

use latency_based_routing::LatencyBasedRouting;
use sluice_sdk::ranking::EXACT_PLACES;
use sluice_sdk::testing::rankings::{self, Choice};

#[test]
fn cases_rank_as_written() {
    rankings::run::<LatencyBasedRouting>(include_str!("../cases/rankings.json"));
}

#[track_caller]
fn about(share: f64, expected: f64) {
    assert!((share - expected).abs() < 0.015, "{share} is not about {expected}");
}

#[test]
fn the_fast_share_what_comes_by_weight() {
    let group = Choice::among(3)
        .settings(r#"{"lowest_latency_buffer":0.2}"#)
        .column("latency-seconds", [1.0, 1.2, 1.3])
        .column("weights", [3.0, 1.0, 50.0]);
    about(group.share::<LatencyBasedRouting>(|rank| rank[0] == 0), 0.75);
    assert_eq!(group.share::<LatencyBasedRouting>(|rank| rank[2] == 2), 1.0);
}

#[test]
fn those_not_measured_share_what_comes() {
    let group = Choice::among(3)
        .column("latency-seconds", [f64::NAN, 1.0, f64::NAN])
        .column("sample-ages", [f64::NAN, 1.0, f64::NAN]);
    about(group.share::<LatencyBasedRouting>(|rank| rank[0] == 0), 0.5);
    assert_eq!(group.share::<LatencyBasedRouting>(|rank| rank[2] == 1), 1.0);
}

#[test]
fn every_candidate_is_ranked_once_even_among_a_thousand() {
    let group = Choice::among(1_000)
        .column("latency-seconds", (1..=1_000).rev().map(f64::from))
        .column("sample-ages", (0..1_000).map(|index| f64::from(index * 4) - 300.0));
    let ranking = group.rank::<LatencyBasedRouting>(42).unwrap();
    assert_eq!(ranking.len(), 1_000, "each once");
    let (tried, measured) = ranking[..EXACT_PLACES].split_at(1_000 - 976);
    assert!(tried.iter().all(|&index| index > 975), "older than an hour");
    assert!(measured.is_sorted_by(|left, right| left > right), "fastest first");
}
