//! Each file of `cases/` against the adapter; `sluice_sdk::testing::cases` says what a case holds.

#[test]
fn every_case_holds() {
    sluice_sdk::testing::cases::run_adapter::<sagemaker::SageMaker>(concat!(env!("CARGO_MANIFEST_DIR"), "/cases"));
}

/// Requests and answers that are wrong somewhere are refused or understood; `sluice_sdk::testing::cases::mutations`.
#[test]
fn no_change_makes_it_panic() {
    let cases = concat!(env!("CARGO_MANIFEST_DIR"), "/cases");
    sluice_sdk::testing::cases::mutations::run_adapter::<sagemaker::SageMaker>(cases, 50);
}
