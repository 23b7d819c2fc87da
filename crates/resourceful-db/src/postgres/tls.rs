//! TLS to PostgreSQL, by rustls.

use std::sync::Arc;

use tokio_postgres::Config;
use tokio_postgres::config::SslMode;
use tokio_postgres_rustls::MakeRustlsConnect;
use tokio_rustls::rustls::client::danger::{
    HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier,
};
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::rustls::{
    ClientConfig, DigitallySignedStruct, Error as TlsError, RootCertStore, SignatureScheme, crypto,
};
use url::{Url, form_urlencoded};

use crate::error::DbError;

/// The settings of TLS, with which connections are made and statements are cancelled.
#[derive(Clone)]
pub(super) struct Tls(pub(super) MakeRustlsConnect);

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Tls")
    }
}

/// Reads the URL. `sslmode` is `disable`, `prefer` (default: encrypted if the server can, its certificate is not
/// verified, as in libpq), or `require`, `verify-ca` or `verify-full`, which all verify certificate and name,
/// against `sslrootcert` or the certificates of the system.
pub(super) fn configure(url: &str) -> Result<(Config, Tls), DbError> {
    let invalid = |error: String| DbError::other(format!("invalid URL of the database: {error}"));
    let mut parsed = Url::parse(url).map_err(|error| invalid(error.to_string()))?;
    let mut root = None;
    let mut mode = None;
    let query = parsed.query().unwrap_or_default().to_owned();
    let mut others = Vec::new();
    for pair in query.split('&') {
        // In a URL of libpq a plus is a plus, and not a space as in forms.
        let decoded = pair.replace('+', "%2B");
        let Some((name, value)) = form_urlencoded::parse(decoded.as_bytes()).next() else {
            continue;
        };
        match &*name {
            "sslrootcert" => root = Some(value.into_owned()),
            "sslmode" => mode = Some(value.into_owned()),
            _ => others.push(pair),
        }
    }
    parsed.set_query((!others.is_empty()).then(|| others.join("&")).as_deref());
    let mut config: Config = parsed
        .as_str()
        .parse()
        .map_err(|error: tokio_postgres::Error| invalid(error.to_string()))?;
    let verifies = match mode.as_deref() {
        None | Some("prefer" | "allow") => false,
        Some("disable") => {
            config.ssl_mode(SslMode::Disable);
            false
        }
        Some("require" | "verify-ca" | "verify-full") => {
            config.ssl_mode(SslMode::Require);
            true
        }
        Some(other) => return Err(invalid(format!("`sslmode` cannot be `{other}`"))),
    };
    // Named, because rustls panics if a tree has two providers.
    let provider = Arc::new(ring::default_provider());
    let tls = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| DbError::other(error.to_string()))?;
    let tls = if verifies {
        tls.with_root_certificates(roots(root.as_deref())?)
    } else {
        tls.dangerous()
            .with_custom_certificate_verifier(Arc::new(AnyCertificate(provider)))
    };
    let tls = MakeRustlsConnect::new(tls.with_no_client_auth());
    Ok((config, Tls(tls)))
}

fn roots(file: Option<&str>) -> Result<RootCertStore, DbError> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = file {
        let failed = |error: String| DbError::other(format!("cannot read `{file}`: {error}"));
        let certificates =
            CertificateDer::pem_file_iter(file).map_err(|error| failed(error.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| failed(error.to_string()))?;
            roots
                .add(certificate)
                .map_err(|error| failed(error.to_string()))?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    Ok(roots)
}

/// Encrypts without knowing to whom: against listeners, not against an attacker in between.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ServerCertVerifier for AnyCertificate {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls12_signature(message, certificate, signature, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        let algorithms = &self.0.signature_verification_algorithms;
        crypto::verify_tls13_signature(message, certificate, signature, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
