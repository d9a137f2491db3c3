//! Each file in `cases/` is a list of cases: columns and a seed as input, the ranking as output. The tests below check
//! the distribution over many seeds.

use simple_shuffle::SimpleShuffle;
use sluice_sdk::ranking::EXACT_PLACES;
use sluice_sdk::testing::rankings::{self, Choice};

#[test]
fn cases_rank_as_written() {
    rankings::run::<SimpleShuffle>(include_str!("../cases/rankings.json"));
}

fn group<const N: usize>(column: &str, values: [f64; N]) -> Choice {
    Choice::among(N as u32).column(column, values)
}

/// Share of the exchanges in which candidate 0 is at this place of the ranking.
fn share(choice: &Choice, place: usize) -> f64 {
    choice.share::<SimpleShuffle>(|rank| rank[place] == 0)
}

#[track_caller]
fn about(share: f64, expected: f64) {
    assert!((share - expected).abs() < 0.015, "{share} is not about {expected}");
}

#[test]
fn first_place_follows_the_weights() {
    about(share(&group("weights", [7.0, 3.0]), 0), 0.7);
    about(share(&group("request-limits", [900.0, 100.0]), 0), 0.9);
    about(share(&group("token-limits", [1.0, 3.0]), 0), 0.25);
    about(share(&group("weights", [0.0; 4]), 0), 0.25);
}

#[test]
fn second_place_follows_the_weights_that_are_left() {
    // If 1 was drawn first (0.5), 0 has 2 of the remaining 5; if 2 was drawn first (0.3), 0 has 2 of the remaining 7.
    let second = share(&group("weights", [2.0, 5.0, 3.0]), 1);
    about(second, 0.5 * 2.0 / 5.0 + 0.3 * 2.0 / 7.0);
}

#[test]
fn last_resorts_take_turns() {
    let group = group("weights", [0.0, 1.0, 0.0]);
    about(share(&group, 1), 0.5);
    assert_eq!(share(&group, 0), 0.0);
}

#[test]
fn every_candidate_is_ranked_once_even_among_a_thousand() {
    let group = Choice::among(1_000).column("weights", (0..1_000).map(f64::from));
    let ranking = group.rank::<SimpleShuffle>(42).unwrap();
    assert_eq!(ranking.len(), 1_000, "each once");
    assert!(!ranking[..EXACT_PLACES].contains(&0), "the only one without a weight");
}
