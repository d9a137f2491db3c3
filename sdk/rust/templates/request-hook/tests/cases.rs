//! Runs `cases/requests.json`; `sluice_sdk::testing::hooks` documents the format.

#[test]
fn requests_are_decided_as_written() {
    sluice_sdk::testing::hooks::run::<my_hook::MyHook>(include_str!("../cases/requests.json"));
}
