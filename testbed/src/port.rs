//! Ports for programs that need to know theirs before they start, or keep it over a restart.

use std::net::{Ipv4Addr, Ipv6Addr, TcpListener};
use std::sync::atomic::{AtomicU16, Ordering};

/// Below what Linux gives to outgoing connections (32768 and up): one of those could otherwise
/// take the port of a server while it restarts.
const FIRST: u16 = 20_000;
const COUNT: u16 = 10_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port that is free on IPv4 and IPv6, and given to nobody else in this process.
pub fn free_port() -> u16 {
    // Processes that run at the same time start at different places.
    let start = u16::try_from(std::process::id() % u32::from(COUNT)).expect("below COUNT");
    (0..COUNT)
        .map(|_| {
            let next = NEXT.fetch_add(1, Ordering::Relaxed);
            FIRST + start.wrapping_add(next) % COUNT
        })
        .find(|&port| {
            let ipv4 = TcpListener::bind((Ipv4Addr::LOCALHOST, port)).is_ok();
            // A machine without IPv6 has nothing there that could be taken.
            let ipv6 = TcpListener::bind((Ipv6Addr::LOCALHOST, port));
            ipv4 && !ipv6.is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
        })
        .expect("a free port")
}
