//! Each file of `cases/` against the adapter; `sluice_sdk::testing::cases` says what a case holds.

#[test]
fn every_case_holds() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/cases");
    sluice_sdk::testing::cases::run_adapter::<openai_compatible::OpenAiCompatible>(cases);
}
