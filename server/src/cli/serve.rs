//! `vitrina serve`: the server, until a signal stops it.

use std::net::SocketAddr;
use std::num::NonZeroU32;

use anyhow::Context;
use shared::LowStock;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::args::Serving;
use super::output::print;
use crate::access::Limits;
use crate::app::{self, Options};
use crate::backups::Backups;
use crate::engine::journal::Journal;
use crate::http::listen::{inherited, listen};
use crate::http::proxies::Proxies;
use crate::http::tls::Files;

/// How the command line wants the server to be. Too few files for one are an error, found before any
/// is opened.
pub fn options(serving: &Serving) -> anyhow::Result<Options> {
    Ok(Options {
        max_viewers: Some(serving.max_viewers).filter(|max| *max > 0),
        hosts: serving.hosts.clone(),
        origins: serving.origins.clone(),
        backups: serving.backup_to.clone().map(|folder| Backups {
            folder,
            every: serving.backup_every,
            keep: serving.backup_keep,
        }),
        metrics: serving.metrics,
        low_stock: LowStock(serving.low_stock),
        keep_history: serving.keep_history,
        currency: serving.currency.clone(),
        viewing: serving.viewing,
        editing: serving.editing,
        tls: serving
            .tls_cert
            .clone()
            .zip(serving.tls_key.clone())
            .map(|(certificate, key)| Files { certificate, key }),
        limits: Limits {
            requests: NonZeroU32::new(serving.max_requests),
            commands: NonZeroU32::new(serving.max_commands),
            connections: NonZeroU32::new(serving.max_connections),
            sign_ins: NonZeroU32::new(serving.max_sign_ins),
        },
        proxies: Proxies::new(serving.trusted_proxies.clone()),
        base_path: serving.base_path.clone().unwrap_or_default(),
        ..Options::for_this_system()?
    })
}

/// Serves the catalog of a journal, which is opened once the address and all else is there: a start that
/// fails leaves no new file.
pub async fn serve<J: Journal>(
    address: SocketAddr,
    options: Options,
    open: impl FnOnce() -> anyhow::Result<J>,
) -> anyhow::Result<()> {
    let cannot = || {
        format!("can't serve on {address}: choose another address or port with --listen ADDR:PORT")
    };
    let listener = match inherited().context("can't use the port that was handed over")? {
        Some(listener) => listener,
        None => listen(address).with_context(cannot)?,
    };
    let journal = open()?;
    // Until here there is nothing to end well.
    let stop = stop_signal().context("can't listen for signals")?;
    let at = |path: &str| -> anyhow::Result<String> {
        let path = options.base_path.join(path);
        let scheme = options.tls.as_ref().map_or("http", |_| "https");
        Ok(format!("{scheme}://{}{path}", listener.local_addr()?))
    };
    let (url, welcome) = (at("/realtimeproducts")?, at("/welcome")?);
    let on_open = move |first_key: Option<&str>| {
        let open = format!("Vitrina is open: {url}");
        let first = first_key.map_or_else(String::new, |key| {
            let how = "Nobody can sign in yet. Whoever opens this address makes the first admin:";
            format!("\n{how} {welcome}?key={key}")
        });
        // On a thread of its own: nobody may read it.
        std::thread::spawn(move || print(&(open + &first)));
    };
    app::run(listener, journal, options, stop, on_open).await
}

/// Cancelled by Ctrl-C and by SIGTERM.
fn stop_signal() -> std::io::Result<CancellationToken> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let stop = CancellationToken::new();
    let cancel = stop.clone();
    tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        cancel.cancel();
    });
    Ok(stop)
}
