//! Who a request comes from, as [`identify`](crate::http::middleware::identify) found out.

use std::net::IpAddr;

use axum::Extension;
use axum::extract::{FromRef, FromRequestParts};
use axum::http::request::Parts;

use shared::Reason;

use crate::access::{Rates, Visitor};
use crate::http::problem::Rejection;

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let visitor = Extension::<Self>::from_request_parts(parts, state).await;
        let Extension(visitor) = visitor.map_err(|_| Rejection::InternalError)?;
        Ok(visitor)
    }
}

/// The address that a request comes from: behind proxies that are trusted it is the one that they name.
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress {
    /// The address.
    pub address: IpAddr,
    /// Whether it is the machine itself that asks, and no proxy on it.
    pub is_local: bool,
}

impl<S: Send + Sync> FromRequestParts<S> for ClientAddress {
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let address = Extension::<Self>::from_request_parts(parts, state).await;
        let Extension(address) = address.map_err(|_| Rejection::InternalError)?;
        Ok(address)
    }
}

impl ClientAddress {
    /// Gives a visitor who connects for longer a place of their address's.
    pub fn seat(self, visitor: Visitor, rates: &Rates) -> Result<Seated, Rejection> {
        if self.is_local {
            return Ok(Seated(visitor));
        }
        let seat = rates.sit(self.address).map_err(Reason::too_often)?;
        Ok(Seated(visitor.seated(seat)))
    }
}

/// A visitor who connects for longer, at a place of their address's own.
pub struct Seated(pub Visitor);

impl<S: Send + Sync> FromRequestParts<S> for Seated
where
    Rates: FromRef<S>,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let address = ClientAddress::from_request_parts(parts, state).await?;
        let visitor = Visitor::from_request_parts(parts, state).await?;
        address.seat(visitor, &Rates::from_ref(state))
    }
}
