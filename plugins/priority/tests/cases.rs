//! Each file in `cases/` is a list of cases: columns and a seed as input, the ranking as output. The tests below check
//! the distribution over many seeds.

use priority::Priority;
use sluice_sdk::ranking::EXACT_PLACES;
use sluice_sdk::testing::rankings::{self, Choice};

#[test]
fn cases_rank_as_written() {
    rankings::run::<Priority>(include_str!("../cases/rankings.json"));
}

#[track_caller]
fn about(share: f64, expected: f64) {
    assert!((share - expected).abs() < 0.015, "{share} is not about {expected}");
}

#[test]
fn an_order_is_shared_by_weight() {
    let group = Choice::among(4)
        .column("orders", [1.0, 1.0, 2.0, 2.0])
        .column("weights", [7.0, 3.0, 50.0, 50.0]);
    about(group.share::<Priority>(|rank| rank[0] == 0), 0.7);
    about(group.share::<Priority>(|rank| rank[2] == 2), 0.5);
    assert_eq!(group.share::<Priority>(|rank| rank[0] > 1 || rank[1] > 1), 0.0);
}

#[test]
fn every_candidate_is_ranked_once_even_among_a_thousand() {
    let group = Choice::among(1_000).column("orders", (0..1_000).map(|index| f64::from(index % 10)));
    let ranking = group.rank::<Priority>(42).unwrap();
    assert_eq!(ranking.len(), 1_000, "each once");
    assert!(ranking[..EXACT_PLACES].iter().all(|index| index % 10 == 1));
}
