//! How the connection to a database is encrypted.

use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use tokio_postgres::config::SslMode;

/// How the connection is encrypted where it is: by certificates that the system trusts, or by those that
/// are given.
pub fn tls(ssl_mode: SslMode, root_certificate: Option<&[u8]>) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    match root_certificate {
        // Not worth the reading of a hundred files.
        _ if ssl_mode == SslMode::Disable => {}
        Some(pem) => {
            for certificate in CertificateDer::pem_slice_iter(pem) {
                let added = certificate.map_err(|error| error.to_string());
                let added = added.and_then(|der| roots.add(der).map_err(|error| error.to_string()));
                added.map_err(|error| format!("sslrootcert: {error}"))?;
            }
        }
        None => {
            // Those that can't be read are not trusted.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}
