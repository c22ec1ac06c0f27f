//! TLS on the port that is served (RFC 8446). Each connection of HTTP/1.1 is unsealed into one within the machine, so
//! that all behind it is the same as without, the fan-out too, which writes to sockets itself.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use arc_swap::ArcSwap;
use rustls::ServerConfig;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio::io::{AsyncWriteExt, copy, split};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Mutex, Semaphore};
use tokio::task::spawn_blocking;
use tokio::time::{interval, timeout};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::server::TlsStream;
use tokio_util::sync::CancellationToken;

use super::listen::listen;
use super::shutdown::Shutdown;
use super::socket::{Place, Socket};

/// How long a handshake may take.
const HANDSHAKE_TIME: Duration = Duration::from_secs(10);

/// How often it is looked whether the certificate's files are others.
const LOOK_TIME: Duration = Duration::from_secs(5);

/// How many connections' files of its own a sealed connection takes: its socket, and both ends of the one
/// within the machine.
pub const FILES_PER_CONNECTION: usize = 3;

/// The name of HTTP/2 in a handshake (RFC 9113 section 3.1).
const HTTP_2: &[u8] = b"h2";

/// A connection that is sealed.
pub type SealedStream = Box<TlsStream<Socket>>;

/// A connection whose handshake is done.
pub enum Unsealed {
    /// HTTP/1.1, unsealed.
    Http1(Socket),
    /// HTTP/2.
    Http2(SealedStream),
}

/// A request that came sealed.
#[derive(Clone, Copy, Debug)]
pub struct Sealed;

/// What connections are sealed with. A clone is the same.
#[derive(Clone)]
pub struct Tls(Arc<Shared>);

struct Shared {
    files: Files,
    config: ArcSwap<ServerConfig>,
    /// Where connections within the machine are accepted, and what they have as their places.
    inside: Mutex<Option<TcpListener>>,
    places: Arc<Semaphore>,
    max_stall: Duration,
}

/// The files of a certificate and of its key, in PEM (RFC 7468).
#[derive(Clone, Debug)]
pub struct Files {
    /// The certificate, and those that lead from it to one that is trusted.
    pub certificate: PathBuf,
    /// Its key.
    pub key: PathBuf,
}

impl Files {
    fn read(&self) -> anyhow::Result<ServerConfig> {
        let named = |path: &Path| format!("can't use {}", path.display());
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .with_context(|| named(&self.certificate))?;
        let key = PrivateKeyDer::from_pem_file(&self.key).with_context(|| named(&self.key))?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()?
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .with_context(|| named(&self.certificate))?;
        config.alpn_protocols = vec![HTTP_2.to_vec(), b"http/1.1".to_vec()];
        Ok(config)
    }

    /// When they were last written, as far as that can be known.
    fn written(&self) -> [Option<SystemTime>; 2] {
        [&self.certificate, &self.key].map(|path| {
            path.metadata()
                .and_then(|metadata| metadata.modified())
                .ok()
        })
    }
}

impl Tls {
    /// Reads a certificate and its key, for connections that may stall for so long.
    pub fn open(files: Files, max_stall: Duration) -> anyhow::Result<Self> {
        let config = ArcSwap::from_pointee(files.read()?);
        Ok(Self(Arc::new(Shared {
            files,
            config,
            inside: Mutex::new(None),
            places: Arc::new(Semaphore::new(Semaphore::MAX_PERMITS)),
            max_stall,
        })))
    }

    /// Reads the files anew whenever they were written, until the server stops. Connections that are there stay
    /// as they are, and with files that can't be used all do.
    pub async fn follow(self, stop: CancellationToken) {
        let mut looks = interval(LOOK_TIME);
        let mut known = self.0.files.written();
        loop {
            tokio::select! {
                () = stop.cancelled() => return,
                _ = looks.tick() => {}
            }
            // That takes no time to speak of; to read them may.
            let written = self.0.files.written();
            if written == known {
                continue;
            }
            let files = self.0.files.clone();
            let Ok(config) = spawn_blocking(move || files.read()).await else {
                continue;
            };
            known = written;
            match config {
                Ok(config) => {
                    self.0.config.store(Arc::new(config));
                    tracing::info!("the certificate was read anew");
                }
                // One of the two may be about to be written.
                Err(error) => tracing::warn!(
                    error = format!("{error:#}"),
                    "the certificate can't be used: the one before stays"
                ),
            }
        }
    }

    /// Unseals a connection. By HTTP/1.1 any request may become a WebSocket, to which the fan-out writes itself:
    /// what is read from and written to the one that is returned then is what was sealed there.
    pub async fn unseal(
        &self,
        socket: Socket,
        patience: Duration,
        shutdown: &Shutdown,
    ) -> io::Result<Unsealed> {
        let acceptor = TlsAcceptor::from(self.0.config.load_full());
        let sealed = timeout(HANDSHAKE_TIME.min(patience), acceptor.accept(socket)).await;
        let sealed = sealed.map_err(|_| io::ErrorKind::TimedOut)??;
        if sealed.get_ref().1.alpn_protocol() == Some(HTTP_2) {
            return Ok(Unsealed::Http2(Box::new(sealed)));
        }
        let (near, far) = self.pair().await?;
        let place = self.0.places.clone().acquire_owned().await;
        let place = place.map_err(io::Error::other)?;
        shutdown.tasks.spawn(pass_on(sealed, near));
        let place = Place::new(place, None);
        Ok(Unsealed::Http1(Socket::new(far, place, self.0.max_stall)))
    }

    /// Both ends of a connection within the machine.
    async fn pair(&self) -> io::Result<(TcpStream, TcpStream)> {
        let mut inside = self.0.inside.lock().await;
        let listener = match inside.take() {
            Some(listener) => listener,
            None => listen(([127, 0, 0, 1], 0).into())?,
        };
        let near = TcpStream::connect(listener.local_addr()?).await?;
        let own = near.local_addr()?;
        let far = loop {
            let (far, peer) = listener.accept().await?;
            // Anybody else on the machine finds nobody here.
            if peer == own {
                break far;
            }
        };
        *inside = Some(listener);
        near.set_nodelay(true)?;
        far.set_nodelay(true)?;
        Ok((near, far))
    }
}

/// Passes on what comes, both ways, until the server's end is closed.
async fn pass_on(sealed: TlsStream<Socket>, near: TcpStream) {
    let (mut from_client, mut to_client) = split(sealed);
    let (mut from_server, mut to_server) = near.into_split();
    let up = async {
        // However it ended, the server is told that nothing more comes.
        let _ = copy(&mut from_client, &mut to_server).await;
        let _ = to_server.shutdown().await;
    };
    let down = async {
        let _ = copy(&mut from_server, &mut to_client).await;
        let _ = to_client.shutdown().await;
    };
    let (up, mut down) = (std::pin::pin!(up), std::pin::pin!(down));
    tokio::select! {
        () = &mut down => {}
        () = up => down.await,
    }
}
