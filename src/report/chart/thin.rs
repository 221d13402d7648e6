//! Lines and bands cut to what a picture can show: the lowest and the highest value of every column of pixels stay.
//!
//! Not here: series by time before they are a chart (`scale::thin`).

use crate::stats::figure::count;

/// A line with at most `most` points: first, last, and the extremes of each column; ascending in x as before.
#[must_use]
pub fn line(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most.max(4) {
        return points.to_vec();
    }
    let mut kept = vec![points[0]];
    for column in columns(points, |point| point.0, (most.max(4) - 2) / 2) {
        let (mut low, mut high) = (0, 0);
        for (place, point) in column.iter().enumerate() {
            if point.1 < column[low].1 {
                low = place;
            }
            if point.1 > column[high].1 {
                high = place;
            }
        }
        kept.push(column[low.min(high)]);
        if low != high {
            kept.push(column[low.max(high)]);
        }
    }
    kept.push(points[points.len() - 1]);
    kept.dedup();
    kept
}

/// A band with at most `most` places: the lowest and highest of each column at its middle place.
#[must_use]
pub fn band(points: &[(f64, f64, f64)], most: usize) -> Vec<(f64, f64, f64)> {
    if points.len() <= most.max(4) {
        return points.to_vec();
    }
    let mut kept = vec![points[0]];
    for column in columns(points, |point| point.0, most.max(4) - 2) {
        let low = column.iter().map(|point| point.1).fold(f64::MAX, f64::min);
        let high = column.iter().map(|point| point.2).fold(f64::MIN, f64::max);
        kept.push((column[column.len() / 2].0, low, high));
    }
    kept.push(points[points.len() - 1]);
    kept
}

/// Slices of equal width in x; empty ones are left out.
fn columns<T>(points: &[T], x: fn(&T) -> f64, wanted: usize) -> Vec<&[T]> {
    let (Some(first), Some(last)) = (points.first(), points.last()) else {
        return Vec::new();
    };
    let (start, width) = (x(first), x(last) - x(first));
    let mut rest = points;
    let mut found = Vec::new();
    for column in 1..=wanted.max(1) {
        let end = start + width * count(column) / count(wanted.max(1));
        let is_last = column == wanted.max(1);
        let length = if is_last {
            rest.len()
        } else {
            rest.partition_point(|point| x(point) < end)
        };
        let (taken, left) = rest.split_at(length);
        if !taken.is_empty() {
            found.push(taken);
        }
        rest = left;
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extremes_ends_and_order_stay() {
        let mut points: Vec<(f64, f64)> = (0..525_600)
            .map(|row| (count(row) * 60_000.0, count(row % 977)))
            .collect();
        points[70_001].1 = 5e3;
        points[12_345].1 = -5e3;
        let kept = line(&points, 1_500);
        println!("thinned: {} of {} points", kept.len(), points.len());
        assert!(kept.len() <= 1_500 && kept.len() > 1_000);
        assert!(kept.is_sorted_by(|one, other| one.0 <= other.0));
        for place in [0, 12_345, 70_001, 525_599] {
            assert!(kept.contains(&points[place]), "{place}");
        }
        let wide: Vec<(f64, f64, f64)> = points.iter().map(|at| (at.0, at.1 - 1.0, at.1)).collect();
        let kept = band(&wide, 700);
        assert!(kept.len() <= 700);
        assert!(kept.iter().any(|at| at.1 < -5e3) && kept.iter().any(|at| at.2 > 4e3));
        assert!(line(&[], 10).is_empty() && band(&[], 10).is_empty());
    }
}
