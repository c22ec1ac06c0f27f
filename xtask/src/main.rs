//! The project's own commands: `cargo xtask test`, `walls`, `mutants`, `dist`, `fuzz`, `soak`,
//! `cluster` and `bench`.

mod bench;
mod cluster;
mod dist;
mod fuzz;
mod mutants;
mod run;
mod test;
mod tools;
mod walls;

use anyhow::bail;

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match arguments[..] {
        ["test"] => test::all(),
        ["dist"] => dist::build_committed(),
        ["walls"] => walls::check(),
        ["mutants"] => mutants::run(None),
        ["mutants", part] => mutants::run(Some(part)),
        ["fuzz"] => fuzz::run("300"),
        ["fuzz", "--seconds", seconds] => fuzz::run(seconds),
        ["soak", "--seconds", seconds] => test::soak(seconds),
        ["cluster"] => cluster::start(),
        ["cluster", "--chaos", faults] => cluster::chaos(faults),
        ["bench"] => bench::standard(),
        _ => bail!(
            "usage: cargo xtask test | walls | mutants [shared | server] | dist | \
             fuzz [--seconds N] | soak --seconds N | cluster [--chaos N] | bench"
        ),
    }
}
