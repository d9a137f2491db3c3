//! Each file in `cases/` is a list of cases: columns and a seed as input, the ranking as output. The tests below check
//! the distribution over many seeds, and how load is distributed.

use adaptive::Adaptive;
use sluice_sdk::ranking::EXACT_PLACES;
use sluice_sdk::testing::rankings::{self, Choice};

#[test]
fn cases_rank_as_written() {
    rankings::run::<Adaptive>(include_str!("../cases/rankings.json"));
}

#[track_caller]
fn about(share: f64, expected: f64) {
    assert!((share - expected).abs() < 0.015, "{share} is not about {expected}");
}

#[test]
fn the_better_of_two_drawn_is_first() {
    // Of the six pairs of four deployments, the fastest is in three; the next is the faster one in two; the third in
    // one.
    let group = Choice::among(4).column("latency-seconds", [1.0, 2.0, 3.0, 4.0]);
    about(group.share::<Adaptive>(|rank| rank[0] == 0), 3.0 / 6.0);
    about(group.share::<Adaptive>(|rank| rank[0] == 1), 2.0 / 6.0);
    about(group.share::<Adaptive>(|rank| rank[0] == 2), 1.0 / 6.0);
    assert_eq!(group.share::<Adaptive>(|rank| rank[0] == 3), 0.0);
}

#[test]
fn the_rest_follow_by_score() {
    let group = Choice::among(4).column("latency-seconds", [1.0, 2.0, 3.0, 4.0]);
    assert_eq!(group.share::<Adaptive>(|rank| rank[1..].is_sorted()), 1.0);
}

#[test]
fn equals_share_what_comes() {
    let group = Choice::among(2).column("latency-seconds", [1.0, 1.0]);
    about(group.share::<Adaptive>(|rank| rank[0] == 0), 0.5);
}

/// Begins this many attempts that never end; returns the number of attempts of each deployment.
fn fill<const N: usize>(attempts: u32, columns: [(&str, [f64; N]); 2]) -> [f64; N] {
    let mut in_flight = [0.0; N];
    for seed in 0..attempts {
        let group = Choice::among(N as u32).column("in-flight", in_flight);
        let group = columns
            .iter()
            .fold(group, |group, (name, values)| group.column(name, *values));
        in_flight[group.rank::<Adaptive>(seed).unwrap()[0] as usize] += 1.0;
    }
    in_flight
}

#[test]
fn load_follows_speed_and_weight() {
    let [fast, slow] = fill(300, [("latency-seconds", [1.0, 2.0]), ("weights", [1.0, 1.0])]);
    assert!(
        (fast / slow - 2.0).abs() < 0.1,
        "twice as fast carries {fast} beside {slow}"
    );
    let [heavy, light] = fill(300, [("latency-seconds", [1.0, 1.0]), ("weights", [3.0, 1.0])]);
    assert!(
        (heavy / light - 3.0).abs() < 0.1,
        "three times the weight carries {heavy} beside {light}"
    );
}

#[test]
fn one_that_fails_is_given_little() {
    let [failing, well] = fill(210, [("latency-seconds", [1.0, 1.0]), ("failure-rates", [1.0, 0.0])]);
    assert!((9.0..=11.0).contains(&failing), "{failing} beside {well}");
}

#[test]
fn every_candidate_is_ranked_once_even_among_a_thousand() {
    let group = Choice::among(1_000)
        .column("latency-seconds", (1..=1_000).rev().map(f64::from))
        .column("request-limits", (0..1_000).map(|index| f64::from(index % 2)))
        .column("requests-this-minute", [1.0; 1_000])
        .column("weights", [1.0; 1_000]);
    let ranking = group.rank::<Adaptive>(42).unwrap();
    assert_eq!(ranking.len(), 1_000, "each once");
    let with_room = &ranking[..EXACT_PLACES];
    assert!(with_room.iter().all(|index| index % 2 == 0));
    assert!(with_room[1..].is_sorted_by(|left, right| left > right), "fastest first");
}
