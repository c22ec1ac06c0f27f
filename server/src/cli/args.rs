//! The command line and the environment.

use std::ffi::{OsStr, OsString};
use std::net::{IpAddr, SocketAddr, ToSocketAddrs};
use std::path::PathBuf;
use std::time::Duration;

use axum::http::HeaderValue;
use clap::Args as _;
use clap::builder::{PossibleValuesParser, Resettable, TypedValueParser};
use clap::parser::ValueSource;
use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use ipnet::IpNet;
use jiff::tz::TimeZone;
use shared::{LowStock, OnDuplicate, Role};
use url::Url;

use super::otlp::Collector;
use crate::access::Openness;
use crate::engine::journal::Store;
use crate::http::base_path::BasePath;
use crate::moment::{self, parse_duration};
use crate::pages::Currency;
use crate::transfer::Format;

/// Keeps one product list live on every page that shows it.
#[derive(Debug, Parser)]
#[command(name = "vitrina", version, max_term_width = 80)]
pub struct Args {
    /// What to do; without it, serve.
    #[command(subcommand)]
    pub command: Option<Command>,

    /// Where and how the list is served.
    #[command(flatten)]
    pub serving: Serving,

    /// Where the products are: a file, which is made where there is none, or for several servers at a
    /// time a database of PostgreSQL, as in `postgres://user:password@host/database`. Without it, the
    /// file that `VITRINA_DATA` names, or else vitrina.db.
    #[arg(
        long,
        visible_alias = "data",
        global = true,
        env = "VITRINA_JOURNAL",
        // It may have a password in it.
        hide_env_values = true,
        value_name = "FILE|URL"
    )]
    pub journal: Option<OsString>,

    /// How log lines are written to standard error. `RUST_LOG` chooses which (`debug`,
    /// `vitrina=warn`, ...).
    #[arg(
        long,
        global = true,
        env = "VITRINA_LOG",
        value_name = "FORMAT",
        default_value = "text"
    )]
    pub log: LogFormat,
}

/// Where and how the list is served.
#[derive(Clone, Debug, clap::Args)]
pub struct Serving {
    /// Address and port to serve on; 127.0.0.1 is this machine alone. At any other address --editing says
    /// who may change the list.
    #[arg(
        long,
        env = "VITRINA_LISTEN",
        value_name = "ADDR:PORT",
        default_value = "127.0.0.1:8080",
        value_parser = address
    )]
    pub listen: SocketAddr,

    /// A name by which the server is reached, such as `shop.example`; can be given several times.
    /// On this machine alone, addresses and `localhost` are served and no other names, since anyone
    /// can have a name of theirs lead here; elsewhere every name is, unless some are given.
    #[arg(
        long = "host",
        env = "VITRINA_HOST",
        value_name = "NAME",
        value_delimiter = ',',
        value_parser = host
    )]
    pub hosts: Vec<String>,

    /// Another site whose pages may use the API and the socket, such as `https://shop.example`;
    /// can be given several times.
    #[arg(
        long = "allow-origin",
        env = "VITRINA_ALLOW_ORIGIN",
        value_name = "ORIGIN",
        value_delimiter = ',',
        value_parser = origin
    )]
    pub origins: Vec<HeaderValue>,

    /// The path under which a proxy serves it, such as `/shop`, whether the proxy takes the path off its
    /// requests or not.
    #[arg(long, env = "VITRINA_BASE_PATH", value_name = "PATH")]
    pub base_path: Option<BasePath>,

    /// What prices are in, such as `EUR`: pages show them so.
    #[arg(long, env = "VITRINA_CURRENCY", value_name = "CODE")]
    pub currency: Option<Currency>,

    /// Who may see the list: whoever reaches the address, or people who sign in and programs with a
    /// token. Without it, as --editing says; on this machine alone, everybody.
    #[arg(long, env = "VITRINA_VIEWING", value_name = "WHO", value_enum)]
    pub viewing: Option<Openness>,

    /// Who may change the list. Without it, on this machine alone everybody may, and elsewhere people who
    /// sign in: where nobody could, the server doesn't start.
    #[arg(long, env = "VITRINA_EDITING", value_name = "WHO", value_enum)]
    pub editing: Option<Openness>,

    /// A proxy, or a network of them, that is trusted to say where a request comes from, such as
    /// `10.0.0.0/8` or `127.0.0.1`; can be given several times.
    #[arg(
        long = "trusted-proxy",
        env = "VITRINA_TRUSTED_PROXY",
        value_name = "CIDR",
        value_delimiter = ',',
        value_parser = network
    )]
    pub trusted_proxies: Vec<IpNet>,

    /// The certificate by which connections are encrypted, with those that lead from it to one that is trusted,
    /// as PEM. It is read anew when it changes.
    #[arg(
        long,
        env = "VITRINA_TLS_CERT",
        value_name = "FILE",
        requires = "tls_key"
    )]
    pub tls_cert: Option<PathBuf>,

    /// Its key, as PEM.
    #[arg(
        long,
        env = "VITRINA_TLS_KEY",
        value_name = "FILE",
        requires = "tls_cert"
    )]
    pub tls_key: Option<PathBuf>,

    /// How many requests an address or a person may send in a minute; 0 for any number. What comes from this
    /// machine is not counted.
    #[arg(
        long,
        env = "VITRINA_MAX_REQUESTS",
        value_name = "N",
        default_value_t = 3_000
    )]
    pub max_requests: u32,

    /// How many commands an address or a person may give in a minute; 0 for any number.
    #[arg(
        long,
        env = "VITRINA_MAX_COMMANDS",
        value_name = "N",
        default_value_t = 3_000
    )]
    pub max_commands: u32,

    /// How many sign-ins of an address or in a name may fail before the next one waits, longer each time; 0 for
    /// any number.
    #[arg(
        long,
        env = "VITRINA_MAX_SIGN_INS",
        value_name = "N",
        default_value_t = 5
    )]
    pub max_sign_ins: u32,

    /// How many viewers there may be in all; 0 for as many as the process may open files for.
    #[arg(
        long,
        env = "VITRINA_MAX_VIEWERS",
        value_name = "N",
        default_value_t = 0
    )]
    pub max_viewers: usize,

    /// How many live connections an address may have; 0 for any number.
    #[arg(
        long,
        env = "VITRINA_MAX_CONNECTIONS",
        value_name = "N",
        default_value_t = 500
    )]
    pub max_connections: u32,

    /// A folder into which the server backs up by itself, which has to be there.
    #[arg(long, env = "VITRINA_BACKUP_TO", value_name = "FOLDER", value_parser = folder)]
    pub backup_to: Option<PathBuf>,

    /// How often it does, as in `1h` or `1d`.
    #[arg(
        long,
        env = "VITRINA_BACKUP_EVERY",
        value_name = "TIME",
        default_value = "1h",
        value_parser = period
    )]
    pub backup_every: Duration,

    /// How many of these backups are kept; the oldest go.
    #[arg(
        long,
        env = "VITRINA_BACKUP_KEEP",
        value_name = "N",
        default_value_t = 24
    )]
    pub backup_keep: usize,

    /// A second address, for a machine that looks after the server, such as `127.0.0.1:9090`: `/metrics`
    /// there is what Prometheus reads.
    #[arg(
        long,
        env = "VITRINA_METRICS",
        value_name = "ADDR:PORT",
        value_parser = address
    )]
    pub metrics: Option<SocketAddr>,

    /// Where traces are gathered by the OpenTelemetry Protocol over HTTP, such as `http://127.0.0.1:4318`.
    #[arg(long, env = "VITRINA_OTLP", value_name = "URL")]
    pub otlp: Option<Collector>,

    /// Up to which stock pages warn that there are few left of a product; 0 for no warning.
    #[arg(
        long,
        env = "VITRINA_LOW_STOCK",
        value_name = "N",
        default_value_t = LowStock::default().0
    )]
    pub low_stock: u32,

    /// How long changes are kept for the history, as in `90d` or `1y`; the latest 10,000 are kept however
    /// old they are.
    #[arg(
        long,
        env = "VITRINA_KEEP_HISTORY",
        value_name = "TIME",
        default_value = "90d",
        value_parser = parse_duration
    )]
    pub keep_history: Duration,
}

impl Serving {
    /// Takes what was said after the command as well. What the environment says is there already, and
    /// counts less.
    fn take(&mut self, after: &ArgMatches) {
        let is_said = |flag: &str| after.value_source(flag) == Some(ValueSource::CommandLine);
        let Ok(said) = Self::from_arg_matches(after) else {
            return;
        };
        macro_rules! take {
            ($($flag:ident)*) => {
                $(if is_said(stringify!($flag)) {
                    self.$flag = said.$flag;
                })*
            };
        }
        take!(
            listen hosts origins base_path viewing editing trusted_proxies tls_cert tls_key
            max_requests max_commands max_sign_ins max_viewers max_connections backup_to backup_every backup_keep metrics otlp
            low_stock keep_history currency
        );
    }
}

impl Args {
    /// Reads the program's command line; where it is wrong or asks for help, it says so and ends.
    pub fn read() -> Self {
        let matches = command().get_matches();
        let mut args = Self::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
        if let Some(("serve" | "demo", after)) = matches.subcommand() {
            args.serving.take(after);
        }
        args
    }

    /// Where the products are.
    pub fn store(&self) -> anyhow::Result<Store> {
        match &self.journal {
            Some(named) => store(named, "--journal"),
            None => Ok(Store::File(
                std::env::var_os("VITRINA_DATA").map_or_else(|| "vitrina.db".into(), PathBuf::from),
            )),
        }
    }
}

/// The command line. How to serve is said before the commands that serve or after them, and shown with no
/// others.
pub fn command() -> clap::Command {
    let serving = ["serve", "demo"].into_iter();
    serving.fold(Args::command(), |command, name| {
        command.mut_subcommand(name, |command| {
            // What it is about is said already.
            let about = command.get_about().cloned().unwrap_or_default();
            let command = Serving::augment_args(command);
            command.about(about).long_about(Resettable::Reset)
        })
    })
}

/// What a flag says of where products are. It may have a password in it, so that an error doesn't
/// repeat it.
pub fn store(named: &OsStr, flag: &str) -> anyhow::Result<Store> {
    match named.to_str() {
        Some(text) => text
            .parse()
            .map_err(|error| anyhow::anyhow!("{flag}: {error}")),
        None => Ok(Store::File(named.into())),
    }
}

/// An address, or a name such as `localhost`, and a port. Of several addresses of one name it is
/// the first of IPv4.
fn address(text: &str) -> Result<SocketAddr, String> {
    let found = text.to_socket_addrs().map_err(|error| error.to_string())?;
    let found: Vec<SocketAddr> = found.collect();
    let ipv4 = found.iter().find(|address| address.is_ipv4());
    let first = ipv4.or(found.first());
    first.copied().ok_or_else(|| "it has no address".to_owned())
}

/// A name as browsers write it: lower case, and as ASCII (RFC 5890).
fn host(text: &str) -> Result<String, String> {
    let is_name = !text.contains([':', '/', '@', '*', '?', '#', '[']);
    let host = url::Host::parse(text).ok().filter(|_| is_name);
    let host = host.map(|host| host.to_string().trim_end_matches('.').to_owned());
    host.filter(|host| !host.is_empty())
        .ok_or_else(|| "write it as shop.example, without a port".to_owned())
}

/// An origin as browsers write it (RFC 6454 section 6.1): a scheme and a host, nothing after. What
/// they would write otherwise, such as a default port, is written their way, so that it matches.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let url = Url::parse(text).ok().filter(|url| {
        let is_web = matches!(url.scheme(), "http" | "https");
        let has_user = !url.username().is_empty() || url.password().is_some();
        let has_more = url.path() != "/" || url.query().is_some() || url.fragment().is_some();
        is_web && !has_user && !has_more && !text.contains('*')
    });
    let origin = url.and_then(|url| url.origin().ascii_serialization().parse().ok());
    origin.ok_or_else(|| "write it as https://shop.example, without a path".to_owned())
}

/// What the program can do.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Serve the list.
    Serve,
    /// Serve a sample catalog of forty products, in a file that is gone at the end.
    Demo,
    /// Add the products of a file. While the server runs, send the file to it instead:
    /// `POST /api/products/import`.
    Import(ImportArgs),
    /// Write the products to a file, also while the server runs.
    Export {
        /// The file; without it, standard output.
        file: Option<PathBuf>,
        /// What it looks like; else its name says so, else it is CSV.
        #[arg(long)]
        format: Option<Format>,
        /// Tell what was written as JSON, for programs.
        #[arg(long, requires = "file")]
        json: bool,
    },
    /// Copy everything as it is at one moment into a data file, also while servers run.
    Backup {
        /// The copy, which must not exist yet.
        file: PathBuf,
        /// Tell what was copied as JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Put a backup in place of what a data file holds, which is kept beside it. No server may run.
    Restore {
        /// The backup.
        file: PathBuf,
        /// Tell what was done as JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Make a data file as small as it can be. No server may run; one that runs gives back by itself what a
    /// quarter of the file or more has no use for.
    Compact {
        /// Tell what was done as JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Look whether everything is as it should be, also while servers run.
    Check {
        /// Tell what was found as JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Tell what happened, the newest change first, also while servers run.
    History {
        /// The changes of this product alone.
        #[arg(long, value_name = "ID")]
        product: Option<u64>,
        /// Those that this person gave, or the program whose token has this name.
        #[arg(long, value_name = "NAME")]
        by: Option<String>,
        /// From this day or moment on, as in 2026-11-26 or 2026-11-26T09:30.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        from: Option<u64>,
        /// Before this day or moment.
        #[arg(long, value_name = "TIME", value_parser = moment)]
        until: Option<u64>,
        /// The most changes.
        #[arg(long, value_name = "N", default_value_t = 100)]
        limit: usize,
        /// Tell them as one JSON object a line, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Copy everything from one journal into a new one, with its history: from a data file into a
    /// database, or back. No server may run.
    Move {
        /// Where the products are: a file, or a database of PostgreSQL.
        #[arg(long, value_name = "FILE|URL")]
        from: OsString,
        /// Where they are to be: another file, or a database with no products.
        #[arg(long, value_name = "FILE|URL")]
        to: OsString,
        /// Tell what was copied as JSON, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Say who may sign in, also while servers run: they know it within a second.
    People {
        /// What to do.
        #[command(subcommand)]
        what: PeopleCommand,
    },
    /// Say which programs may come in, also while servers run: they know it within a second.
    Tokens {
        /// What to do.
        #[command(subcommand)]
        what: TokensCommand,
    },
    /// Write what makes a shell complete this program's flags and commands, to standard output.
    Completions {
        /// The shell.
        shell: Shell,
    },
    /// Write a manual page, to standard output: `vitrina man | man -l -`.
    Man {
        /// The command it is about; without it, the program.
        command: Option<String>,
    },
}

/// What to do with people.
#[derive(Debug, Subcommand)]
pub enum PeopleCommand {
    /// Add somebody. Their password is asked for, or read from standard input.
    Add {
        /// What they are called.
        name: String,
        /// What they may do.
        #[arg(long, default_value = "editor", value_parser = role())]
        role: Role,
    },
    /// Tell who there is.
    List {
        /// Tell it as one JSON object a line, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Give somebody another role.
    Role {
        /// What they are called.
        name: String,
        /// What they may do.
        #[arg(value_parser = role())]
        role: Role,
    },
    /// Take somebody away, and end what they are signed in to.
    Remove {
        /// What they are called.
        name: String,
    },
    /// Give somebody another password, which is asked for or read from standard input.
    Password {
        /// What they are called.
        name: String,
    },
}

/// What to do with programs' tokens.
#[derive(Debug, Subcommand)]
pub enum TokensCommand {
    /// Make a token, and show it this once: a program sends it as `Authorization: Bearer TOKEN`.
    Create {
        /// What the program is called.
        name: String,
        /// What it may do.
        #[arg(long, value_parser = role())]
        role: Role,
        /// How long it is good, as in 90d; without it, without an end.
        #[arg(long, value_name = "TIME", value_parser = parse_duration)]
        expires: Option<Duration>,
    },
    /// Tell which there are.
    List {
        /// Tell it as one JSON object a line, for programs.
        #[arg(long)]
        json: bool,
    },
    /// Let a token let nobody in any more.
    Revoke {
        /// What the program is called.
        name: String,
    },
}

/// A role, by its name.
fn role() -> impl TypedValueParser<Value = Role> {
    let names: [&str; 3] = [Role::Viewer, Role::Editor, Role::Admin].map(Into::into);
    // No other is let through.
    PossibleValuesParser::new(names).map(|name| name.parse().unwrap_or(Role::Viewer))
}

/// A network, or one address.
fn network(text: &str) -> Result<IpNet, String> {
    let address = || text.parse::<IpAddr>().map(IpNet::from);
    let read = text.parse().or_else(|_| address());
    read.map_err(|_| "write it as 10.0.0.0/8 or 10.0.0.1".to_owned())
}

/// How a file is imported.
#[derive(Debug, clap::Args)]
pub struct ImportArgs {
    /// The file: CSV, a JSON array, or one JSON object a line.
    pub file: PathBuf,
    /// What it looks like; else its name says so.
    #[arg(long)]
    pub format: Option<Format>,
    /// What to do with a product whose code is taken.
    #[arg(long, value_name = "WHAT", default_value = "refuse")]
    pub on_duplicate: Duplicate,
    /// Which field a column of a CSV file is whose name is not known, such as `Cost=price`; `Notes=` leaves
    /// it out. Can be given several times.
    #[arg(long = "column", value_name = "NAME=FIELD", value_parser = column)]
    pub columns: Vec<Column>,
    /// Only tell what would be done.
    #[arg(long)]
    pub dry_run: bool,
    /// Tell it as one JSON object a line, for programs.
    #[arg(long)]
    pub json: bool,
}

/// How a log line looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LogFormat {
    /// For people.
    Text,
    /// One JSON object a line, for programs.
    Json,
}

/// What is done with an imported product whose code another has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Duplicate {
    /// It is refused.
    Refuse,
    /// The other gets its fields.
    Update,
    /// The other stays as it is.
    Skip,
}

impl From<Duplicate> for OnDuplicate {
    fn from(what: Duplicate) -> Self {
        match what {
            Duplicate::Refuse => Self::Refuse,
            Duplicate::Update => Self::Update,
            Duplicate::Skip => Self::Skip,
        }
    }
}

/// A moment; a day or a time without an offset is this machine's.
fn moment(text: &str) -> Result<u64, String> {
    let read = moment::parse(text, &TimeZone::system());
    read.ok_or_else(|| "write it as 2026-11-26 or 2026-11-26T09:30".to_owned())
}

/// A folder that is there.
fn folder(text: &str) -> Result<PathBuf, String> {
    let folder = PathBuf::from(text);
    if folder.is_dir() {
        Ok(folder)
    } else {
        Err("there is no such folder: make it first".to_owned())
    }
}

/// How often something happens: not all the time.
fn period(text: &str) -> Result<Duration, String> {
    match parse_duration(text)? {
        period if period < Duration::from_secs(1) => Err("at least a second".to_owned()),
        period => Ok(period),
    }
}

/// What is said of a column.
type Column = crate::transfer::import::Said;

/// Reads what is said of a column: `Cost=price`, or `Notes=` for one that is left out.
fn column(text: &str) -> Result<Column, String> {
    let (name, field) = text
        .rsplit_once('=')
        .ok_or("give a name and its field, such as Cost=price")?;
    if field.is_empty() {
        return Ok((name.to_owned(), None));
    }
    let known = crate::transfer::import::field_named(field);
    let known = known.ok_or_else(|| format!("there is no field {field}"))?;
    Ok((name.to_owned(), Some(known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_written_as_browsers_write_it() {
        for (given, written) in [
            ("https://shop.example", "https://shop.example"),
            ("HTTPS://Shop.Example", "https://shop.example"),
            ("https://shop.example/", "https://shop.example"),
            ("https://shop.example:443", "https://shop.example"),
            ("http://shop.example:80", "http://shop.example"),
            ("http://shop.example:8080", "http://shop.example:8080"),
            (
                "https://tienda-ñ.example",
                "https://xn--tienda--b0a.example",
            ),
            ("http://[::1]:3000", "http://[::1]:3000"),
        ] {
            let read = origin(given).expect("an origin");
            assert_eq!(read, written, "{given}");
        }
        for wrong in [
            "shop.example",
            "https://",
            "https://shop.example/path",
            "https://shop.example?q",
            "https://shop.example#f",
            "https://me@shop.example",
            "https://*.shop.example",
            "ftp://shop.example",
            "null",
            "*",
            "",
        ] {
            assert!(origin(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_host_is_written_as_browsers_write_it() {
        for (given, written) in [
            ("shop.example", "shop.example"),
            ("Shop.Example.", "shop.example"),
            ("tienda-ñ.example", "xn--tienda--b0a.example"),
            ("shop", "shop"),
        ] {
            assert_eq!(host(given).as_deref(), Ok(written), "{given}");
        }
        for wrong in [
            "",
            ".",
            "shop.example:80",
            "http://a",
            "a/b",
            "*.a",
            "a b",
            "me@a",
        ] {
            assert!(host(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_address_may_be_a_name() {
        let named = address("localhost:8080").expect("an address");
        assert!(named.ip().is_loopback());
        assert_eq!(named.port(), 8080);
        assert_eq!(address("127.0.0.1:0"), Ok(([127, 0, 0, 1], 0).into()));
        assert!(address("[::1]:80").is_ok());
        for wrong in ["", "8080", "localhost", "localhost:x", "127.0.0.1:99999"] {
            assert!(address(wrong).is_err(), "{wrong}");
        }
    }
}
