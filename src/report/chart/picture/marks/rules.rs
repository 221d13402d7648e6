//! Straight lines across a panel, and their texts where there is room beside earlier ones.
//!
//! Not here: other marks (`marks`).

use crate::report::chart::Ink;
use crate::report::chart::picture::layout::{Frame, Region};
use crate::report::chart::picture::shape::{Anchor, Label, Place, Shape, width};
use crate::report::chart::spec::Mark;

/// Places that texts of earlier rules take: left, right, middle height.
#[derive(Default)]
pub(super) struct Rules {
    taken: Vec<(i32, i32, i32)>,
}

impl Rules {
    /// A rule and its text.
    pub(super) fn shapes(&mut self, frame: &Frame<'_>, mark: &Mark) -> Vec<Shape> {
        let Mark::Rule {
            label,
            ink,
            at,
            upright,
        } = mark
        else {
            return Vec::new();
        };
        let Region {
            left,
            right,
            top,
            bottom,
        } = frame.region;
        let ends = if *upright {
            let x = frame.across(*at);
            [(x, top), (x, bottom)]
        } else {
            let y = frame.up(*at);
            [(left, y), (right, y)]
        };
        let mut made = vec![Shape::Path {
            points: ends.to_vec(),
            tint: (*ink).into(),
            width: 2,
            dashed: true,
        }];
        if !label.is_empty() {
            made.extend(self.text(frame, label, *ink, (ends[0], *upright)));
        }
        made
    }

    fn text(
        &mut self,
        frame: &Frame<'_>,
        text: &str,
        ink: Ink,
        (at, upright): (Place, bool),
    ) -> Option<Shape> {
        let size = frame.size * 9 / 10;
        let Region {
            left,
            right,
            top,
            bottom,
        } = frame.region;
        let (gap, row) = (size / 3, size * 5 / 4);
        let candidates: Vec<(Place, Anchor)> = if upright {
            let rows = (0..6).map(|line| top + size * 2 / 3 + line * row);
            rows.flat_map(|y| {
                [
                    ((at.0 + gap, y), Anchor::Left),
                    ((at.0 - gap, y), Anchor::Right),
                ]
            })
            .collect()
        } else {
            let places = [-size * 2 / 3, size * 2 / 3];
            let ends = places
                .iter()
                .map(|drop| ((right - gap, at.1 + drop), Anchor::Right));
            let starts = places
                .iter()
                .map(|drop| ((left + gap, at.1 + drop), Anchor::Left));
            ends.chain(starts).collect()
        };
        let wide = width(text, size);
        let span = |(x, _): Place, anchor: Anchor| match anchor {
            Anchor::Left => (x, x + wide),
            Anchor::Right => (x - wide, x),
            Anchor::Middle => (x - wide / 2, x + wide / 2),
        };
        let free = |place: Place, anchor: Anchor| {
            let (from, to) = span(place, anchor);
            let inside =
                from >= left && to <= right + size / 2 && place.1 >= top && place.1 <= bottom;
            inside
                && self
                    .taken
                    .iter()
                    .all(|(one, other, y)| to < *one || from > *other || (place.1 - y).abs() >= row)
        };
        let (place, anchor) = candidates
            .into_iter()
            .find(|(place, anchor)| free(*place, *anchor))?;
        let (from, to) = span(place, anchor);
        self.taken.push((from, to, place.1));
        let ink = if ink == Ink::Base || ink == Ink::Grid {
            Ink::Muted
        } else {
            ink
        };
        Some(Shape::Label(Label {
            at: place,
            text: text.to_owned(),
            size,
            ink,
            anchor,
        }))
    }
}
