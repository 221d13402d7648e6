//! The Sobol sequence: points that fill a cube more evenly than chance, the i-th from its index alone.
//!
//! Not here: what a coordinate means (`space`).
//! The direction numbers are our own: primitive polynomials in ascending order, and initial numbers chosen one dimension
//! after another so that the plane of each pair of dimensions is filled as evenly as a search found (smallest t of the
//! first 2^4, 2^6, 2^8 and 2^10 points). Any odd initial numbers give a Sobol sequence; these only make a good one.

/// Bits of a coordinate.
const BITS: usize = 32;

/// Degree, polynomial with all its coefficients, initial numbers; of dimension 2 on. Dimension 1 is van der Corput's.
const TABLE: [(usize, u32, &[u32]); 20] = [
    (1, 3, &[1]),
    (2, 7, &[1, 1]),
    (3, 11, &[1, 3, 1]),
    (3, 13, &[1, 1, 5]),
    (4, 19, &[1, 3, 3, 9]),
    (4, 25, &[1, 3, 7, 13]),
    (5, 37, &[1, 1, 5, 1, 3]),
    (5, 41, &[1, 3, 1, 3, 27]),
    (5, 47, &[1, 3, 7, 9, 5]),
    (5, 55, &[1, 3, 1, 11, 13]),
    (5, 59, &[1, 1, 3, 7, 17]),
    (5, 61, &[1, 1, 5, 3, 27]),
    (6, 67, &[1, 1, 7, 9, 15, 7]),
    (6, 91, &[1, 1, 7, 13, 25, 11]),
    (6, 97, &[1, 1, 1, 13, 9, 49]),
    (6, 103, &[1, 1, 3, 13, 13, 3]),
    (6, 109, &[1, 1, 5, 3, 17, 25]),
    (6, 115, &[1, 1, 1, 7, 17, 45]),
    (7, 131, &[1, 3, 1, 15, 23, 59, 109]),
    (7, 137, &[1, 1, 1, 9, 29, 21, 9]),
];

/// Most dimensions there are numbers for.
pub const DIMENSIONS_MAX: usize = TABLE.len() + 1;

/// Points there are; a later index has no coordinates.
pub const POINTS_MAX: u64 = 1 << BITS;

/// Direction numbers of some dimensions.
#[derive(Clone, Debug)]
pub struct Sobol {
    directions: Vec<[u32; BITS]>,
}

impl Sobol {
    /// The sequence in so many dimensions; `None` when there are more than [`DIMENSIONS_MAX`].
    #[must_use]
    pub fn new(dimensions: usize) -> Option<Self> {
        let all = std::iter::once(first()).chain(TABLE.iter().map(directions));
        (dimensions <= DIMENSIONS_MAX).then(|| Self {
            directions: all.take(dimensions).collect(),
        })
    }

    /// The coordinate of point `index` in one dimension, in [0, 1).
    #[must_use]
    pub fn unit(&self, index: u64, dimension: usize) -> f64 {
        let bits = self.directions[dimension]
            .iter()
            .enumerate()
            .filter(|(bit, _)| index >> bit & 1 == 1)
            .fold(0_u32, |sum, (_, direction)| sum ^ direction);
        f64::from(bits) / 4_294_967_296.0
    }
}

fn first() -> [u32; BITS] {
    std::array::from_fn(|bit| 1 << (BITS - 1 - bit))
}

/// The recurrence: v_k = v_{k−s} xor (v_{k−s} >> s) xor those v_{k−j} whose coefficient is 1.
fn directions((degree, polynomial, initial): &(usize, u32, &[u32])) -> [u32; BITS] {
    let mut numbers = [0; BITS];
    for bit in 0..BITS {
        numbers[bit] = if bit < *degree {
            initial[bit] << (BITS - 1 - bit)
        } else {
            let before = numbers[bit - degree];
            (1..*degree)
                .filter(|back| polynomial >> (degree - back) & 1 == 1)
                .fold(before ^ (before >> degree), |sum, back| {
                    sum ^ numbers[bit - back]
                })
        };
    }
    numbers
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Which of `count` equal intervals a coordinate lies in.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a coordinate in [0, 1) times a small count"
    )]
    fn cell(unit: f64, count: u32) -> usize {
        (unit * f64::from(count)) as usize
    }

    /// The first 2^n points put exactly one into each of 2^n equal intervals, in every dimension: the law of a
    /// one-dimensional digital net. It fails for an even initial number or a wrong recurrence.
    #[test]
    fn every_dimension_is_cut_evenly() {
        let sobol = Sobol::new(DIMENSIONS_MAX).unwrap();
        let mut met = 0;
        for dimension in 0..DIMENSIONS_MAX {
            for bits in 1..=12_u32 {
                let count = 1_u32 << bits;
                let mut seen = vec![false; count as usize];
                for index in 0..u64::from(count) {
                    let cell = cell(sobol.unit(index, dimension), count);
                    assert!(!std::mem::replace(&mut seen[cell], true));
                    met += 1;
                }
            }
        }
        println!("sobol: {met} points in {DIMENSIONS_MAX} dimensions, one in each interval");
        assert!(Sobol::new(DIMENSIONS_MAX + 1).is_none());
    }

    /// Of 2^10 points every elementary rectangle of area 2^(4−10) holds exactly 2^4, whatever its shape, in the plane of
    /// each two dimensions.
    #[test]
    fn every_plane_is_cut_evenly() {
        const BITS: u32 = 10;
        const LOSS: u32 = 4;
        let sobol = Sobol::new(DIMENSIONS_MAX).unwrap();
        let mut planes = 0;
        for one in 0..DIMENSIONS_MAX {
            for other in one + 1..DIMENSIONS_MAX {
                for across in 0..=BITS - LOSS {
                    let (wide, high) = (1_u32 << across, 1_u32 << (BITS - LOSS - across));
                    let mut cells = vec![0; (wide * high) as usize];
                    for index in 0..1_u64 << BITS {
                        let column = cell(sobol.unit(index, one), wide);
                        let row = cell(sobol.unit(index, other), high);
                        cells[row * wide as usize + column] += 1;
                    }
                    assert!(cells.iter().all(|held| *held == 1 << LOSS), "{one} {other}");
                }
                planes += 1;
            }
        }
        println!("sobol: {planes} planes cut evenly");
        assert_eq!(planes, 210);
    }
}
