//! Which rows of a long list are in view.

use std::ops::Range;

/// How many rows beyond the edge are there already, so that scrolling finds them.
const OVERSCAN: usize = 8;

/// What of the list can be seen. Lengths are in CSS pixels.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// How far the list is scrolled.
    pub top: f64,
    /// How much of it can be seen.
    pub height: f64,
    /// The height of a row.
    pub row: f64,
}

impl Window {
    /// The rows that can be seen, of so many.
    pub fn visible(self, count: usize) -> Range<usize> {
        if self.row <= 0.0 {
            return 0..0;
        }
        let first = to_index(self.top / self.row);
        let last = to_index(((self.top + self.height) / self.row).ceil());
        first.min(count)..last.min(count)
    }

    /// The rows that are to be there.
    pub fn rendered(self, count: usize) -> Range<usize> {
        let visible = self.visible(count);
        visible.start.saturating_sub(OVERSCAN)..(visible.end + OVERSCAN).min(count)
    }

    /// How far to scroll so that a row can be seen; as far as now where it can.
    pub fn reveal(self, index: usize) -> f64 {
        let top = from_index(index) * self.row;
        if top < self.top {
            return top;
        }
        let lowest = top + self.row - self.height;
        if lowest > self.top { lowest } else { self.top }
    }

    /// How far to scroll so that the row at `index` is where the one at `before` is now.
    pub fn keep(self, before: usize, index: usize) -> f64 {
        (self.top + (from_index(index) - from_index(before)) * self.row).max(0.0)
    }

    /// How many rows fit into what can be seen.
    pub fn page(self) -> usize {
        if self.row <= 0.0 {
            return 1;
        }
        to_index(self.height / self.row).max(1)
    }
}

/// Where a row begins.
pub fn from_index(index: usize) -> f64 {
    // Lists are far shorter than 2^32.
    u32::try_from(index).unwrap_or(u32::MAX).into()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "not negative, and far below 2^32"
)]
fn to_index(number: f64) -> usize {
    number.max(0.0) as usize
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_seen_and_a_little_more_is_there() {
        let mut window = Window {
            top: 0.0,
            height: 400.0,
            row: 40.0,
        };
        assert_eq!(window.visible(1_000), 0..10);
        assert_eq!(window.rendered(1_000), 0..18);
        assert_eq!(window.rendered(3), 0..3);
        window.top = 4_010.0;
        assert_eq!(window.visible(1_000), 100..111);
        assert_eq!(window.rendered(1_000), 92..119);
        window.top = 1e9;
        assert_eq!(window.visible(1_000), 1_000..1_000);
        assert_eq!(Window::default().rendered(10), 0..8);
        assert_eq!(window.page(), 10);
    }

    #[test]
    fn a_row_is_revealed_by_no_more_than_it_takes() {
        let window = Window {
            top: 400.0,
            height: 400.0,
            row: 40.0,
        };
        assert!((window.reveal(3) - 120.0).abs() < f64::EPSILON);
        assert!((window.reveal(12) - 400.0).abs() < f64::EPSILON);
        assert!((window.reveal(20) - 440.0).abs() < f64::EPSILON);
        assert!((window.keep(10, 13) - 520.0).abs() < f64::EPSILON);
        assert!(window.keep(10, 0).abs() < f64::EPSILON);
    }
}
