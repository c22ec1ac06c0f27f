//! Where a database is, as `--journal postgres://...` says it.

use std::fmt;
use std::fs;
use std::str::FromStr;
use std::time::Duration;

use tokio_postgres::Config;
use tokio_postgres::config::{Host, SslMode, TargetSessionAttrs};

/// How long a host is tried before the next one is.
const CONNECT_TIME: Duration = Duration::from_secs(2);

/// How long a host may be silent before its connection counts as lost: what a page waits for at most.
const SILENCE: Duration = Duration::from_secs(2);

/// The schema that the tables are in where the address names none.
const SCHEMA: &str = "vitrina";

/// The longest name that PostgreSQL has (`NAMEDATALEN`), less what the channel's has in front.
const MAX_SCHEMA_BYTES: usize = 55;

/// Where a database is, and how it is reached.
#[derive(Clone, Debug)]
pub struct Address {
    /// The hosts, the database, and whom it is opened as.
    pub config: Config,
    /// The schema that the tables are in.
    pub schema: String,
    /// The certificates that a server's is checked against, in PEM; else the system's are.
    pub root_certificate: Option<Vec<u8>>,
}

/// Whether a text is the address of a database, and not the name of a file.
pub fn is_address(text: &str) -> bool {
    text.starts_with("postgres://") || text.starts_with("postgresql://")
}

impl FromStr for Address {
    type Err = String;

    /// Reads what libpq reads (its section 34.1.1.2), and `schema`. The text may hold a password, so no
    /// error repeats it.
    fn from_str(text: &str) -> Result<Self, String> {
        let (address, query) = text.split_once('?').unwrap_or((text, ""));
        let mut schema = SCHEMA.to_owned();
        let mut root_certificate = None;
        let mut ssl_mode = None;
        let mut left = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some(("schema", name)) => name.clone_into(&mut schema),
                Some(("sslrootcert", path)) => {
                    let read = fs::read(path);
                    let read = read.map_err(|error| format!("sslrootcert={path}: {error}"))?;
                    root_certificate = Some(read);
                }
                Some(("sslmode", mode)) => ssl_mode = Some(read_ssl_mode(mode)?),
                _ => left.push(parameter),
            }
        }
        if !is_name(&schema) {
            return Err(format!(
                "schema: up to {MAX_SCHEMA_BYTES} lower-case letters, digits and underscores, a \
                 letter first"
            ));
        }
        let plain = format!("{address}?{}", left.join("&"));
        let mut config = Config::from_str(plain.trim_end_matches('?')).map_err(|error| {
            let why = std::error::Error::source(&error).map(ToString::to_string);
            let why = why.unwrap_or_else(|| error.to_string());
            format!("{why}; write it as postgres://user:password@host:5432/database")
        })?;
        if config.get_hosts().is_empty() && config.get_hostaddrs().is_empty() {
            return Err("name a host, as in postgres://user@host/database".to_owned());
        }
        // Whoever asks for no encryption says so, but for a server on this machine.
        let is_here = config.get_hosts().iter().all(is_on_this_machine);
        let usual = if is_here {
            SslMode::Disable
        } else {
            SslMode::Require
        };
        config.ssl_mode(ssl_mode.unwrap_or(usual));
        if config.get_target_session_attrs() == TargetSessionAttrs::Any {
            config.target_session_attrs(TargetSessionAttrs::ReadWrite);
        }
        if config.get_connect_timeout().is_none() {
            config.connect_timeout(CONNECT_TIME);
        }
        if config.get_tcp_user_timeout().is_none() {
            config.tcp_user_timeout(SILENCE);
            config.keepalives_idle(SILENCE / 2);
            config.keepalives_interval(SILENCE / 2);
            config.keepalives_retries(1);
        }
        if config.get_application_name().is_none() {
            config.application_name("vitrina");
        }
        Ok(Self {
            config,
            schema,
            root_certificate,
        })
    }
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
    /// The database and its hosts, without the password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.config.get_dbname().or(self.config.get_user());
        write!(f, "{}", name.unwrap_or("postgres"))?;
        let ports = self.config.get_ports();
        for (place, host) in self.config.get_hosts().iter().enumerate() {
            let port = ports.get(place).or(ports.first()).unwrap_or(&5_432);
            f.write_str(if place == 0 { " at " } else { ", " })?;
            match host {
                Host::Tcp(name) => write!(f, "{name}:{port}")?,
                #[cfg(unix)]
                Host::Unix(path) => write!(f, "{}", path.display())?,
            }
        }
        if self.schema != SCHEMA {
            write!(f, " (schema {})", self.schema)?;
        }
        Ok(())
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
        let mode = |text: &str| read(text).config.get_ssl_mode();
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
        ] {
            let error = wrong.parse::<Address>().expect_err(wrong);
            assert!(!error.contains("secret"), "{error}");
        }
    }
}
