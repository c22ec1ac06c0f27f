//! A frame in the kernel's memory, from where it goes to many sockets without a copy for each.
//!
//! `send` copies: 24 KiB for each of a thousand sockets are 24 MB, more than a processor's cache
//! holds. `sendfile` (Linux) hands every socket the same memory. Where the system has no
//! such thing, every frame is copied.

use std::io;

use tokio::net::TcpStream;

pub use system::Memfd;

/// With fewer bytes `sendfile` costs more than the copy it saves (`vitrina-bench run --rate 500` to
/// `2000`).
#[cfg(target_os = "linux")]
const MIN_BYTES: usize = 8 * 1024;

/// With fewer files than this none is taken for a frame: some dozens are retained.
#[cfg(target_os = "linux")]
const MIN_FILES: u64 = 1_024;

#[cfg(target_os = "linux")]
mod system {
    use std::fs::File;
    use std::io::Write;
    use std::sync::{Arc, LazyLock};

    use rustix::fs::{MemfdFlags, memfd_create, sendfile};

    use super::{MIN_BYTES, MIN_FILES, TcpStream, io};

    /// Whether the process may open so many files that those of recent frames take none from clients.
    static HAS_FILES: LazyLock<bool> = LazyLock::new(|| {
        let (files, _) = rlimit::Resource::NOFILE.get().unwrap_or_default();
        files >= MIN_FILES
    });

    /// Bytes that are never written again (`memfd_create(2)`).
    #[derive(Clone)]
    pub struct Memfd(Arc<File>);

    impl Memfd {
        /// Copies the bytes there; `None` where that gains nothing or is not possible.
        pub fn new(bytes: &[u8]) -> Option<Self> {
            if bytes.len() < MIN_BYTES || !*HAS_FILES {
                return None;
            }
            let mut file = File::from(memfd_create("frame", MemfdFlags::CLOEXEC).ok()?);
            file.write_all(bytes).ok()?;
            Some(Self(Arc::new(file)))
        }

        /// Sends as much of the first `count` bytes as the socket takes (sendfile(2)).
        pub fn send(&self, stream: &TcpStream, count: usize) -> io::Result<usize> {
            Ok(sendfile(stream, &*self.0, Some(&mut 0), count)?)
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use super::{TcpStream, io};

    /// Has no value where the system has no such memory.
    #[derive(Clone)]
    pub enum Memfd {}

    impl Memfd {
        /// Always `None`.
        pub fn new(_bytes: &[u8]) -> Option<Self> {
            None
        }

        /// Never called.
        pub fn send(&self, _stream: &TcpStream, _count: usize) -> io::Result<usize> {
            match *self {}
        }
    }
}
