//! Each file in `cases/` is a list of cases: columns and a seed as input, the ranking as output. The tests below check
//! the distribution over many seeds.

use least_busy::LeastBusy;
use sluice_sdk::ranking::EXACT_PLACES;
use sluice_sdk::testing::rankings::{self, Choice};

#[test]
fn cases_rank_as_written() {
    rankings::run::<LeastBusy>(include_str!("../cases/rankings.json"));
}

#[track_caller]
fn about(share: f64, expected: f64) {
    assert!((share - expected).abs() < 0.015, "{share} is not about {expected}");
}

#[test]
fn the_idle_share_what_comes() {
    let idle = Choice::among(3).column("in-flight", [0.0, 1.0, 0.0]);
    about(idle.share::<LeastBusy>(|rank| rank[0] == 0), 0.5);
    about(idle.share::<LeastBusy>(|rank| rank[0] == 1), 0.0);
}

#[test]
fn the_idle_share_what_comes_by_weight() {
    let idle = Choice::among(3)
        .column("in-flight", [0.0, 1.0, 0.0])
        .column("weights", [3.0, 90.0, 1.0]);
    about(idle.share::<LeastBusy>(|rank| rank[0] == 0), 0.75);
}

#[test]
fn every_candidate_is_ranked_once_even_among_a_thousand() {
    let group = Choice::among(1_000).column("in-flight", (0..1_000).map(|index| f64::from(index % 10)));
    let ranking = group.rank::<LeastBusy>(42).unwrap();
    assert_eq!(ranking.len(), 1_000, "each once");
    assert!(ranking[..EXACT_PLACES].iter().all(|index| index % 10 == 0));
}
