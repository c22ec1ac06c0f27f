//! What several rounds come to. A machine that does other things besides makes one round cheap and
//! the next dear: the median says what is usual, the least and the most how far to trust it.

use crate::target::Kind;

/// What is compared of one round of one target; what pages see only where there are pages.
pub struct Round {
    /// Which.
    pub kind: Kind,
    /// Products written each second.
    pub writes: f64,
    /// The hundredth of deliveries that took longest, from the request to a page, in milliseconds.
    pub delay_ms: Option<f64>,
    /// Its CPU time for each delivery, to that of the round's first target.
    pub ratio: f64,
    /// The hundredth of products that took longest to their last page, in milliseconds.
    pub last_page_ms: Option<f64>,
    /// Memory of an idle page.
    pub page_kib: Option<f64>,
}

/// A table with a line for each target, in the order of the first round.
pub fn table(rounds: &[Round]) -> String {
    let mut table =
        "| target | rounds | ratio: median (least to most) | writes/s | delay p99 ms | \
                     last page p99 ms | KiB/connection |\n|---|---|---|---|---|---|---|\n"
            .to_owned();
    let mut kinds: Vec<Kind> = Vec::new();
    for round in rounds {
        if !kinds.contains(&round.kind) {
            kinds.push(round.kind);
        }
    }
    for kind in kinds {
        let of_kind = || rounds.iter().filter(|round| round.kind == kind);
        let line = format!(
            "| {kind:?} | {} | {} | {} | {} | {} | {} |\n",
            of_kind().count(),
            spread(of_kind().map(|round| round.ratio)),
            spread(of_kind().map(|round| round.writes)),
            spread(of_kind().filter_map(|round| round.delay_ms)),
            spread(of_kind().filter_map(|round| round.last_page_ms)),
            spread(of_kind().filter_map(|round| round.page_kib)),
        );
        table.push_str(&line);
    }
    table
}

/// The median of some figures, and the least and the most of them.
fn spread(figures: impl Iterator<Item = f64>) -> String {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    let upper = figures.get(figures.len() / 2);
    let lower = figures.get(figures.len().saturating_sub(1) / 2);
    match (lower, upper, figures.first(), figures.last()) {
        (Some(lower), Some(upper), Some(least), Some(most)) => {
            let median = f64::midpoint(*lower, *upper);
            format!("{median:.2} ({least:.2} to {most:.2})")
        }
        _ => "-".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_median_is_in_the_middle() {
        assert_eq!(spread([3.0, 1.0, 2.0].into_iter()), "2.00 (1.00 to 3.00)");
        assert_eq!(spread([4.0, 1.0].into_iter()), "2.50 (1.00 to 4.00)");
        assert_eq!(spread(std::iter::empty()), "-");
    }
}
