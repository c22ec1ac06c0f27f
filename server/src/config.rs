//! Flags and environment.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, ValueEnum};

/// Keeps one product list live on every page that shows it.
#[derive(Debug, Parser)]
#[command(name = "vitrina", version)]
pub struct Config {
    /// Address and port to serve on. Every machine that can reach the address can change the
    /// list; 127.0.0.1 is this machine alone.
    #[arg(
        long,
        env = "VITRINA_LISTEN",
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:8080"
    )]
    pub listen: SocketAddr,

    /// The file that holds the products. It is made where there is none.
    #[arg(
        long,
        env = "VITRINA_DATA",
        value_name = "FILE",
        default_value = "vitrina.db"
    )]
    pub data: PathBuf,

    /// How log lines are written to standard error. `RUST_LOG` chooses which (`debug`,
    /// `vitrina=warn`, ...).
    #[arg(
        long,
        env = "VITRINA_LOG",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log: LogFormat,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}
