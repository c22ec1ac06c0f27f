//! What takes how long, as spans for whoever gathers traces (OpenTelemetry). Nobody who does not ask for them pays
//! for them, and the log has none of them.

/// The target of spans that are for traces alone.
pub const TARGET: &str = "vitrina::spans";
