//! Proxies that are trusted to say where a request comes from.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::FORWARDED;
use ipnet::IpNet;

/// Proxies that are trusted, by their addresses.
#[derive(Clone, Debug, Default)]
pub struct Proxies(Vec<IpNet>);

impl Proxies {
    /// Proxies at these addresses.
    pub fn new(networks: Vec<IpNet>) -> Self {
        Self(networks)
    }

    /// Whether there are any.
    pub fn are_trusted(&self) -> bool {
        !self.0.is_empty()
    }

    /// Whether this is the address of one of them.
    pub fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// Where a request comes from that came from this peer. Each proxy adds the one before it at the end,
    /// so the last that is no proxy of ours is the client: what stands before it may be made up.
    pub fn client(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return peer;
        }
        let mut client = peer;
        for hop in hops(headers).into_iter().rev() {
            // A proxy that hides the one before it is as far as can be seen.
            let Some(hop) = hop else { return client };
            client = hop;
            if !self.trusts(hop) {
                break;
            }
        }
        client
    }

    /// Whether a request comes from the machine itself, and by no proxy that is known.
    pub fn is_local(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let is_passed_on = self.trusts(peer.to_canonical()) && !hops(headers).is_empty();
        peer.to_canonical().is_loopback() && !is_passed_on
    }

    /// Whether a request was encrypted on its way to the last of them, as it says.
    pub fn is_encrypted(&self, peer: IpAddr, headers: &HeaderMap) -> bool {
        let last = |name: &str| {
            let value = headers
                .get_all(name)
                .into_iter()
                .next_back()?
                .to_str()
                .ok()?;
            value
                .rsplit(',')
                .next()
                .map(|last| last.trim().to_ascii_lowercase())
        };
        if !self.trusts(peer.to_canonical()) {
            return false;
        }
        let forwarded = last(FORWARDED.as_str());
        let said =
            forwarded.is_some_and(|hop| parameter(&hop, "proto").as_deref() == Some("https"));
        said || last("x-forwarded-proto").as_deref() == Some("https")
    }
}

/// The addresses that proxies added, the first one first: of `X-Forwarded-For`, which all of them write, else of
/// `Forwarded` (RFC 7239): whichever a proxy writes, the other may be its client's. `None` where one is something
/// else than an address.
fn hops(headers: &HeaderMap) -> Vec<Option<IpAddr>> {
    let values = |name: &str| {
        let values = headers.get_all(name).into_iter();
        let texts = values.map(|value| value.to_str().unwrap_or_default());
        let hops = texts.flat_map(|text| text.split(','));
        hops.map(|hop| hop.trim().to_owned()).collect::<Vec<_>>()
    };
    let plain = values("x-forwarded-for");
    if !plain.is_empty() {
        return plain.iter().map(|hop| address(hop)).collect();
    }
    let address = |hop: &String| address(&parameter(hop, "for")?);
    values(FORWARDED.as_str()).iter().map(address).collect()
}

/// A parameter of one hop of `Forwarded`.
fn parameter(hop: &str, name: &str) -> Option<String> {
    let mut pairs = hop
        .split(';')
        .filter_map(|pair| pair.trim().split_once('='));
    let (_, value) = pairs.find(|(found, _)| found.eq_ignore_ascii_case(name))?;
    Some(value.trim_matches('"').to_owned())
}

/// An address, with a port or without; one of IPv6 may stand in brackets.
fn address(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    let without_port = match text.strip_prefix('[') {
        Some(rest) => rest.split_once(']')?.0,
        None => match text.rsplit_once(':') {
            Some((address, _)) if !address.contains(':') => address,
            _ => text,
        },
    };
    let address: IpAddr = without_port.parse().ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use axum::http::{HeaderName, HeaderValue};

    use super::*;

    fn client(peer: &str, headers: &[(&'static str, &'static str)]) -> String {
        let networks = ["10.0.0.0/8", "::1/128"].map(|text| text.parse().expect("a network"));
        let headers = headers.iter().map(|(name, value)| {
            (
                HeaderName::from_static(name),
                HeaderValue::from_static(value),
            )
        });
        let headers: HeaderMap = headers.collect();
        let peer = peer.parse().expect("an address");
        Proxies::new(networks.to_vec())
            .client(peer, &headers)
            .to_string()
    }

    #[test]
    fn only_what_trusted_proxies_say_counts() {
        let forged = [("x-forwarded-for", "1.1.1.1, 203.0.113.5")];
        assert_eq!(client("198.51.100.7", &forged), "198.51.100.7");
        assert_eq!(client("10.0.0.1", &forged), "203.0.113.5");
        assert_eq!(client("::ffff:10.0.0.1", &forged), "203.0.113.5");
        let two = [("x-forwarded-for", "1.1.1.1, 203.0.113.5, 10.2.2.2")];
        assert_eq!(client("10.0.0.1", &two), "203.0.113.5");
        let only_ours = [("x-forwarded-for", "10.3.3.3, 10.2.2.2")];
        assert_eq!(client("10.0.0.1", &only_ours), "10.3.3.3");
        assert_eq!(client("10.0.0.1", &[]), "10.0.0.1");
        let hidden = [("x-forwarded-for", "1.1.1.1, unknown")];
        assert_eq!(client("10.0.0.1", &hidden), "10.0.0.1");
    }

    #[test]
    fn addresses_are_read_as_proxies_write_them() {
        for (written, read) in [
            ("for=192.0.2.60;proto=http;by=203.0.113.43", "192.0.2.60"),
            ("For=\"[2001:db8:cafe::17]:4711\"", "2001:db8:cafe::17"),
            ("for=192.0.2.43, for=198.51.100.17", "198.51.100.17"),
            ("for=_hidden", "::1"),
        ] {
            let written: &'static str = written;
            assert_eq!(client("::1", &[("forwarded", written)]), read, "{written}");
        }
        let both = [
            ("forwarded", "for=127.0.0.1"),
            ("x-forwarded-for", "203.0.113.5"),
        ];
        assert_eq!(
            client("::1", &both),
            "203.0.113.5",
            "one of them is the client's own"
        );
        let with_port = [("x-forwarded-for", "203.0.113.5:4711")];
        assert_eq!(client("::1", &with_port), "203.0.113.5");
    }
}
