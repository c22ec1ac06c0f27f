//! Cells that a spreadsheet would take for a formula get an apostrophe before them, which it shows
//! as text and does not run; an import takes that one off again.

use std::borrow::Cow;

/// What a formula, or something that runs as one, begins with.
const RISKY: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Whether a text is risky, or looks like a risky one that is guarded.
fn is_risky(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(RISKY)
}

/// The text as a cell that is safe to open.
pub fn guard(text: &str) -> Cow<'_, str> {
    if is_risky(text) {
        format!("'{text}").into()
    } else {
        text.into()
    }
}

/// The text that a cell stands for.
pub fn unguard(cell: &str) -> &str {
    match cell.strip_prefix('\'') {
        Some(text) if is_risky(text) => text,
        _ => cell,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_as_a_formula_is_guarded_and_nothing_is_lost() {
        for risky in ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "'=1", "''-x", "''@"] {
            let cell = guard(risky);
            assert_eq!(cell, format!("'{risky}"));
            assert_eq!(unguard(&cell), risky);
        }
        for harmless in ["Lamp", "'quoted'", "", "'", "a=b", "1-2"] {
            assert_eq!(guard(harmless), harmless);
            assert_eq!(unguard(harmless), harmless);
        }
    }
}
