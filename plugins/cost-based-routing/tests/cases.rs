//! Each file in `cases/` is a list of cases: columns as input, the ranking as output.

use cost_based_routing::CostBasedRouting;
use sluice_sdk::ranking::EXACT_PLACES;
use sluice_sdk::testing::rankings::{self, Choice};

#[test]
fn cases_rank_as_written() {
    rankings::run::<CostBasedRouting>(include_str!("../cases/rankings.json"));
}

#[test]
fn chance_decides_nothing() {
    let alike = Choice::among(3).column("input-prices", [1.0, 1.0, 0.5]);
    assert_eq!(alike.share::<CostBasedRouting>(|rank| rank == [2, 0, 1]), 1.0);
}

#[test]
fn every_candidate_is_ranked_once_even_among_a_thousand() {
    let group = Choice::among(1_000)
        .column("input-prices", (0..1_000).rev().map(f64::from))
        .column("request-limits", (0..1_000).map(|index| f64::from(index % 2)))
        .column("requests-this-minute", [1.0; 1_000]);
    let ranking = group.rank::<CostBasedRouting>(42).unwrap();
    assert_eq!(ranking.len(), 1_000, "each once");
    let first = &ranking[..EXACT_PLACES];
    assert_eq!(first[0], 998);
    assert!(first.iter().all(|index| index % 2 == 0), "odd ones are at their limit");
}
