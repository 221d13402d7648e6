//! Colours of heat maps: from worst to best.
//!
//! Not here: what is coloured (`heat`).

use plotters::prelude::RGBColor;

use crate::stats::figure::count;

/// From worst to best; each step is lighter than the one before, so it also reads without colours.
const PALETTE: [RGBColor; 6] = [
    RGBColor(38, 34, 92),
    RGBColor(29, 84, 156),
    RGBColor(22, 130, 150),
    RGBColor(66, 172, 118),
    RGBColor(168, 208, 92),
    RGBColor(250, 234, 130),
];

/// The colour of a share: 0 the worst, 1 the best.
#[must_use]
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped to the palette"
)]
pub fn shade(share: f64) -> RGBColor {
    let last = PALETTE.len() - 1;
    let share = if share.is_nan() { 0.0 } else { share };
    let place = share.clamp(0.0, 1.0) * count(last);
    let below = (place.floor() as usize).min(last - 1);
    let rest = place - count(below);
    let mixed = |low: u8, high: u8| {
        (f64::from(low) + (f64::from(high) - f64::from(low)) * rest).round() as u8
    };
    let (low, high) = (PALETTE[below], PALETTE[below + 1]);
    RGBColor(
        mixed(low.0, high.0),
        mixed(low.1, high.1),
        mixed(low.2, high.2),
    )
}

/// Where a value lies from the worst (0) to the best (1); the middle where they are one.
#[must_use]
pub fn share_of((worst, best): (f64, f64), value: f64) -> f64 {
    let width = best - worst;
    if width.abs() > 0.0 {
        ((value - worst) / width).clamp(0.0, 1.0)
    } else {
        0.5
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn better_is_lighter() {
        let light = |color: RGBColor| {
            u32::from(color.0) * 299 + u32::from(color.1) * 587 + u32::from(color.2) * 114
        };
        let shades: Vec<u32> = (0..=100)
            .map(|place| light(shade(f64::from(place) / 100.0)))
            .collect();
        assert!(shades.is_sorted_by(|one, other| one < other), "{shades:?}");
        assert!(
            share_of((2.0, -1.0), 2.0).abs() < 1e-12,
            "less may be better"
        );
        assert_eq!(shade(f64::NAN), shade(0.0));
    }
}
