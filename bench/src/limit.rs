//! The yardstick: for each product posted, one bare loop of `write` over all sockets. It keeps
//! nothing, checks nothing, and can't be beaten by a server that writes to each socket.

use std::io::{self, Read, Write};
use std::net::SocketAddr;

use anyhow::Context;
use mio::net::{TcpListener, TcpStream};
use mio::{Events, Interest, Poll, Token};
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use crate::frame;

const LISTENER: Token = Token(usize::MAX);

/// Serves until it is killed.
pub fn serve(listen: SocketAddr) -> anyhow::Result<()> {
    let mut listener = TcpListener::bind(listen)?;
    println!("http://{}/", listener.local_addr()?);
    let mut poll = Poll::new()?;
    poll.registry()
        .register(&mut listener, LISTENER, Interest::READABLE)?;
    let mut sockets: Vec<Option<Socket>> = Vec::new();
    let mut events = Events::with_capacity(1_024);
    loop {
        poll.poll(&mut events, None)?;
        let mut posted = Vec::new();
        for event in &events {
            if event.token() == LISTENER {
                accept(&listener, &poll, &mut sockets)?;
            } else {
                read(&mut sockets[event.token().0], &mut posted)?;
            }
        }
        for product in posted {
            let message = frame::text(&product);
            for socket in sockets.iter_mut().flatten().filter(|socket| socket.is_live) {
                // A socket that takes nothing is not waited for: this one keeps no queues.
                let _ = socket.stream.write(&message);
            }
        }
    }
}

struct Socket {
    stream: TcpStream,
    /// The beginning of a request whose rest has not come.
    rest: Vec<u8>,
    is_live: bool,
}

fn accept(
    listener: &TcpListener,
    poll: &Poll,
    sockets: &mut Vec<Option<Socket>>,
) -> anyhow::Result<()> {
    loop {
        let mut stream = match listener.accept() {
            Ok((stream, _)) => stream,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        stream.set_nodelay(true)?;
        let token = Token(sockets.len());
        poll.registry()
            .register(&mut stream, token, Interest::READABLE)?;
        sockets.push(Some(Socket {
            stream,
            rest: Vec::new(),
            is_live: false,
        }));
    }
}

/// Reads requests; a posted product is put with the others of this turn, and answered.
fn read(place: &mut Option<Socket>, posted: &mut Vec<Vec<u8>>) -> anyhow::Result<()> {
    let Some(socket) = place else { return Ok(()) };
    let mut buffer = [0; 16 * 1024];
    loop {
        match socket.stream.read(&mut buffer) {
            Ok(0) => {
                *place = None;
                return Ok(());
            }
            // What a live connection sends are pongs.
            Ok(_) if socket.is_live => {}
            Ok(read) => {
                socket.rest.extend_from_slice(&buffer[..read]);
                while let Some(request) = request(socket)? {
                    match request {
                        Request::Upgrade => {}
                        Request::Product(product) => posted.push(product),
                    }
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(()),
            Err(_) => {
                *place = None;
                return Ok(());
            }
        }
    }
}

enum Request {
    Upgrade,
    Product(Vec<u8>),
}

/// Takes one request from what was read, and answers it.
fn request(socket: &mut Socket) -> anyhow::Result<Option<Request>> {
    let mut headers = [httparse::EMPTY_HEADER; 32];
    let mut request = httparse::Request::new(&mut headers);
    let httparse::Status::Complete(head) = request.parse(&socket.rest)? else {
        return Ok(None);
    };
    let header = |name: &str| {
        let header = request
            .headers
            .iter()
            .find(|h| h.name.eq_ignore_ascii_case(name));
        header.map(|header| header.value)
    };
    if let Some(key) = header("sec-websocket-key") {
        let accept = derive_accept_key(key);
        let answer = format!(
            "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
             Sec-WebSocket-Accept: {accept}\r\n\r\n"
        );
        socket.stream.write_all(answer.as_bytes())?;
        socket.is_live = true;
        socket.rest = Vec::new();
        return Ok(Some(Request::Upgrade));
    }
    let length = header("content-length").context("a request without a length")?;
    let length: usize = std::str::from_utf8(length)?.parse()?;
    let Some(body) = socket.rest.get(head..head + length) else {
        return Ok(None);
    };
    let product = body.to_vec();
    socket.rest.drain(..head + length);
    let answer = b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n";
    socket.stream.write_all(answer)?;
    Ok(Some(Request::Product(product)))
}
