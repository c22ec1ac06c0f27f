//! `vitrina completions` and `vitrina man`: what shells and `man` know of the program, made of
//! the same definition as its command line.

use std::io::Write;

use anyhow::Context;
use clap_complete::Shell;

use super::args::command;

/// Writes a shell's completions.
pub fn completions(shell: Shell) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(shell, &mut command(), "vitrina", &mut script);
    Ok(std::io::stdout().write_all(&script)?)
}

/// Writes the manual page of the program, or of one of its commands.
pub fn manual(of: Option<&str>) -> anyhow::Result<()> {
    let mut command = command();
    // A command's page knows the flags that all of them take, and its own full name.
    command.build();
    if let Some(name) = of {
        let found = command.find_subcommand(name);
        command = found
            .with_context(|| format!("there is no command {name}"))?
            .clone();
    }
    let mut page = Vec::new();
    clap_mangen::Man::new(command).render(&mut page)?;
    Ok(std::io::stdout().write_all(&page)?)
}
