//! Asks many prices whether one step divides them, without a division each.
//!
//! Not here: which step that is (`instruments`). The rule is that of exact division: of the odd part of a divisor there
//! is an inverse modulo 2^64, and a multiple of the divisor times it, turned by the even part, is a small number.

/// A positive divisor, ready to be asked.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Divisor {
    inverse: u64,
    twos: u32,
    /// The largest quotient of 64 bits.
    limit: u64,
}

impl Divisor {
    /// Prepares a divisor; `None` at or below zero.
    pub(crate) fn new(divisor: i64) -> Option<Self> {
        let divisor = u64::try_from(divisor).ok().filter(|divisor| *divisor > 0)?;
        let twos = divisor.trailing_zeros();
        let odd = divisor >> twos;
        // Newton: each step doubles the correct bits; an odd number is its own inverse modulo 8.
        let mut inverse = odd;
        for _ in 0..5 {
            let error = 2_u64.wrapping_sub(odd.wrapping_mul(inverse));
            inverse = inverse.wrapping_mul(error);
        }
        Some(Self {
            inverse,
            twos,
            limit: u64::MAX / divisor,
        })
    }

    /// Whether it divides a number that is not negative.
    pub(crate) const fn divides(&self, number: i64) -> bool {
        let turned = number
            .cast_unsigned()
            .wrapping_mul(self.inverse)
            .rotate_right(self.twos);
        turned <= self.limit
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::random::Random;

    #[test]
    fn it_agrees_with_the_remainder() {
        let mut random = Random::new(5);
        let (mut yes, mut no) = (0, 0);
        for _ in 0..20_000 {
            let divisor = match random.below(3) {
                0 => 10_i64.pow(u32::try_from(random.below(12)).expect("small")),
                1 => random.between(1, 50),
                _ => random.between(1, i64::MAX / 2),
            };
            let asked = Divisor::new(divisor).expect("above zero");
            let factor = random.between(0, i64::MAX / divisor - 1);
            for number in [
                factor * divisor,
                factor * divisor + 1,
                random.between(0, i64::MAX),
            ] {
                let divides = number % divisor == 0;
                assert_eq!(asked.divides(number), divides, "{number} {divisor}");
                yes += u32::from(divides);
                no += u32::from(!divides);
            }
        }
        assert!(yes > 20_000 && no > 20_000, "{yes} {no}");
        assert!(Divisor::new(0).is_none());
    }
}
