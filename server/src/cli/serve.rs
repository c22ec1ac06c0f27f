//! `vitrina serve`: the server, until a signal stops it.

use anyhow::Context;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use super::args::Args;
use super::output::print;
use crate::app::{self, Options};
use crate::engine::journal::SqliteJournal;
use crate::http::listen::listen;

/// Serves a journal's catalog.
pub async fn serve(args: &Args, journal: SqliteJournal) -> anyhow::Result<()> {
    let address = args.listen;
    let stop = stop_signal().context("can't listen for signals")?;
    let listener = listen(address).with_context(|| {
        format!("can't serve on {address}: choose another address or port with --listen ADDR:PORT")
    })?;
    let url = format!("http://{}", listener.local_addr()?);
    // On a thread of its own: nobody may read it.
    std::thread::spawn(move || print(&format_args!("Vitrina is open: {url}/realtimeproducts")));
    let options = Options {
        hosts: args.hosts.clone(),
        origins: args.origins.clone(),
        ..Options::for_this_system()?
    };
    app::run(listener, journal, options, stop).await
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
