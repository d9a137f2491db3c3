//! Runs `cases/deliveries.json`; `sluice_sdk::testing::callbacks` documents the format.

#[test]
fn records_are_delivered_as_written() {
    sluice_sdk::testing::callbacks::run::<my_callback::MyCallback>(include_str!("../cases/deliveries.json"));
}
