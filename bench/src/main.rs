//! `vitrina-bench`: what a delivery costs the server, beside the least it could cost.
//!
//! Many live connections are held by one thread ([`crowd`]), products are written over HTTP
//! ([`writers`]), and the server under test is a process of its own ([`target`]) whose CPU and
//! memory the kernel counts.

mod crowd;
mod frame;
mod limit;
mod mark;
mod run;
mod target;
mod writers;

use std::net::SocketAddr;
use std::time::Duration;

use clap::{Parser, Subcommand};

use crate::target::Kind;

#[derive(Parser)]
#[command(name = "vitrina-bench")]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves the yardstick: a bare loop of `write` over all sockets for each product posted.
    Limit {
        /// Where to serve.
        #[arg(long)]
        listen: SocketAddr,
    },
    /// Runs each target in turn and prints what was measured.
    Run {
        /// The servers to compare; the first is what the others' ratios are of.
        #[arg(long, value_delimiter = ',', default_value = "limit,vitrina,socket-io")]
        targets: Vec<Kind>,
        /// Live connections.
        #[arg(long, default_value_t = 1_000)]
        connections: usize,
        /// Products written each second; 0 is as many as the writers can.
        #[arg(long, default_value_t = 20)]
        rate: u32,
        /// Programs that write at the same time.
        #[arg(long, default_value_t = 1)]
        writers: usize,
        /// For how long.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// How often each target has its turn.
        #[arg(long, default_value_t = 1)]
        rounds: usize,
    },
}

fn main() -> anyhow::Result<()> {
    rlimit::increase_nofile_limit(u64::MAX)?;
    match Arguments::parse().command {
        Command::Limit { listen } => limit::serve(listen),
        Command::Run {
            targets,
            connections,
            rate,
            writers,
            seconds,
            rounds,
        } => {
            let load = run::Load {
                connections,
                rate,
                writers,
                time: Duration::from_secs(seconds),
            };
            run::compare(&targets, &load, rounds)
        }
    }
}
