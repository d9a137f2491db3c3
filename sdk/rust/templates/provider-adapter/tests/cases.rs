//! Runs each file of `cases/` against the adapter. `sluice_sdk::testing::cases` documents the format of a case.

#[test]
fn every_case_holds() {
    sluice_sdk::testing::cases::run_adapter::<my_adapter::MyAdapter>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}

/// Changes the requests and answers of the cases at random; see `sluice_sdk::testing::cases::mutations`.
#[test]
fn no_change_makes_it_panic() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/cases");
    sluice_sdk::testing::cases::mutations::run_adapter::<my_adapter::MyAdapter>(cases, 50);
}
