//! The one random generator of the project (W2): SplitMix64 with named streams, so that draw *i* of purpose *p* is the
//! same whatever ran before it and on however many threads.
//!
//! Not here: any entropy of the machine; a seed is always given.

/// The increment of `SplitMix64`.
const GAMMA: u64 = 0x9E37_79B9_7F4A_7C15;
/// Spreads path elements before they are mixed in (W2).
const PATH: u64 = 0xD134_2543_DE82_EF95;

/// A seeded generator.
#[derive(Clone, Debug)]
pub struct Random {
    state: u64,
}

fn mix(word: u64) -> u64 {
    let word = (word ^ (word >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    word ^ (word >> 31)
}

impl Random {
    /// The plain generator of a seed.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self { state: seed }
    }

    /// The generator of one named stream of a seed: purpose first, then indices.
    #[must_use]
    pub fn stream(seed: u64, path: &[u64]) -> Self {
        let start = mix(seed.wrapping_add(GAMMA));
        let state = path.iter().fold(start, |state, element| {
            mix(state ^ element.wrapping_add(1).wrapping_mul(PATH))
        });
        Self { state }
    }

    /// The next 64 bits.
    #[allow(
        clippy::should_implement_trait,
        reason = "an endless generator is no iterator"
    )]
    pub fn next(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GAMMA);
        mix(self.state)
    }

    /// Uniform in [0, 1) with 53 bits.
    #[allow(clippy::cast_precision_loss, reason = "53 bits fit a double exactly")]
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / 9_007_199_254_740_992.0
    }

    /// Uniform in 0..count; `count` above zero.
    #[allow(
        clippy::cast_possible_truncation,
        reason = "the high half of a 128-bit product fits 64 bits"
    )]
    pub fn below(&mut self, count: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(count)) >> 64) as u64
    }

    /// Uniform in low..=high; `low` at most `high`.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let width = high.abs_diff(low) + 1;
        low.saturating_add_unsigned(self.below(width))
    }

    /// True once in `count` times.
    pub fn one_in(&mut self, count: u64) -> bool {
        self.below(count) == 0
    }

    /// Fisher–Yates from the end.
    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            let chosen = usize::try_from(self.below(last as u64 + 1))
                .expect("invariant: at most the length");
            items.swap(last, chosen);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_words_are_the_published_ones_of_splitmix64() {
        // Seed 1234567: the reference sequence of Vigna's splitmix64.c.
        let mut random = Random::new(1_234_567);
        let words: Vec<u64> = (0..3).map(|_| random.next()).collect();
        assert_eq!(
            words,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }

    #[test]
    fn streams_differ_and_repeat() {
        let word = |path: &[u64]| Random::stream(7, path).next();
        assert_eq!(word(&[1, 2]), word(&[1, 2]));
        assert_ne!(word(&[1, 2]), word(&[2, 1]));
    }
}
