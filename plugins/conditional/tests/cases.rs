//! The file in `cases/` is a list of cases: settings, the exchange and columns as input, the ranking as output.

use conditional::Conditional;
use sluice_sdk::testing::rankings::{self, Choice};

#[test]
fn cases_rank_as_written() {
    rankings::run::<Conditional>(include_str!("../cases/rankings.json"));
}

#[test]
fn a_strategy_chooses_among_the_deployments_of_a_level() {
    let settings = r#"{"rules":[{"to":{"id":["deployment-2","deployment-3"]}}],"strategy":"adaptive"}"#;
    let group = Choice::among(4).settings(settings);
    let share = group.share::<Conditional>(|rank| rank[0] == 2);
    assert!((share - 0.5).abs() < 0.015, "{share}");
    assert_eq!(group.share::<Conditional>(|rank| rank[..2].contains(&3)), 1.0);
}
