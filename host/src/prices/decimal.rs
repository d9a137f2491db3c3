//! Money as whole pico-dollars, read from decimal text and written as such.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign};

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;
use thiserror::Error;

/// Digits after the point of a dollar: 1 USD is 10^12 pico-dollars.
const PLACES: i32 = 12;

/// More significant digits than this are only rounded by. No price has a third of them, and 10^38 still fits.
const DIGITS_MAX: u32 = 37;

/// An amount of money, never negative. Sums saturate; the largest is 3 × 10^26 dollars.
///
/// Displayed in US dollars, exactly and as short as can be: `0.0025`. Serialized by `serde_json` as a JSON number of the
/// same digits.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct PicoDollars(pub u128);

/// Why a text is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DecimalError {
    #[error("it is not a decimal number")]
    NotANumber,
    #[error("it is negative")]
    Negative,
    #[error("it is larger than 18 million dollars")]
    TooLarge,
}

/// Pico-dollars in a decimal number of dollars, such as `0.0000025` or `2.5e-06`: the forms of JSON numbers, with the
/// surrounding quotes that YAML leaves on some (`"3e-7"`). What is not a whole number of pico-dollars is rounded to the
/// nearest, half to even.
pub(super) fn pico_dollars(text: &str) -> Result<u64, DecimalError> {
    let text = text.trim();
    let text = text
        .strip_prefix('"')
        .and_then(|inner| inner.strip_suffix('"'))
        .unwrap_or(text)
        .trim();
    let (is_negative, text) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let number = Scientific::parse(text).ok_or(DecimalError::NotANumber)?;
    if is_negative && number.digits != 0 {
        return Err(DecimalError::Negative);
    }
    let whole = number.scaled(PLACES).ok_or(DecimalError::TooLarge)?;
    u64::try_from(whole).map_err(|_| DecimalError::TooLarge)
}

/// `digits` × 10^`exponent`, and whether digits that are not zero were cut off behind them.
struct Scientific {
    digits: u128,
    exponent: i32,
    is_cut: bool,
}

impl Scientific {
    fn parse(text: &str) -> Option<Scientific> {
        let (mantissa, exponent) = match text.split_once(['e', 'E']) {
            Some((mantissa, exponent)) => (mantissa, parse_exponent(exponent)?),
            None => (text, 0),
        };
        let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
        if whole.is_empty() && fraction.is_empty() {
            return None;
        }
        let mut number = Scientific {
            digits: 0,
            exponent,
            is_cut: false,
        };
        whole.bytes().try_for_each(|digit| number.push(digit, 0))?;
        fraction.bytes().try_for_each(|digit| number.push(digit, -1))?;
        Some(number)
    }

    /// Appends a digit; `shift` is what it does to the exponent while there is room for it.
    fn push(&mut self, digit: u8, shift: i32) -> Option<()> {
        let value = digit.is_ascii_digit().then(|| u128::from(digit - b'0'))?;
        if self.digits < 10u128.pow(DIGITS_MAX) {
            self.digits = self.digits * 10 + value;
            self.exponent = self.exponent.saturating_add(shift);
        } else {
            self.is_cut |= value != 0;
            self.exponent = self.exponent.saturating_add(shift + 1);
        }
        Some(())
    }

    /// This × 10^places as a whole number, half to even. `none` when it does not fit.
    fn scaled(&self, places: i32) -> Option<u128> {
        let shift = self.exponent.saturating_add(places);
        if self.digits == 0 {
            return Some(0);
        }
        if shift >= 0 {
            return self.digits.checked_mul(10u128.checked_pow(shift.unsigned_abs())?);
        }
        let Some(divisor) = 10u128.checked_pow(shift.unsigned_abs()) else {
            return Some(0);
        };
        let (whole, rest) = (self.digits / divisor, self.digits % divisor);
        let is_half = rest == divisor / 2 && !self.is_cut;
        let rounds_up = if is_half { whole % 2 == 1 } else { rest >= divisor / 2 };
        Some(whole + u128::from(rounds_up))
    }
}

/// A signed whole number; one too long to hold counts as the largest, which is as good as any.
fn parse_exponent(text: &str) -> Option<i32> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let size = digits.parse::<i32>().unwrap_or(i32::MAX);
    Some(if text.starts_with('-') { -size } else { size })
}

impl fmt::Display for PicoDollars {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        let one = 10u128.pow(PLACES.unsigned_abs());
        let dollars = self.0 / one;
        // Less than 10^12. Numbers of 64 bits are divided many times faster.
        let mut rest = (self.0 % one) as u64;
        if rest == 0 {
            return write!(formatter, "{dollars}");
        }
        let mut places = PLACES.unsigned_abs() as usize;
        while rest.is_multiple_of(10) {
            rest /= 10;
            places -= 1;
        }
        write!(formatter, "{dollars}.{rest:0places$}")
    }
}

impl Serialize for PicoDollars {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let number = RawValue::from_string(self.to_string()).map_err(serde::ser::Error::custom)?;
        number.serialize(serializer)
    }
}

impl Add for PicoDollars {
    type Output = PicoDollars;

    fn add(self, other: PicoDollars) -> PicoDollars {
        PicoDollars(self.0.saturating_add(other.0))
    }
}

impl AddAssign for PicoDollars {
    fn add_assign(&mut self, other: PicoDollars) {
        *self = *self + other;
    }
}

impl Sum for PicoDollars {
    fn sum<I: Iterator<Item = PicoDollars>>(amounts: I) -> PicoDollars {
        amounts.fold(PicoDollars::default(), PicoDollars::add)
    }
}
