use super::*;
use crate::testing::Host;

fn host(candidates: u32, columns: &[(&str, &[f64])]) {
    let columns = columns
        .iter()
        .map(|(name, values)| ((*name).to_owned(), values.to_vec()))
        .collect();
    Host {
        candidates,
        columns,
        body: br#"{"prompt":"forty bytes are ten tokens."}"#.to_vec(),
        ..Host::default()
    }
    .install();
}

#[test]
fn numbers_rise_from_minus_infinity_to_nan() {
    let rise = [
        f64::NEG_INFINITY,
        -2.0,
        -0.5,
        -0.0,
        0.0,
        1e-320,
        0.5,
        2.0,
        f64::INFINITY,
        f64::NAN,
    ];
    let keys = rise.map(rising);
    assert!(keys.is_sorted() && keys.windows(2).all(|pair| pair[0] != pair[1]));
    assert_eq!(rising(-f64::NAN), rising(f64::NAN));
}

#[test]
fn equal_keys_keep_the_order_of_the_configuration() {
    assert_eq!(order([2, 1, 2, 1]), [1, 3, 0, 2]);
    assert!(order([0_u8; 0]).is_empty());
}

#[test]
fn a_limit_is_reached_by_the_request_that_would_pass_it() {
    let requests: [(&str, &[f64]); 2] = [
        ("request-limits", &[0.0, 10.0, 10.0, 10.0]),
        ("requests-this-minute", &[99.0, 9.0, 10.0, 11.0]),
    ];
    host(4, &requests);
    assert_eq!(exhausted(), [false, false, true, true]);

    let tokens: [(&str, &[f64]); 2] = [
        ("token-limits", &[0.0, 100.0, 100.0, 5.0]),
        ("tokens-this-minute", &[999.0, 90.0, 91.0, 0.0]),
    ];
    host(4, &tokens);
    assert_eq!(exhausted(), [false, false, true, true]);
}

#[test]
fn limits_and_counts_may_be_as_high_as_they_can_be() {
    let columns: [(&str, &[f64]); 2] = [
        ("token-limits", &[4_294_967_295.0, 4_294_967_294.0]),
        ("tokens-this-minute", &[4_294_967_295.0, 4_294_967_295.0]),
    ];
    host(2, &columns);
    assert_eq!(exhausted(), [false, true]);
}

#[test]
fn candidates_without_limits_always_have_room() {
    host(2, &[("requests-this-minute", &[1e9, 0.0])]);
    assert_eq!(exhausted(), [false, false]);
    host(0, &[]);
    assert!(exhausted().is_empty());
}

#[test]
fn litellms_arguments_are_accepted_and_others_refused() {
    let read = serde_json::from_str::<LiteLlmArgs>;
    let all = r#"{"ttl":60,"lowest_latency_buffer":0.5,"max_latency_list_size":10,"ttft_percentile":null}"#;
    assert!(read("{}").is_ok() && read(all).is_ok());
    let error = read(r#"{"tll":60}"#).unwrap_err().to_string();
    assert!(
        error.contains("unknown field `tll`") && error.contains("`ttl`"),
        "{error}"
    );
    assert!(serde_json::from_str::<serde_json::Value>(LiteLlmArgs::SCHEMA).is_ok());
}
