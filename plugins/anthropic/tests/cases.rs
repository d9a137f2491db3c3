//! Each file of `cases/` against the adapter; `sluice_sdk::testing::cases` says what a case holds.

#[test]
fn every_case_holds() {
    sluice_sdk::testing::cases::run_adapter::<anthropic::Anthropic>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}
