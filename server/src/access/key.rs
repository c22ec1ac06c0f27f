//! Whose requests and attempts are counted together.

use std::net::{IpAddr, Ipv6Addr};

/// Whose requests and attempts are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Key {
    /// Those of an address.
    Address(IpAddr),
    /// Those in the name of a person or a program.
    Name(String),
}

impl Key {
    /// The key of an address. Of IPv6 one machine has a whole network of addresses (RFC 6177).
    pub fn of_address(address: IpAddr) -> Self {
        Self::Address(match address.to_canonical() {
            IpAddr::V6(address) => {
                let network = u128::from(address) >> 64 << 64;
                Ipv6Addr::from(network).into()
            }
            address @ IpAddr::V4(_) => address,
        })
    }
}
