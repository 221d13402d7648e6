//! Fixed-point numbers: prices, quantities, money, rates, and the roundings `simulation.md` N3 names.
//!
//! Not here: what a number is used for (fees, margins: `position`). No float takes part in any of this (N1).
//! Invariant: every quotient multiplies before it divides, in 128 bits; a wrap is impossible because the release
//! profile keeps overflow checks.

use std::fmt;
use std::iter::Sum;
use std::ops::{Add, AddAssign, Mul, Neg, Sub, SubAssign};
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use rust_decimal::Decimal;

/// Steps in one whole unit: all fixed-point values count in 1e-8.
pub const UNIT: i64 = 100_000_000;

/// The largest price, quantity or amount that text may name: 1e9 whole units, so that exact products stay far from
/// the edge of 128 bits.
pub const LARGEST: i64 = 1_000_000_000 * UNIT;

/// USDT per unit of the base asset, in steps of 1e-8; always above zero.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Price(i64);

/// Amount of the base asset in steps of 1e-8; never negative: a direction is a [`super::order::Side`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
#[serde(try_from = "i64", into = "i64")]
pub struct Qty(i64);

/// An amount of USDT in steps of 1e-8; signed. What a ledger holds.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Money(i64);

/// Exact product of prices and quantities, in steps of 1e-16 USDT; signed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Notional(i128);

/// A share, fee, funding rate or distance as a plain fraction in steps of 1e-8 (3 % is 0.03); signed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize)]
pub struct Rate(i64);

/// Saved numbers keep their invariants when they are read back.
impl TryFrom<i64> for Price {
    type Error = NumError;

    fn try_from(steps: i64) -> Result<Self, NumError> {
        Self::from_steps(steps).ok_or_else(|| NumError::NotPositive(steps.to_string()))
    }
}

impl From<Price> for i64 {
    fn from(price: Price) -> Self {
        price.0
    }
}

impl TryFrom<i64> for Qty {
    type Error = NumError;

    fn try_from(steps: i64) -> Result<Self, NumError> {
        Self::from_steps(steps).ok_or_else(|| NumError::Negative(steps.to_string()))
    }
}

impl From<Qty> for i64 {
    fn from(qty: Qty) -> Self {
        qty.0
    }
}

/// Which way a quotient goes when it is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rounding {
    /// Toward minus infinity.
    Down,
    /// Toward plus infinity.
    Up,
    /// To the nearest, a tie to the even neighbour.
    HalfEven,
}

/// Why a text is not a number of ours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NumError {
    /// Not decimal text (this includes NaN and infinities).
    #[error("'{0}' is not a decimal number")]
    NotANumber(String),
    /// More than eight decimals: it cannot be held exactly.
    #[error("'{0}' has more than 8 decimals")]
    TooFine(String),
    /// Beyond [`LARGEST`].
    #[error("'{0}' is out of range (largest is 1000000000)")]
    TooLarge(String),
    /// A price at or below zero.
    #[error("price '{0}' is not above zero")]
    NotPositive(String),
    /// A quantity below zero.
    #[error("quantity '{0}' is negative")]
    Negative(String),
}

/// `numerator / denominator`, rounded. The denominator must be above zero.
#[must_use]
#[inline]
pub fn divide(numerator: i128, denominator: i128, rounding: Rounding) -> i128 {
    // Nearly every divisor fits 64 bits: a fraction of the time of the general case.
    match u64::try_from(denominator) {
        Ok(divisor) if divisor > 0 => divide_narrow(numerator, divisor, rounding),
        _ => divide_wide(numerator, denominator, rounding),
    }
}

#[inline(never)]
fn divide_wide(numerator: i128, denominator: i128, rounding: Rounding) -> i128 {
    assert!(denominator > 0, "invariant: divisors are positive");
    // One division: the remainder follows, and both are brought to the floor side.
    let toward_zero = numerator / denominator;
    let left = numerator - toward_zero * denominator;
    let (floor, rest) = if left < 0 {
        (toward_zero - 1, left + denominator)
    } else {
        (toward_zero, left)
    };
    rounded(floor, rest, denominator, rounding)
}

#[inline]
fn divide_narrow(numerator: i128, divisor: u64, rounding: Rounding) -> i128 {
    let size = numerator.unsigned_abs();
    let (quotient, rest) = match u64::try_from(size) {
        Ok(size) => (u128::from(size / divisor), size % divisor),
        Err(_) => {
            let quotient = size / u128::from(divisor);
            // The rest is below the divisor, so its low half is all of it, whatever wraps above.
            (
                quotient,
                low(size).wrapping_sub(low(quotient).wrapping_mul(divisor)),
            )
        }
    };
    let negative = numerator < 0;
    let away = rest != 0
        && match rounding {
            Rounding::Down => negative,
            Rounding::Up => !negative,
            Rounding::HalfEven => {
                let half = rest.cmp(&(divisor - rest));
                half.is_gt() || (half.is_eq() && quotient & 1 == 1)
            }
        };
    // At most half of the range of 128 bits, as the numerator is, unless the divisor is 1 and nothing is added.
    let size = (quotient + u128::from(away)).cast_signed();
    if negative { size.wrapping_neg() } else { size }
}

/// `wide * by`, exact: a fraction of the time of a product of two wide numbers.
///
/// # Panics
/// Beyond 125 bits.
#[must_use]
#[inline]
pub fn times(wide: i128, by: i64) -> i128 {
    checked_times(wide, by).expect("invariant: products fit 125 bits")
}

#[inline]
fn checked_times(wide: i128, by: i64) -> Option<i128> {
    let (size, factor) = (wide.unsigned_abs(), u128::from(by.unsigned_abs()));
    let (top, bottom) = (size >> 64, size & u128::from(u64::MAX));
    // Two halves of 64 bits each: the upper product carries the overflow, if there is one.
    let upper = top * factor;
    if upper >> 61 != 0 {
        return None;
    }
    let product = ((upper << 64) + bottom * factor).cast_signed();
    Some(if (wide < 0) == (by < 0) {
        product
    } else {
        -product
    })
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "the low half is what is wanted"
)]
const fn low(wide: u128) -> u64 {
    wide as u64
}

/// The rounded quotient, from the one rounded down and the rest above it.
fn rounded(floor: i128, rest: i128, denominator: i128, rounding: Rounding) -> i128 {
    match rounding {
        Rounding::Down => floor,
        Rounding::Up => floor + i128::from(rest > 0),
        Rounding::HalfEven => {
            let up = match (rest * 2).cmp(&denominator) {
                std::cmp::Ordering::Less => false,
                std::cmp::Ordering::Equal => floor % 2 != 0,
                std::cmp::Ordering::Greater => true,
            };
            floor + i128::from(up)
        }
    }
}

/// `one * other / denominator`, rounded once; the product may be wider than 128 bits, the quotient may not. The
/// denominator must be above zero.
#[must_use]
pub fn multiply_divide(one: i128, other: i128, denominator: i128, rounding: Rounding) -> i128 {
    // Two halves of 128 bits cannot overflow, which the compiler knows too.
    if let (Ok(one), Ok(other)) = (i64::try_from(one), i64::try_from(other)) {
        return divide(i128::from(one) * i128::from(other), denominator, rounding);
    }
    let narrow = i64::try_from(other).map(|other| checked_times(one, other));
    if let Some(product) = narrow.unwrap_or_else(|_| one.checked_mul(other)) {
        return divide(product, denominator, rounding);
    }
    assert!(denominator > 0, "invariant: divisors are positive");
    let by = denominator.unsigned_abs();
    let (high, low) = wide_product(one.unsigned_abs(), other.unsigned_abs());
    // Long division, bit by bit; rare enough to be slow. The rest stays below the divisor, so doubling it fits.
    let (mut quotient, mut rest) = (0_u128, 0_u128);
    for word in [high, low] {
        for bit in (0..128).rev() {
            rest = rest * 2 + (word >> bit & 1);
            assert!(quotient >> 126 == 0, "invariant: the quotient fits");
            quotient *= 2;
            if rest >= by {
                rest -= by;
                quotient += 1;
            }
        }
    }
    let signed = |magnitude: u128| {
        i128::try_from(magnitude).expect("invariant: both are below 127 bits, as just checked")
    };
    let (quotient, rest) = (signed(quotient), signed(rest));
    match (one < 0) != (other < 0) {
        false => rounded(quotient, rest, denominator, rounding),
        true if rest == 0 => -quotient,
        true => rounded(-quotient - 1, denominator - rest, denominator, rounding),
    }
}

/// A product as its high and low halves.
const fn wide_product(one: u128, other: u128) -> (u128, u128) {
    const HALF: u128 = u64::MAX as u128;
    let (a, b) = (one >> 64, one & HALF);
    let (c, d) = (other >> 64, other & HALF);
    let low = b * d;
    let middle = a * d + (low >> 64);
    let cross = b * c + (middle & HALF);
    let high = a * c + (middle >> 64) + (cross >> 64);
    (high, (cross << 64) | (low & HALF))
}

/// Narrows a result that the ranges of [`LARGEST`] keep inside 64 bits.
fn narrow(wide: i128) -> i64 {
    i64::try_from(wide).expect("invariant: inputs are bounded, so results fit 64 bits")
}

/// Parses plain decimal text exactly into steps of 1e-8.
///
/// # Errors
/// When the text is no decimal number, is finer than 1e-8 or larger than [`LARGEST`].
pub fn parse_steps(text: &str) -> Result<i64, NumError> {
    match parse_plain(text.as_bytes()) {
        Some(steps) => Ok(steps),
        None => parse_slow(text),
    }
}

/// Digits, at most one point, at most eight decimals: the form every recording uses. `None` asks for the slow path.
fn parse_plain(text: &[u8]) -> Option<i64> {
    let (negative, digits) = match text.split_first()? {
        (b'-', rest) => (true, rest),
        _ => (false, text),
    };
    let mut steps: i64 = 0;
    let mut decimals: Option<u32> = None;
    let mut seen = 0_u32;
    for &byte in digits {
        match byte {
            b'0'..=b'9' => {
                if seen == 18 || decimals == Some(8) {
                    return None;
                }
                steps = steps * 10 + i64::from(byte - b'0');
                seen += 1;
                decimals = decimals.map(|count| count + 1);
            }
            b'.' if decimals.is_none() => decimals = Some(0),
            _ => return None,
        }
    }
    if seen == 0 {
        return None;
    }
    let missing = 8 - decimals.unwrap_or(0);
    let steps = steps.checked_mul(10_i64.pow(missing))?;
    if steps > LARGEST {
        return None;
    }
    Some(if negative { -steps } else { steps })
}

fn parse_slow(text: &str) -> Result<i64, NumError> {
    let trimmed = text.trim();
    // The decimal library also takes underscores, which no recording has.
    if !trimmed
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'-' | b'+' | b'e' | b'E'))
    {
        return Err(NumError::NotANumber(clip(text)));
    }
    let decimal = Decimal::from_str(trimmed)
        .or_else(|_| Decimal::from_scientific(trimmed))
        .map_err(|_| NumError::NotANumber(clip(text)))?;
    from_decimal(decimal).map_err(|wrong| match wrong {
        DecimalRange::TooFine => NumError::TooFine(clip(text)),
        DecimalRange::TooLarge => NumError::TooLarge(clip(text)),
    })
}

/// Reads what `Display` of a number of this module wrote, in its whole range: of a count of steps, of which `decimals`
/// places make one (8, of a [`Notional`] 16). `None` for any other spelling, so that a number has one text.
#[must_use]
pub fn read_back(text: &str, decimals: usize) -> Option<i128> {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let (whole, rest) = digits.split_once('.').unwrap_or((digits, ""));
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    let spelled = !whole.is_empty()
        && plain(whole)
        && plain(rest)
        && (whole == "0" || !whole.starts_with('0'))
        && rest.len() <= decimals
        && !rest.ends_with('0')
        && rest.is_empty() != digits.contains('.');
    if !spelled {
        return None;
    }
    let padding = std::iter::repeat_n(b'0', decimals - rest.len());
    let all = whole.bytes().chain(rest.bytes()).chain(padding);
    // Downwards, because the smallest number is farther from zero than the largest.
    let steps = if whole.len() + decimals <= 18 {
        let short = all.fold(0_i64, |steps, digit| steps * 10 - i64::from(digit - b'0'));
        i128::from(short)
    } else {
        let mut steps: i128 = 0;
        for digit in all {
            let digit = i128::from(digit - b'0');
            steps = steps.checked_mul(10)?.checked_sub(digit)?;
        }
        steps
    };
    match (digits.len() < text.len(), steps) {
        (true, 0) => None,
        (true, below) => Some(below),
        (false, below) => below.checked_neg(),
    }
}

/// Why a decimal does not fit.
enum DecimalRange {
    TooFine,
    TooLarge,
}

fn from_decimal(decimal: Decimal) -> Result<i64, DecimalRange> {
    let normal = decimal.normalize();
    if normal.abs() > Decimal::from(1_000_000_000_u64) {
        return Err(DecimalRange::TooLarge);
    }
    if normal.scale() > 8 {
        return Err(DecimalRange::TooFine);
    }
    let scaled = normal.mantissa() * 10_i128.pow(8 - normal.scale());
    Ok(narrow(scaled))
}

/// Error texts show the start of what was found, never a gigabyte of it.
fn clip(text: &str) -> String {
    const SHOWN: usize = 40;
    if text.chars().count() <= SHOWN {
        return text.to_owned();
    }
    let mut shown: String = text.chars().take(SHOWN).collect();
    shown.push('…');
    shown
}

/// Writes steps as the shortest exact decimal.
fn write_steps(steps: i128, decimals: usize, out: &mut fmt::Formatter<'_>) -> fmt::Result {
    let unit = 10_u128.pow(u32::try_from(decimals).expect("invariant: 8 or 16 decimals"));
    let size = steps.unsigned_abs();
    if steps < 0 {
        out.write_str("-")?;
    }
    write!(out, "{}", size / unit)?;
    let rest = size % unit;
    if rest > 0 {
        let digits = format!("{rest:0decimals$}");
        write!(out, ".{}", digits.trim_end_matches('0'))?;
    }
    Ok(())
}

/// A name and a decimal say more than a name and a count of steps.
macro_rules! debug_as_decimal {
    ($name:ident) => {
        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(out, concat!(stringify!($name), "({})"), self)
            }
        }
    };
}
debug_as_decimal!(Price);
debug_as_decimal!(Qty);
debug_as_decimal!(Money);
debug_as_decimal!(Rate);
debug_as_decimal!(Notional);

// Four types with one representation: written out four times, these methods would drift apart.
macro_rules! fixed_point {
    ($name:ident) => {
        impl $name {
            /// The value as a count of 1e-8 steps.
            #[must_use]
            pub const fn steps(self) -> i64 {
                self.0
            }
            /// For display and statistics only; never fed back into money.
            #[must_use]
            #[allow(clippy::cast_precision_loss, reason = "statistics accept 53 bits")]
            pub fn to_f64(self) -> f64 {
                self.0 as f64 / UNIT as f64
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                write_steps(i128::from(self.0), 8, out)
            }
        }
    };
}
fixed_point!(Price);
fixed_point!(Qty);
fixed_point!(Money);
fixed_point!(Rate);

impl Price {
    /// A price of so many 1e-8 steps; `None` at or below zero.
    #[must_use]
    pub const fn from_steps(steps: i64) -> Option<Self> {
        if steps > 0 { Some(Self(steps)) } else { None }
    }

    /// The multiple of `tick` at or below this price; `None` when that is zero.
    #[must_use]
    pub fn round_down_to_tick(self, tick: Price) -> Option<Self> {
        Self::from_steps(self.0 / tick.0 * tick.0)
    }

    /// The multiple of `tick` at or above this price.
    #[must_use]
    pub fn round_up_to_tick(self, tick: Price) -> Self {
        Self((self.0 + tick.0 - 1) / tick.0 * tick.0)
    }

    /// Whether the price is a multiple of `tick`.
    #[must_use]
    pub const fn is_on_tick(self, tick: Price) -> bool {
        self.0 % tick.0 == 0
    }

    /// The exact quotient `numerator / denominator` (in 1e-8 price steps) rounded to a multiple of `tick`.
    /// `None` when the result is not above zero.
    #[must_use]
    pub fn from_quotient(
        numerator: i128,
        denominator: i128,
        tick: Price,
        rounding: Rounding,
    ) -> Option<Self> {
        Self::from_product((numerator, 1), denominator, tick, rounding)
    }

    /// As [`Self::from_quotient`], of a numerator given as two factors whose product may be wider than 128 bits.
    #[must_use]
    pub fn from_product(
        (one, other): (i128, i128),
        denominator: i128,
        tick: Price,
        rounding: Rounding,
    ) -> Option<Self> {
        let step = i128::from(tick.0);
        let narrow_whole =
            i64::try_from(denominator).is_ok_and(|by| by.checked_mul(tick.0).is_some());
        let ticks = if narrow_whole || rounding == Rounding::HalfEven {
            multiply_divide(one, other, denominator * step, rounding)
        } else {
            // Rounding down twice is rounding down once, and so is up; two narrow divisions take less than a wide one.
            let whole = multiply_divide(one, other, denominator, rounding);
            divide(whole, step, rounding)
        };
        Self::from_ticks(ticks, tick)
    }

    fn from_ticks(ticks: i128, tick: Price) -> Option<Self> {
        let ticks =
            i64::try_from(ticks).expect("invariant: inputs are bounded, so results fit 64 bits");
        Self::from_steps(ticks * tick.0)
    }

    /// As [`Self::from_quotient`], of a denominator given as two factors above zero.
    #[must_use]
    pub fn from_split(
        numerator: i128,
        (one, other): (i64, i64),
        tick: Price,
        rounding: Rounding,
    ) -> Option<Self> {
        match (rounding, other.checked_mul(tick.0)) {
            // As in `from_product`.
            (Rounding::Down | Rounding::Up, Some(rest)) => {
                let whole = divide(numerator, i128::from(one), rounding);
                Self::from_ticks(divide(whole, i128::from(rest), rounding), tick)
            }
            _ => {
                let denominator = i128::from(one) * i128::from(other);
                Self::from_quotient(numerator, denominator, tick, rounding)
            }
        }
    }
}

impl FromStr for Price {
    type Err = NumError;
    fn from_str(text: &str) -> Result<Self, NumError> {
        let steps = parse_steps(text)?;
        Self::from_steps(steps).ok_or_else(|| NumError::NotPositive(clip(text)))
    }
}

impl Qty {
    /// No quantity.
    pub const ZERO: Self = Self(0);

    /// A quantity of so many 1e-8 steps; `None` below zero.
    #[must_use]
    pub const fn from_steps(steps: i64) -> Option<Self> {
        if steps >= 0 { Some(Self(steps)) } else { None }
    }

    /// Whether nothing is left.
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }

    /// The multiple of `step` at or below this quantity (N3: order quantities go toward zero).
    #[must_use]
    pub const fn round_down_to_step(self, step: Qty) -> Self {
        Self(self.0 / step.0 * step.0)
    }

    /// Whether the quantity is a multiple of `step`.
    #[must_use]
    pub const fn is_on_step(self, step: Qty) -> bool {
        self.0 % step.0 == 0
    }

    /// `share` of the quantity, rounded down to `step`.
    #[must_use]
    pub fn share(self, share: Rate, step: Qty) -> Self {
        let raw = i128::from(self.0) * i128::from(share.0);
        let steps = divide(raw, i128::from(UNIT) * i128::from(step.0), Rounding::Down);
        Self(narrow(steps.max(0) * i128::from(step.0)))
    }

    /// What is left after taking `other`, at least nothing.
    #[must_use]
    pub fn saturating_sub(self, other: Self) -> Self {
        Self((self.0 - other.0).max(0))
    }
}

impl FromStr for Qty {
    type Err = NumError;
    fn from_str(text: &str) -> Result<Self, NumError> {
        Self::from_steps(parse_steps(text)?).ok_or_else(|| NumError::Negative(clip(text)))
    }
}

impl Add for Qty {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
impl AddAssign for Qty {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl Sub for Qty {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        assert!(
            self.0 >= other.0,
            "invariant: a quantity never falls below zero"
        );
        Self(self.0 - other.0)
    }
}
impl SubAssign for Qty {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}

impl Money {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// An amount of so many 1e-8 USDT.
    #[must_use]
    pub const fn from_steps(steps: i64) -> Self {
        Self(steps)
    }

    /// The quotient of a numerator in steps of 1e-8 USDT times the denominator, rounded.
    #[must_use]
    pub fn from_quotient(numerator: i128, denominator: i128, rounding: Rounding) -> Self {
        Self(narrow(divide(numerator, denominator, rounding)))
    }

    /// The exact value in 1e-16 steps.
    #[must_use]
    pub fn exact(self) -> Notional {
        Notional(i128::from(self.0) * i128::from(UNIT))
    }

    /// Whether this is no amount at all (A1: such entries are not written).
    #[must_use]
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
}

impl FromStr for Money {
    type Err = NumError;
    fn from_str(text: &str) -> Result<Self, NumError> {
        parse_steps(text).map(Self)
    }
}
impl Add for Money {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl Sub for Money {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
impl SubAssign for Money {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
impl Neg for Money {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}
impl Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

impl Notional {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// A value of so many 1e-16 USDT.
    #[must_use]
    pub const fn from_raw(raw: i128) -> Self {
        Self(raw)
    }

    /// The value as a count of 1e-16 steps.
    #[must_use]
    pub const fn raw(self) -> i128 {
        self.0
    }

    /// Rounded to 1e-8 USDT.
    #[must_use]
    pub fn round(self, rounding: Rounding) -> Money {
        Money(narrow(divide(self.0, i128::from(UNIT), rounding)))
    }

    /// `rate` of this value, rounded to 1e-8 USDT with one rounding.
    #[must_use]
    pub fn rate(self, rate: Rate, rounding: Rounding) -> Money {
        let unit = i128::from(UNIT);
        Money(narrow(divide(times(self.0, rate.0), unit * unit, rounding)))
    }

    /// For display and statistics only.
    #[must_use]
    #[allow(clippy::cast_precision_loss, reason = "statistics accept 53 bits")]
    pub fn to_f64(self) -> f64 {
        self.0 as f64 / 1e16
    }
}

impl fmt::Display for Notional {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_steps(self.0, 16, out)
    }
}
impl Add for Notional {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
impl AddAssign for Notional {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl Sub for Notional {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
impl SubAssign for Notional {
    fn sub_assign(&mut self, other: Self) {
        *self = *self - other;
    }
}
impl Neg for Notional {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

impl Mul<Qty> for Price {
    type Output = Notional;
    /// Exact, in steps of 1e-16 USDT: rounding happens only where `simulation.md` N3 names it.
    fn mul(self, qty: Qty) -> Notional {
        Notional(i128::from(self.0) * i128::from(qty.0))
    }
}

impl Rate {
    /// Nothing.
    pub const ZERO: Self = Self(0);
    /// The whole: 100 %.
    pub const ONE: Self = Self(UNIT);

    /// A fraction of so many 1e-8.
    #[must_use]
    pub const fn from_steps(steps: i64) -> Self {
        Self(steps)
    }

    /// Reads percent ("3" is 0.03); exact, so at most six decimals.
    ///
    /// # Errors
    /// As [`parse_steps`], and when the hundredth has more than eight decimals.
    pub fn from_percent(text: &str) -> Result<Self, NumError> {
        Self::from_scaled(text, 100)
    }

    /// Reads basis points ("2" is 0.0002); exact, so at most four decimals (N3: impact has 1e-4 bp).
    ///
    /// # Errors
    /// As [`parse_steps`], and when the ten-thousandth has more than eight decimals.
    pub fn from_bps(text: &str) -> Result<Self, NumError> {
        Self::from_scaled(text, 10_000)
    }

    fn from_scaled(text: &str, scale: i64) -> Result<Self, NumError> {
        let steps = parse_steps(text)?;
        if steps % scale == 0 {
            Ok(Self(steps / scale))
        } else {
            Err(NumError::TooFine(clip(text)))
        }
    }

    /// As percent text: 0.03 is "3".
    #[must_use]
    pub fn percent(self) -> String {
        Notional(i128::from(self.0) * 100 * i128::from(UNIT)).to_string()
    }
}

impl FromStr for Rate {
    type Err = NumError;
    fn from_str(text: &str) -> Result<Self, NumError> {
        parse_steps(text).map(Self)
    }
}
impl Add for Rate {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(self.0 + other.0)
    }
}
impl Sub for Rate {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(self.0 - other.0)
    }
}
impl Neg for Rate {
    type Output = Self;
    fn neg(self) -> Self {
        Self(-self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_displayed_reads_back_and_nothing_else_does() {
        let mut random = crate::domain::random::Random::new(31);
        let mut read = 0;
        for _ in 0..20_000 {
            let wide = i128::from(random.next()) << 64 | i128::from(random.next());
            let steps = wide >> random.below(128);
            let number = Notional::from_raw(steps);
            assert_eq!(read_back(&number.to_string(), 16), Some(steps));
            if let Ok(steps) = i64::try_from(steps) {
                let text = Money::from_steps(steps).to_string();
                assert_eq!(read_back(&text, 8), Some(i128::from(steps)), "{text}");
                read += 1;
            }
        }
        for raw in [i128::MIN, i128::MAX, 0] {
            assert_eq!(
                read_back(&Notional::from_raw(raw).to_string(), 16),
                Some(raw)
            );
        }
        let others = [
            "",
            "-",
            ".",
            "1.",
            ".5",
            "00",
            "01",
            "-0",
            "+1",
            "1.0",
            "1.10",
            "1e3",
            "NaN",
            "1_0",
            " 1",
            "1 ",
            "--1",
            "1.123456789",
            "1.2.3",
            "0x1",
            "∞",
            "999999999999999999999999999999999999999",
        ];
        for other in others {
            assert_eq!(read_back(other, 8), None, "{other}");
        }
        println!(
            "{read} amounts and 20000 products read back, {} other spellings refused",
            others.len()
        );
        assert!(read > 5_000);
    }

    #[test]
    fn wide_products_divide_as_narrow_ones_do() {
        let roundings = [Rounding::Down, Rounding::Up, Rounding::HalfEven];
        let (mut wide, mut ties) = (0, 0);
        let mut random = crate::domain::random::Random::new(11);
        for _ in 0..2_000 {
            let one = i128::from(random.between(-1_000_000, 1_000_000));
            let other = i128::from(random.between(0, 1_000_000));
            let by = i128::from(random.between(1, 3_000));
            // Both factors and the divisor stretched: the same quotient from a product of more than 128 bits.
            let stretch = 10_i128.pow(16);
            let (big, small) = (one * stretch * 1_000_000, other * 10_i128.pow(18));
            let divisor = by * 10_i128.pow(22) * 10_i128.pow(12);
            for rounding in roundings {
                let wanted = divide(one * other * 1_000_000, by, rounding);
                assert_eq!(multiply_divide(big, small, divisor, rounding), wanted);
                assert_eq!(
                    multiply_divide(one, other * 1_000_000, by, rounding),
                    wanted
                );
            }
            wide += u32::from(big.checked_mul(small).is_none());
            ties += u32::from(one * other * 2_000_000 % by == 0);
        }
        assert!(wide > 1_900 && ties > 20, "{wide} {ties}");
    }

    #[test]
    fn quotients_are_those_of_plain_long_arithmetic() {
        let mut random = crate::domain::random::Random::new(12);
        let (mut ties, mut negative) = (0, 0);
        for case in 0..30_000 {
            let bits = u32::try_from(random.between(1, 120)).expect("small");
            let raw = i128::from(random.next()) << 64 | i128::from(random.next());
            let top = (raw >> (127 - bits)) * if random.one_in(2) { 1 } else { -1 };
            let by = match case % 3 {
                0 => i128::from(random.between(1, 12)),
                1 => i128::from(random.between(1, i64::MAX)) * 2,
                _ => 10_i128.pow(u32::try_from(random.between(0, 25)).expect("small")),
            };
            let floor = top.div_euclid(by);
            let rest = top.rem_euclid(by);
            let nearest = match (rest * 2).cmp(&by) {
                std::cmp::Ordering::Less => floor,
                std::cmp::Ordering::Greater => floor + 1,
                std::cmp::Ordering::Equal => floor + floor.rem_euclid(2),
            };
            assert_eq!(divide(top, by, Rounding::Down), floor, "{top} {by}");
            assert_eq!(divide(top, by, Rounding::Up), floor + i128::from(rest > 0));
            assert_eq!(divide(top, by, Rounding::HalfEven), nearest, "{top} {by}");
            ties += u32::from(rest * 2 == by);
            negative += u32::from(top < 0);
        }
        println!("divide: 30,000 quotients, {ties} ties, {negative} below zero");
        assert!(ties > 200 && negative > 10_000, "{ties} {negative}");
    }

    #[test]
    fn products_are_those_of_plain_arithmetic() {
        let mut random = crate::domain::random::Random::new(13);
        let (mut met, mut refused) = (0, 0);
        for _ in 0..20_000 {
            let bits = u32::try_from(random.between(1, 120)).expect("small");
            let raw = i128::from(random.next().cast_signed()) << 64 | i128::from(random.next());
            let wide = raw >> (127 - bits);
            let by = random.between(i64::MIN / 2, i64::MAX / 2) >> random.between(0, 62);
            match (checked_times(wide, by), wide.checked_mul(i128::from(by))) {
                (Some(product), plain) => {
                    assert_eq!(Some(product), plain, "{wide} {by}");
                    met += 1;
                }
                (None, plain) => {
                    let large = plain.is_none_or(|plain| plain.unsigned_abs() >> 124 != 0);
                    assert!(large, "{wide} {by}");
                    refused += 1;
                }
            }
        }
        println!("times: {met} products, {refused} too large");
        assert!(met > 5_000 && refused > 2_000, "{met} {refused}");
        let edge = std::panic::catch_unwind(|| times(i128::MAX, 2));
        assert!(edge.is_err());
    }

    #[test]
    fn text_and_numbers_agree_both_ways() {
        for (text, steps) in [
            ("0.00000001", 1),
            ("1", UNIT),
            ("-2.5", -250_000_000),
            ("1000000000", LARGEST),
            ("00.10", 10_000_000),
        ] {
            assert_eq!(parse_steps(text), Ok(steps), "{text}");
        }
        assert_eq!(Money::from_steps(-250_000_000).to_string(), "-2.5");
        assert_eq!(parse_steps("2.118600000000000000"), Ok(211_860_000));
        assert_eq!(parse_steps("2.5E3"), Ok(2500 * UNIT));
        assert_eq!(
            Rate::from_percent("3").map(Rate::percent),
            Ok("3".to_owned())
        );
    }

    #[test]
    fn what_is_no_number_is_refused() {
        for text in [
            "", " ", "-", ".", "abc", "NaN", "inf", "1e999", "1_0", "--1", "1.2.3", "0x10", "1,5",
        ] {
            assert!(
                matches!(parse_steps(text), Err(NumError::NotANumber(_))),
                "{text}"
            );
        }
        assert!(matches!(
            parse_steps("0.000000001"),
            Err(NumError::TooFine(_))
        ));
        assert!(matches!(
            parse_steps("1000000001"),
            Err(NumError::TooLarge(_))
        ));
        assert!(matches!(
            "0".parse::<Price>(),
            Err(NumError::NotPositive(_))
        ));
        assert!(matches!("-1".parse::<Qty>(), Err(NumError::Negative(_))));
    }

    #[test]
    fn quotients_round_to_the_named_side() {
        for (numerator, down, up, even) in [
            (7, 3, 4, 4),
            (5, 2, 3, 2),
            (-5, -3, -2, -2),
            (-7, -4, -3, -4),
            (4, 2, 2, 2),
        ] {
            assert_eq!(divide(numerator, 2, Rounding::Down), down);
            assert_eq!(divide(numerator, 2, Rounding::Up), up);
            assert_eq!(divide(numerator, 2, Rounding::HalfEven), even);
        }
    }
}
