//! The port that is served, set up for many clients.

use std::io;
use std::net::SocketAddr;

use listenfd::ListenFd;
use socket2::SockRef;
use tokio::net::{TcpListener, TcpSocket};

/// The most handshakes that wait to be accepted. All clients come back at once after a restart, and
/// each that finds no room here tries again a second later.
const MAX_BACKLOG: u32 = 4_096;

/// What the kernel may keep for a connection that takes nothing; Linux doubles it (socket(7)).
/// Left to itself it would keep up to 4 MiB for each.
const SEND_BUFFER_BYTES: u32 = 64 * 1024;

/// The port that whoever started the program opened for it (`sd_listen_fds(3)`), where there is one: it stays
/// open while one server follows another, so that nobody is refused in between.
pub fn inherited() -> io::Result<Option<TcpListener>> {
    let Some(listener) = ListenFd::from_env().take_tcp_listener(0)? else {
        return Ok(None);
    };
    listener.set_nonblocking(true)?;
    let bytes = SEND_BUFFER_BYTES as usize;
    SockRef::from(&listener).set_send_buffer_size(bytes)?;
    TcpListener::from_std(listener).map(Some)
}

/// Opens a port to serve on.
pub fn listen(on: SocketAddr) -> io::Result<TcpListener> {
    let socket = if on.is_ipv4() {
        TcpSocket::new_v4()?
    } else {
        TcpSocket::new_v6()?
    };
    // A port that was served a moment ago can be served again at once.
    socket.set_reuseaddr(true)?;
    // Accepted connections inherit it.
    socket.set_send_buffer_size(SEND_BUFFER_BYTES)?;
    socket.bind(on)?;
    socket.listen(MAX_BACKLOG)
}
