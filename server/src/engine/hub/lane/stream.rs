//! The lane as tungstenite sees it: a stream to read frames from, and to write the few that
//! belong to the protocol itself, pings, pongs and closes.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::Lane;

/// A lane's socket, shared with the hub.
pub struct LaneStream(pub Arc<Lane>);

impl AsyncRead for LaneStream {
    fn poll_read(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = &self.0.stream;
        loop {
            ready!(stream.poll_read_ready(context))?;
            match stream.try_read(buffer.initialize_unfilled()) {
                Ok(read) => {
                    buffer.advance(read);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }
}

impl AsyncWrite for LaneStream {
    fn poll_write(
        self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let lane = &self.0;
        loop {
            ready!(lane.stream.poll_write_ready(context))?;
            let mut state = lane.state();
            if !lane.write_rest(&mut state)? {
                continue;
            }
            match lane.stream.try_write(bytes) {
                Ok(written) => {
                    // tungstenite writes whole frames: what it writes to the end ends one.
                    state.is_cut = written < bytes.len();
                    return Poll::Ready(Ok(written));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let lane = &self.0;
        loop {
            let is_written = lane.write_rest(&mut lane.state())?;
            if is_written {
                return Poll::Ready(Ok(()));
            }
            ready!(lane.stream.poll_write_ready(context))?;
        }
    }

    fn poll_shutdown(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        // The socket is closed when its last owner lets go of it.
        self.poll_flush(context)
    }
}
