//! Each file in `cases/` is a list of cases: columns and a seed as input, the ranking as output. The tests below check
//! the distribution over many seeds.

use sluice_sdk::testing::rankings::{self, Choice};
use usage_based_routing_v2::UsageBasedRouting;

#[test]
fn cases_rank_as_written() {
    rankings::run::<UsageBasedRouting>(include_str!("../cases/rankings.json"));
}

#[track_caller]
fn about(share: f64, expected: f64) {
    assert!((share - expected).abs() < 0.015, "{share} is not about {expected}");
}

#[test]
fn the_unused_share_what_comes() {
    let unused = Choice::among(3).column("tokens-this-minute", [0.0, 40.0, 0.0]);
    about(unused.share::<UsageBasedRouting>(|rank| rank[0] == 0), 0.5);
}

#[test]
fn the_unused_share_what_comes_by_their_limits() {
    let unused = Choice::among(3)
        .column("tokens-this-minute", [0.0, 40.0, 0.0])
        .column("token-limits", [3_000.0, 9_000.0, 1_000.0]);
    about(unused.share::<UsageBasedRouting>(|rank| rank[0] == 0), 0.75);
}

#[test]
fn every_candidate_with_room_is_ranked_once_even_among_a_thousand() {
    let group = Choice::among(1_000)
        .column("tokens-this-minute", (0..1_000).rev().map(f64::from))
        .column("token-limits", (0..1_000).map(|index| f64::from(index % 2)));
    let ranking = group.rank::<UsageBasedRouting>(42).unwrap();
    assert_eq!(
        ranking.len(),
        501,
        "those without a limit, and one that has used nothing"
    );
    assert_eq!((ranking[0], ranking[1]), (999, 998));
}
