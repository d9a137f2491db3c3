use super::*;

#[test]
fn dollars_are_read_exactly() {
    for (text, expected) in [
        ("0.0000025", 2_500_000),
        ("2.5e-06", 2_500_000),
        ("2.5E-6", 2_500_000),
        ("\"3e-7\"", 300_000),
        ("1", 1_000_000_000_000),
        ("1e0", 1_000_000_000_000),
        ("+0.1", 100_000_000_000),
        (".5", 500_000_000_000),
        ("5.", 5_000_000_000_000),
        ("0", 0),
        ("-0.0", 0),
        ("0e999999999999", 0),
        ("18000000", 18_000_000_000_000_000_000),
        ("1.4e-6", 1_400_000),
    ] {
        assert_eq!(pico_dollars(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_less_than_a_pico_dollar_is_rounded_half_to_even() {
    for (text, expected) in [
        ("0.0000000000005", 0),
        ("0.0000000000015", 2),
        ("0.0000000000025", 2),
        ("0.00000000000250000000000000000000000000000000000001", 3),
        ("0.0000000000024999999999999999999999999999999999999999", 2),
        ("3.0001999999999996e-7", 300_020),
        ("1e-13", 0),
        ("9e-13", 1),
        ("1e-400", 0),
        ("1e-99999999999", 0),
    ] {
        assert_eq!(pico_dollars(text), Ok(expected), "{text}");
    }
}

#[test]
fn what_is_no_price_is_refused() {
    for text in [
        "", "\"\"", ".", "e-6", "1e", "1e+", "1e1.5", "0x10", "1,5", "1_000", "NaN", "inf", "true", "[1]", "1 2",
    ] {
        assert_eq!(pico_dollars(text), Err(DecimalError::NotANumber), "{text}");
    }
    assert_eq!(pico_dollars("-0.1"), Err(DecimalError::Negative));
    for text in [
        "18446745",
        "1e30",
        "1e999999999",
        "99999999999999999999999999999999999999999999999999",
    ] {
        assert_eq!(pico_dollars(text), Err(DecimalError::TooLarge), "{text}");
    }
}

#[test]
fn money_is_written_in_dollars_without_rounding() {
    for (amount, expected) in [
        (0, "0"),
        (1, "0.000000000001"),
        (2_500_000_000, "0.0025"),
        (1_000_000_000_000, "1"),
        (1_234_500_000_000_000, "1234.5"),
        (u128::MAX, "340282366920938463463374607.431768211455"),
    ] {
        assert_eq!(PicoDollars(amount).to_string(), expected);
    }
}

#[test]
fn money_is_recorded_as_a_json_number_of_the_same_digits() {
    let record = serde_json::to_string(&[PicoDollars(2_500_000_000), PicoDollars(0)]).unwrap();
    assert_eq!(record, "[0.0025,0]");
}

#[test]
fn sums_of_money_stop_at_the_largest() {
    assert_eq!(PicoDollars(u128::MAX) + PicoDollars(1), PicoDollars(u128::MAX));
    let sum: PicoDollars = [PicoDollars(1), PicoDollars(2), PicoDollars(3)].into_iter().sum();
    assert_eq!(sum, PicoDollars(6));
}
