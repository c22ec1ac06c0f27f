//! A client's TCP connection while HTTP is spoken on it: one that takes nothing for a minute ends,
//! whatever is sent, and with it what waits to be sent.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::sync::OwnedSemaphorePermit;
use tokio::time::{Sleep, sleep};

use crate::access::Seat;

/// A connection, and its place among those that are allowed.
pub struct Socket {
    stream: TcpStream,
    place: Place,
    max_stall: Duration,
    /// Runs while the client takes nothing.
    stall: Option<Pin<Box<Sleep>>>,
}

/// The place of a connection among those that are allowed, in all and of its address, held as long as it is open.
pub struct Place {
    _permit: OwnedSemaphorePermit,
    _seat: Option<Seat>,
}

impl Place {
    /// A place in all, and one of an address where those are counted.
    pub fn new(permit: OwnedSemaphorePermit, seat: Option<Seat>) -> Self {
        Self {
            _permit: permit,
            _seat: seat,
        }
    }
}

impl Socket {
    /// A connection that may take nothing for this long.
    pub fn new(stream: TcpStream, place: Place, max_stall: Duration) -> Self {
        Self {
            stream,
            place,
            max_stall,
            stall: None,
        }
    }

    /// The connection itself.
    pub fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// The connection and its place, for another protocol.
    pub fn into_parts(self) -> (TcpStream, Place) {
        (self.stream, self.place)
    }

    /// What came of writing, unless that makes no progress for too long.
    fn watch<T>(
        &mut self,
        written: Poll<io::Result<T>>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<T>> {
        if written.is_ready() {
            self.stall = None;
            return written;
        }
        let max_stall = self.max_stall;
        let stall = self.stall.get_or_insert_with(|| Box::pin(sleep(max_stall)));
        stall
            .as_mut()
            .poll(context)
            .map(|()| Err(io::ErrorKind::TimedOut.into()))
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(context, buffer)
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(context, bytes);
        self.watch(written, context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffers: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write_vectored(context, buffers);
        self.watch(written, context)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
