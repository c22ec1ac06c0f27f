//! `vitrina-bench`: what a delivery costs the server, beside the least it could cost.
//!
//! Many live connections are held by one thread ([`crowd`]), products are written over HTTP or the
//! socket ([`writers`]), and the server under test is a process of its own ([`target`]) whose CPU
//! and memory the kernel counts.

mod cluster;
mod count;
mod crowd;
mod folder;
mod frame;
mod import;
mod limit;
mod list;
mod losses;
mod mark;
mod medians;
mod page;
mod peers;
mod run;
mod sign_in;
mod slow;
mod store;
mod storm;
mod subscriber;
mod target;
mod wire;
mod writers;

use std::net::SocketAddr;

use clap::{Parser, Subcommand};

use crate::target::Kind;
use crate::writers::{Transport, Work};

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
        #[arg(
            long,
            value_delimiter = ',',
            default_value = "limit,vitrina,socket-io,socketioxide,pocket-base"
        )]
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
        /// How they write; over the socket to Vitrina only.
        #[arg(long, default_value = "http")]
        over: Transport,
        /// For how long.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// How often each target has its turn.
        #[arg(long, default_value_t = 1)]
        rounds: usize,
    },
    /// Runs several servers on one PostgreSQL, which waits for a standby, or on one Redis.
    Cluster {
        /// The servers to compare; the first is what the others' ratios are of.
        #[arg(long, value_delimiter = ',', default_value = "vitrina")]
        targets: Vec<Kind>,
        /// How many of them, in turn.
        #[arg(long, value_delimiter = ',', default_value = "1,2,3")]
        servers: Vec<usize>,
        /// Live connections to each server.
        #[arg(long, default_value_t = 0)]
        connections: usize,
        /// Products written each second; 0 is as many as the writers can.
        #[arg(long, default_value_t = 0)]
        rate: u32,
        /// Programs that write at the same time, over all servers.
        #[arg(long, default_value_t = 32)]
        writers: usize,
        /// Write to the first server alone, and have the pages at the others.
        #[arg(long)]
        apart: bool,
        /// For how long.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// How often each has its turn.
        #[arg(long, default_value_t = 1)]
        rounds: usize,
    },
    /// Kills one of three servers, and then what they share, and looks what is lost.
    Losses {
        /// The servers to compare.
        #[arg(long, value_delimiter = ',', default_value = "vitrina,socket-io-redis")]
        targets: Vec<Kind>,
        /// Live connections to each of the two servers that live on.
        #[arg(long, default_value_t = 50)]
        connections: usize,
        /// Products written each second.
        #[arg(long, default_value_t = 100)]
        rate: u32,
        /// For how long.
        #[arg(long, default_value_t = 9)]
        seconds: u64,
    },
    /// Opens the list in Chromium, as Vitrina's page shows it and as others do on the same socket.
    Page {
        /// The pages to compare; the first is what the others' ratios are of.
        #[arg(long, value_delimiter = ',', default_value = "vitrina,plain,react")]
        pages: Vec<page::Kind>,
        /// Products in the list, in turn.
        #[arg(long, value_delimiter = ',', default_value = "1000,10000,100000")]
        products: Vec<u64>,
    },
    /// Restarts Vitrina and has all pages come back at once.
    Storm {
        /// Pages.
        #[arg(long, default_value_t = 5_000)]
        connections: usize,
        /// Products in the list.
        #[arg(long, default_value_t = 10_000)]
        products: u64,
        /// How many of them the pages missed; without it they know nothing.
        #[arg(long)]
        missed: Option<u64>,
    },
    /// Has pages that read nothing beside a crowd that reads, and the crowd alone, in turn.
    Slow {
        /// Pages that read.
        #[arg(long, default_value_t = 1_000)]
        connections: usize,
        /// Pages that read nothing.
        #[arg(long, default_value_t = 100)]
        slow: usize,
        /// Products written each second.
        #[arg(long, default_value_t = 500)]
        rate: u32,
        /// For how long.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// How often each has its turn.
        #[arg(long, default_value_t = 1)]
        rounds: usize,
    },
    /// Asks for pages of a long list, searched, sorted and filtered.
    List {
        /// The servers to compare; the first is what the others' times are of.
        #[arg(long, value_delimiter = ',', default_value = "vitrina,pocket-base")]
        targets: Vec<Kind>,
        /// Products in the list.
        #[arg(long, default_value_t = 100_000)]
        products: u64,
        /// Programs that ask at the same time.
        #[arg(long, default_value_t = 8)]
        connections: usize,
        /// For how long, each question.
        #[arg(long, default_value_t = 5)]
        seconds: u64,
    },
    /// Signs in with a wrong name and with a wrong password, in turn.
    SignIn {
        /// How often each has its turn.
        #[arg(long, default_value_t = 100)]
        rounds: u64,
    },
    /// Imports a file while pages watch, and while none does.
    Import {
        /// Rows of the file.
        #[arg(long, default_value_t = 100_000)]
        rows: u64,
        /// Pages.
        #[arg(long, default_value_t = 1_000)]
        connections: usize,
    },
    /// Restarts Vitrina with many products and opens one page.
    StartUp {
        /// Products in the list.
        #[arg(long, default_value_t = 100_000)]
        products: u64,
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
            over,
            seconds,
            rounds,
        } => {
            let work = Work::marked(writers, rate, over, seconds);
            run::compare(&targets, connections, &work, rounds)
        }
        Command::Cluster {
            targets,
            servers,
            connections,
            rate,
            writers,
            apart,
            seconds,
            rounds,
        } => {
            let work = Work::marked(writers, rate, Transport::Http, seconds);
            cluster::compare(&targets, &servers, connections, &work, apart, rounds)
        }
        Command::Losses {
            targets,
            connections,
            rate,
            seconds,
        } => losses::compare(&targets, connections, rate, seconds),
        Command::Storm {
            connections,
            products,
            missed,
        } => storm::come_back(connections, products, missed),
        Command::Slow {
            connections,
            slow,
            rate,
            seconds,
            rounds,
        } => {
            let work = Work::marked(1, rate, Transport::Http, seconds);
            slow::compare(connections, slow, &work, rounds)
        }
        Command::List {
            targets,
            products,
            connections,
            seconds,
        } => list::compare(&targets, products, connections, seconds),
        Command::SignIn { rounds } => sign_in::compare(rounds),
        Command::Import { rows, connections } => import::compare(rows, connections),
        Command::Page { pages, products } => page::compare(&pages, &products),
        Command::StartUp { products } => storm::start_up(products),
    }
}
