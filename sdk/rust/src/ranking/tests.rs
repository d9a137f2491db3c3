use super::*;

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
