//! Runs `cases/words.json`; `sluice_sdk::testing::guardrails` documents the format.

#[test]
fn texts_are_judged_as_written() {
    sluice_sdk::testing::guardrails::run::<my_guardrail::MyGuardrail>(include_str!("../cases/words.json"));
}
