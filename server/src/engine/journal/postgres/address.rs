//! Where a database is, as `--journal postgres://...` says it.

use std::fmt;
use std::fs;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode};

use super::tls::tls;

/// How long a host may take until it can be used, before the next one is tried.
const HOST_TIME: Duration = Duration::from_secs(1);

/// How long a host may be silent before its connection counts as lost: what a page waits for at most.
const SILENCE: Duration = Duration::from_secs(2);

/// The schema that the tables are in where the address names none.
const SCHEMA: &str = "vitrina";

/// The longest name that PostgreSQL has (`NAMEDATALEN`), less what the channel's has in front.
const MAX_SCHEMA_BYTES: usize = 55;

/// Where a database is, and how it is reached.
#[derive(Clone)]
pub struct Address {
    /// How each of its hosts is reached, in order.
    pub hosts: Vec<Config>,
    /// How long each of them may take.
    pub host_time: Duration,
    /// The schema that the tables are in.
    pub schema: String,
    /// How the connection is encrypted.
    pub tls: Arc<ClientConfig>,
    /// What people call it: the database and its hosts.
    name: String,
}

/// Whether a text is the address of a database, and not the name of a file.
pub fn is_address(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

impl FromStr for Address {
    type Err = String;

    /// Reads what libpq reads (its section 34.1.1.2), but for hosts among the parameters, and `schema`.
    /// The text may hold a password, so no error repeats any of it.
    fn from_str(text: &str) -> Result<Self, String> {
        let (base, query) = text.split_once('?').unwrap_or((text, ""));
        let mut given = Parameters::default();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            given.take(parameter)?;
        }
        let (scheme, rest) = base.split_once("://").unwrap_or(("postgres", base));
        let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
        let (user, names) = authority.rsplit_once('@').unwrap_or(("", authority));
        let at = if user.is_empty() { "" } else { "@" };
        let mut hosts = Vec::new();
        for name in names.split(',') {
            let one = format!(
                "{scheme}://{user}{at}{name}/{path}?{}",
                given.left.join("&")
            );
            let config = Config::from_str(one.trim_end_matches('?'));
            // What it says may have a part of a password in it.
            hosts.push(config.map_err(|_| HOW.to_owned())?);
        }
        let is_named = |config: &Config| matches!(config.get_hosts(), [_]);
        if !hosts.iter().all(is_named) {
            return Err(HOW.to_owned());
        }
        let is_here = |config: &Config| config.get_hosts().iter().all(is_on_this_machine);
        let usual = if hosts.iter().all(is_here) {
            SslMode::Disable
        } else {
            // Whoever wants no encryption says so.
            SslMode::Require
        };
        let ssl_mode = given.ssl_mode.unwrap_or(usual);
        let mut host_time = HOST_TIME;
        for config in &mut hosts {
            host_time = config.get_connect_timeout().copied().unwrap_or(host_time);
            config.ssl_mode(ssl_mode);
            set_patience(config);
        }
        Ok(Self {
            name: name(&hosts, &given.schema),
            tls: Arc::new(tls(ssl_mode, given.root_certificate.as_deref())?),
            schema: given.schema,
            host_time,
            hosts,
        })
    }
}

/// How an address is written.
const HOW: &str = "write it as postgres://user:password@host:5432/database, with % before what has \
    another meaning in an address";

/// What an address has after its `?`.
struct Parameters<'a> {
    schema: String,
    ssl_mode: Option<SslMode>,
    /// The certificates that a server's is checked against, in PEM.
    root_certificate: Option<Vec<u8>>,
    /// What the client of PostgreSQL reads itself.
    left: Vec<&'a str>,
}

impl Default for Parameters<'_> {
    fn default() -> Self {
        Self {
            schema: SCHEMA.to_owned(),
            ssl_mode: None,
            root_certificate: None,
            left: Vec::new(),
        }
    }
}

impl<'a> Parameters<'a> {
    fn take(&mut self, parameter: &'a str) -> Result<(), String> {
        match parameter.split_once('=') {
            Some(("schema", name)) if is_name(name) => name.clone_into(&mut self.schema),
            Some(("schema", _)) => {
                return Err(format!(
                    "schema: up to {MAX_SCHEMA_BYTES} lower-case letters, digits and underscores, \
                     a letter first"
                ));
            }
            Some(("sslrootcert", path)) => {
                let read = fs::read(path);
                let read = read.map_err(|error| format!("sslrootcert={path}: {error}"))?;
                self.root_certificate = Some(read);
            }
            Some(("sslmode", mode)) => self.ssl_mode = Some(read_ssl_mode(mode)?),
            Some(("host" | "hostaddr" | "port", _)) => return Err(HOW.to_owned()),
            _ => self.left.push(parameter),
        }
        Ok(())
    }
}

/// How long the network is waited for, where the address doesn't say.
fn set_patience(config: &mut Config) {
    if config.get_tcp_user_timeout().is_none() {
        config.tcp_user_timeout(SILENCE);
        config.keepalives_idle(SILENCE / 2);
        config.keepalives_interval(SILENCE / 2);
        config.keepalives_retries(1);
    }
    if config.get_application_name().is_none() {
        config.application_name("vitrina");
    }
}

/// The database and its hosts, without the password.
fn name(hosts: &[Config], schema: &str) -> String {
    let first = hosts.first();
    let database = first.and_then(|config| config.get_dbname().or(config.get_user()));
    let places = hosts.iter().flat_map(|config| {
        let port = config.get_ports().first().copied().unwrap_or(5_432);
        config.get_hosts().iter().map(move |host| match host {
            Host::Tcp(name) => format!("{name}:{port}"),
            #[cfg(unix)]
            Host::Unix(path) => path.display().to_string(),
        })
    });
    let places: Vec<String> = places.collect();
    let schema = if schema == SCHEMA {
        String::new()
    } else {
        format!(" (schema {schema})")
    };
    format!(
        "{} at {}{schema}",
        database.unwrap_or("postgres"),
        places.join(", ")
    )
}

/// Reads whether the connection is encrypted. Where it is, the server's certificate is checked,
/// whichever of libpq's words asks for it.
fn read_ssl_mode(mode: &str) -> Result<SslMode, String> {
    match mode {
        "disable" => Ok(SslMode::Disable),
        "allow" | "prefer" => Ok(SslMode::Prefer),
        "require" | "verify-ca" | "verify-full" => Ok(SslMode::Require),
        _ => Err("sslmode: disable, prefer, or verify-full".to_owned()),
    }
}

fn is_on_this_machine(host: &Host) -> bool {
    match host {
        Host::Tcp(name) => {
            let address = name.parse::<std::net::IpAddr>();
            name == "localhost" || address.is_ok_and(|address| address.is_loopback())
        }
        #[cfg(unix)]
        Host::Unix(_) => true,
    }
}

/// Whether it is a name that needs no quotes anywhere.
fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=MAX_SCHEMA_BYTES).contains(&name.len())
        && name.bytes().all(is_plain)
        && !name.starts_with(|c: char| c.is_ascii_digit())
        && !name.starts_with("pg_")
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

impl fmt::Debug for Address {
    /// Without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.name.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Address {
        text.parse().expect("an address")
    }

    #[test]
    fn an_address_tells_everything_but_the_password() {
        let address = read("postgres://shop:secret@a.example,b.example:5433/shop?schema=north");
        let told = "shop at a.example:5432, b.example:5433 (schema north)";
        assert_eq!(address.to_string(), told);
        assert!(is_address("postgresql://a/b") && !is_address("postgres.db"));
    }

    #[test]
    fn only_a_server_on_this_machine_is_spoken_to_in_the_clear() {
        let mode = |text: &str| read(text).hosts[0].get_ssl_mode();
        assert_eq!(mode("postgres://u@127.0.0.1/shop"), SslMode::Disable);
        assert_eq!(mode("postgres://u@localhost,[::1]/shop"), SslMode::Disable);
        assert_eq!(
            mode("postgres://u@%2Frun%2Fpostgresql/shop"),
            SslMode::Disable
        );
        assert_eq!(mode("postgres://u@db.example/shop"), SslMode::Require);
        assert_eq!(
            mode("postgres://u@localhost,db.example/shop"),
            SslMode::Require
        );
        let prefer = "postgres://u@db.example/shop?sslmode=prefer&connect_timeout=3";
        assert_eq!(mode(prefer), SslMode::Prefer);
        let clear = "postgres://u@db.example/shop?sslmode=disable";
        assert_eq!(mode(clear), SslMode::Disable);
    }

    #[test]
    fn what_is_wrong_with_an_address_is_said_without_repeating_it() {
        for wrong in [
            "postgres://u:secret@host:port/shop",
            "postgres://u:secret@host/shop?schema=Shop",
            "postgres://u:secret@host/shop?schema=pg_shop",
            "postgres://u:secret@host/shop?sslmode=yes",
            "postgres://u:secret@host/shop?sslrootcert=/nowhere/at.all",
            "postgres://u:secret@host/shop?colour=red",
            "postgres://u:secret@host/shop?hostaddr=203.0.113.5",
            "postgres://u:secret@/shop",
            "postgres:///shop?host=secret",
        ] {
            let error = wrong.parse::<Address>().expect_err(wrong);
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
