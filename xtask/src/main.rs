//! The project's own commands: `cargo xtask test` and `cargo xtask dist`.

mod dist;
mod run;
mod test;
mod tools;

use anyhow::bail;

fn main() -> anyhow::Result<()> {
    match std::env::args().nth(1).as_deref() {
        Some("test") => test::all(),
        Some("dist") => dist::build_committed(),
        _ => bail!("usage: cargo xtask test | dist"),
    }
}
