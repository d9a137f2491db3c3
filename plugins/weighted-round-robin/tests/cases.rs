//! Each file in `cases/` is a list of cases: columns as input, the ranking as output. The tests below simulate whole
//! minutes.

use sluice_sdk::ranking::EXACT_PLACES;
use sluice_sdk::testing::rankings::{self, Choice};
use weighted_round_robin::WeightedRoundRobin;

#[test]
fn cases_rank_as_written() {
    rankings::run::<WeightedRoundRobin>(include_str!("../cases/rankings.json"));
}

/// The candidate that is first, request after request.
fn play<const N: usize>(weights: [f64; N], requests: usize) -> Vec<usize> {
    let mut counts = [0.0; N];
    let mut turn = || {
        let group = Choice::among(N as u32)
            .column("weights", weights)
            .column("requests-this-minute", counts);
        let first = group.rank::<WeightedRoundRobin>(1).unwrap()[0] as usize;
        counts[first] += 1.0;
        first
    };
    (0..requests).map(|_| turn()).collect()
}

#[test]
fn turns_do_not_bunch() {
    assert_eq!(play([2.0, 1.0], 6), [0, 0, 1, 0, 0, 1]);
    assert_eq!(play([0.0, 0.0, 0.0], 6), [0, 1, 2, 0, 1, 2]);
}

#[test]
fn parts_are_exactly_the_weights() {
    let turns = play([5.0, 3.0, 2.0], 100);
    let part = |index| turns.iter().filter(|&&first| first == index).count();
    assert_eq!([part(0), part(1), part(2)], [50, 30, 20]);
}

#[test]
fn every_candidate_is_ranked_once_even_among_a_thousand() {
    let group = Choice::among(1_000).column("weights", (0..1_000).map(f64::from));
    let ranking = group.rank::<WeightedRoundRobin>(42).unwrap();
    assert_eq!(ranking.len(), 1_000, "each once");
    assert!(ranking[..EXACT_PLACES].iter().rev().is_sorted(), "heaviest first");
    assert_eq!(ranking[0], 999);
}
