//! The server from start to stop.

use std::net::SocketAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use axum::http::HeaderValue;
use shared::LowStock;
use tokio::net::TcpListener;
use tokio::task::spawn_blocking;
use tokio::time::interval;
use tokio_util::sync::CancellationToken;

use crate::access::{Access, Limits, Openness, Policy, Rates, Seats};
use crate::backups::{Backups, back_up};
use crate::engine::Engine;
use crate::engine::hub::Pace;
use crate::engine::journal::{Journal, RosterStore};
use crate::http::accept::{Callers, ConnectionLimits, serve};
use crate::http::base_path::BasePath;
use crate::http::limits::{max_clients, max_connections};
use crate::http::listen::listen;
use crate::http::middleware::guard::Guard;
use crate::http::middleware::identify::Identifier;
use crate::http::proxies::Proxies;
use crate::http::shutdown::Shutdown;
use crate::http::tls::{FILES_PER_CONNECTION, Files, Tls};
use crate::live::timeouts::Timeouts;
use crate::memory::give_back;
use crate::pages::Currency;
use crate::router::{State, operator_router, router};

/// How long what is under way at the stop may take. After that it is cut off.
const STOP_TIME: Duration = Duration::from_secs(5);

/// How long changes are kept for the history, where nobody says otherwise.
const KEEP_HISTORY: Duration = Duration::from_hours(90 * 24);

/// Nobody but a few machines asks there.
const OPERATOR_LIMITS: ConnectionLimits = ConnectionLimits {
    max_connections: 16,
    callers: None,
    max_stall: Duration::from_secs(10),
};

/// How many connections an address may have for each live one: a browser that opens a page takes some more for
/// its files.
const CONNECTIONS_PER_LIVE_ONE: NonZeroU32 = NonZeroU32::new(4).expect("more than none");

/// How often it is forgotten who asked how often.
const FORGET_TIME: Duration = Duration::from_mins(1);

/// How many files most systems let a process open.
const USUAL_FILES: u64 = 1_024;

/// How the server behaves. Tests set some of it otherwise.
#[derive(Clone, Debug)]
pub struct Options {
    /// How often the hub speaks.
    pub pace: Pace,
    /// How long a connection is waited for.
    pub timeouts: Timeouts,
    /// The most connections at a time, of clients and of requests.
    pub max_connections: usize,
    /// The most live clients among them.
    pub max_clients: usize,
    /// The most viewers, where somebody said how many.
    pub max_viewers: Option<usize>,
    /// Names that are served, lower case. On a loopback listener they are those beside addresses
    /// and `localhost`; elsewhere, without any, every name is.
    pub hosts: Vec<String>,
    /// Other sites whose pages may use the API and the socket, such as `https://shop.example`.
    pub origins: Vec<HeaderValue>,
    /// The path under which a proxy serves it.
    pub base_path: BasePath,
    /// What prices are in, where pages are to say so.
    pub currency: Option<Currency>,
    /// Backups that it makes by itself.
    pub backups: Option<Backups>,
    /// Where a machine that looks after the server asks what it counts; nowhere without it.
    pub metrics: Option<SocketAddr>,
    /// Up to which stock there are few left.
    pub low_stock: LowStock,
    /// How long changes are kept for the history.
    pub keep_history: Duration,
    /// Who may see the list, where that was said.
    pub viewing: Option<Openness>,
    /// Who may change it, where that was said.
    pub editing: Option<Openness>,
    /// Proxies that are trusted to say where a request comes from.
    pub proxies: Proxies,
    /// How often an address and a person may ask.
    pub limits: Limits,
    /// The certificate by which connections are encrypted, where they are.
    pub tls: Option<Files>,
}

impl Options {
    /// As many clients as the system gives file descriptors for; too few of them are an error.
    pub fn for_this_system() -> anyhow::Result<Self> {
        let files = rlimit::increase_nofile_limit(u64::MAX).unwrap_or(USUAL_FILES);
        Ok(Self::with_connections(max_connections(files)?))
    }

    fn with_connections(max_connections: usize) -> Self {
        Self {
            pace: Pace::default(),
            timeouts: Timeouts::default(),
            max_connections,
            max_clients: max_clients(max_connections),
            max_viewers: None,
            hosts: Vec::new(),
            origins: Vec::new(),
            base_path: BasePath::default(),
            currency: None,
            backups: None,
            metrics: None,
            low_stock: LowStock::default(),
            keep_history: KEEP_HISTORY,
            viewing: None,
            editing: None,
            proxies: Proxies::default(),
            limits: Limits::default(),
            tls: None,
        }
    }
}

impl Default for Options {
    /// As many clients as most systems allow without being asked.
    fn default() -> Self {
        Self::with_connections(max_connections(USUAL_FILES).unwrap_or_default())
    }
}

/// Opens the address where a machine asks that looks after the server, if there is one.
fn open_operator(address: Option<SocketAddr>) -> anyhow::Result<Option<(TcpListener, Guard)>> {
    let Some(address) = address else {
        return Ok(None);
    };
    let cannot = || format!("can't serve metrics on {address}: choose another with --metrics");
    let listener = listen(address).with_context(cannot)?;
    let is_loopback = address.ip().to_canonical().is_loopback();
    let guard = Guard::new(Vec::new(), Vec::new(), is_loopback);
    Ok(Some((listener, guard)))
}

/// Forgets from time to time who asked how often, until the server stops.
async fn forget(rates: Rates, stop: CancellationToken) {
    let mut minutes = interval(FORGET_TIME);
    loop {
        tokio::select! {
            () = stop.cancelled() => return,
            _ = minutes.tick() => rates.forget(),
        }
    }
}

/// Who may do what, by what the journal knows of people and by the policy where there are some or none.
async fn open_access(
    roster: Arc<RosterStore>,
    sign_ins: Option<NonZeroU32>,
    policy: impl FnOnce(bool) -> anyhow::Result<Policy> + Send + 'static,
) -> anyhow::Result<Access> {
    spawn_blocking(move || Access::open(roster, sign_ins, policy)).await?
}

/// Serves the journal's catalog until `stop`, then answers what was taken and returns. `on_open` is called once
/// all is there, with what opens the page on which the first admin is made, where nobody could sign in yet.
pub async fn run(
    listener: TcpListener,
    mut journal: impl Journal,
    options: Options,
    stop: CancellationToken,
    on_open: impl FnOnce(Option<&str>),
) -> anyhow::Result<()> {
    let address = listener.local_addr()?;
    let is_loopback = address.ip().to_canonical().is_loopback();
    let guard = Guard::new(options.hosts, options.origins.clone(), is_loopback);
    let max_stall = options.timeouts.stalled;
    let open = |files| Tls::open(files, max_stall);
    let tls = options.tls.map(open).transpose()?;
    let files = tls.as_ref().map_or(1, |_| FILES_PER_CONNECTION);
    let max_clients = options.max_clients / files;
    let max_clients = options
        .max_viewers
        .map_or(max_clients, |max| max.min(max_clients));
    let operator = open_operator(options.metrics)?;
    journal.keep_history(options.keep_history);
    let (viewing, editing) = (options.viewing, options.editing);
    let policy = move |has_people| Policy::new(address.ip(), viewing, editing, has_people);
    let mut engine = Engine::start(journal, options.pace, max_clients)?;
    let opened = open_access(engine.roster().clone(), options.limits.sign_ins, policy).await;
    let access = match opened {
        Ok(access) => access,
        Err(error) => {
            engine.stop(Some(STOP_TIME)).await?;
            return Err(error);
        }
    };
    on_open(access.first_key());
    let shutdown = Shutdown::new(stop);
    let memory = give_back(shutdown.tasks.clone(), shutdown.stop.clone());
    shutdown.tasks.spawn(memory);
    if let Some(backups) = options.backups {
        let work = back_up(engine.archive().clone(), backups, shutdown.stop.clone());
        shutdown.tasks.spawn(work);
    }
    if let Some(tls) = &tls {
        let follow = tls.clone().follow(shutdown.stop.clone());
        shutdown.tasks.spawn(follow);
    } else if !is_loopback && !options.proxies.are_trusted() {
        tracing::warn!(
            "other machines reach this without encryption: put a proxy with TLS in front and name it with \
             --trusted-proxy, or give a certificate with --tls-cert and --tls-key"
        );
    }
    shutdown
        .tasks
        .spawn(access.clone().follow(shutdown.stop.clone()));
    let rates = Rates::new(options.limits, engine.hub().metrics().clone());
    shutdown
        .tasks
        .spawn(forget(rates.clone(), shutdown.stop.clone()));
    let of_address = options.limits.connections;
    let of_address = of_address.map(|max| max.saturating_mul(CONNECTIONS_PER_LIVE_ONE));
    let max_connections = options.max_connections / files;
    // Where there are few, no address has all of them.
    let most = u32::try_from(max_connections * 3 / 4).unwrap_or(u32::MAX);
    let most = NonZeroU32::new(most).unwrap_or(NonZeroU32::MIN);
    let limits = ConnectionLimits {
        max_connections,
        callers: Some(Callers {
            seats: Seats::new(
                "tcp_connections",
                of_address.map(|max| max.min(most)),
                engine.hub().metrics().clone(),
            ),
            proxies: options.proxies.clone(),
        }),
        max_stall,
    };
    let identifier = Identifier {
        access,
        proxies: options.proxies,
        rates,
    };
    let base_path = options.base_path;
    let state = State::new(
        &engine,
        options.timeouts,
        shutdown.clone(),
        base_path.clone(),
        options.currency.clone(),
        options.low_stock,
        &identifier,
    )?;
    if let Some((listener, guard)) = operator {
        let router = operator_router(state.clone(), guard);
        let shutdown = shutdown.clone();
        // It ends when no more is accepted.
        tokio::spawn(
            async move { serve(listener, None, router, OPERATOR_LIMITS, &shutdown).await },
        );
    }
    let router = base_path.mount(router(state, guard, identifier, &options.origins)?);
    tokio::select! {
        () = serve(listener, tls, router, limits, &shutdown) => {}
        error = engine.failed() => {
            // What was refused meanwhile is told before the end.
            shutdown.stop.cancel();
            shutdown.finish(STOP_TIME).await;
            return Err(error);
        }
    }
    // The hub speaks until every connection has said goodbye.
    shutdown.finish(STOP_TIME).await;
    engine.stop(Some(STOP_TIME)).await
}
