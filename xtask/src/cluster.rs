//! Several servers as a shop runs them, on this machine: PostgreSQL with a standby, three servers, and
//! a balancer before them.

use std::io::Write;
use std::process::{Child, Command};
use std::sync::mpsc;

use anyhow::Context;
use testbed::{Postgres, free_port};

use crate::run::{command, run, target};
use crate::test;
use crate::tools::{self, cargo};

/// Where the balancer listens.
const ADDRESS: &str = "127.0.0.1:8080";

const SERVERS: usize = 3;

/// A process that ends with this.
struct Running(Child);

impl Running {
    fn start(mut command: Command) -> anyhow::Result<Self> {
        let child = command.spawn();
        Ok(Self(child.with_context(|| format!("{command:?}"))?))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ctrl-C has ended it already, most likely.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts all of it, says where it is, and takes it down on Ctrl-C.
pub fn start() -> anyhow::Result<()> {
    tools::postgres()?;
    tools::haproxy()?;
    run(&mut cargo(&[
        "build",
        "--locked",
        "--release",
        "--package",
        "vitrina",
    ]))?;
    let (stop, stopped) = mpsc::channel();
    ctrlc::set_handler(move || {
        // Once is enough.
        let _ = stop.send(());
    })?;
    let postgres = Postgres::start_with_standby();
    let url = postgres.url();
    let vitrina = target().join("release/vitrina");
    let vitrina = vitrina.to_str().context("a path that is no text")?;
    let mut running = Vec::new();
    let mut hosts = Vec::new();
    for _ in 0..SERVERS {
        let host = format!("127.0.0.1:{}", free_port());
        let mut server = command(vitrina, &["--journal", &url, "--listen", &host]);
        server.stdout(std::process::Stdio::null());
        running.push(Running::start(server)?);
        hosts.push(host);
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("haproxy.cfg");
    std::fs::File::create(&path)?.write_all(balancer(&hosts).as_bytes())?;
    let mut haproxy = command("haproxy", &["-db", "-f"]);
    haproxy.arg(&path);
    running.push(Running::start(haproxy)?);
    println!("The list:  http://{ADDRESS}/realtimeproducts");
    for host in &hosts {
        println!("A server:  http://{host}/realtimeproducts");
    }
    println!("Database:  {url}");
    println!("Ctrl-C takes all of it down.");
    stopped.recv()?;
    Ok(())
}

/// What the balancer is told: a connection goes to the server that has the fewest, and one that
/// answers no more loses all of its own at once.
fn balancer(hosts: &[String]) -> String {
    let servers = hosts.iter().enumerate();
    let servers = servers.map(|(number, host)| format!("    server vitrina{number} {host}\n"));
    let servers: Vec<String> = servers.collect();
    format!(
        "defaults
    mode tcp
    timeout connect 1s
    timeout client 2m
    timeout server 2m
frontend list
    bind {ADDRESS}
    default_backend servers
backend servers
    balance leastconn
    option httpchk
    http-check send meth GET uri /api/products?limit=1 ver HTTP/1.1 hdr Host 127.0.0.1
    option redispatch
    default-server check inter 500ms fall 2 rise 1 on-marked-down shutdown-sessions
{}",
        servers.concat()
    )
}

/// Lets so many things fail under three servers, and looks whether anything is lost.
pub fn chaos(faults: &str) -> anyhow::Result<()> {
    tools::postgres()?;
    test::chaos(faults)
}
