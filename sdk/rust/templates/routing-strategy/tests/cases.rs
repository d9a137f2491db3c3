//! Runs `cases/rankings.json`; `sluice_sdk::testing::rankings` documents the format.

#[test]
fn cases_rank_as_written() {
    sluice_sdk::testing::rankings::run::<my_strategy::MyStrategy>(include_str!("../cases/rankings.json"));
}
