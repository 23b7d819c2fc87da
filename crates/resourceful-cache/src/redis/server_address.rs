//! [`ServerAddress`]: the address of a Redis server, and connections to it, encrypted or not.

use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;

use redis::{
    ConnectionAddr, ConnectionInfo, IntoConnectionInfo, ProtocolVersion, RedisConnectionInfo,
};
use resourceful::BoxError;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpStream, lookup_host};
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::Url;

/// Time limit for connecting to one address, and again for each handshake.
pub(super) const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// The address of a Redis server, by its URL. Redis stores of other crates use it, too.
#[derive(Clone)]
pub struct ServerAddress {
    info: ConnectionInfo,
    /// For `rediss`.
    tls: Option<TlsConnector>,
}

/// Omits the URL, which may have a password.
impl fmt::Debug for ServerAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerAddress").finish_non_exhaustive()
    }
}

/// A connection to a server.
pub trait ServerStream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<S: AsyncRead + AsyncWrite + Send + Unpin> ServerStream for S {}

impl ServerAddress {
    /// Parses `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS, or `unix://path`. The certificate of
    /// the server is verified, against the file of certificate authorities that `?sslrootcert=` names, or those of the system.
    ///
    /// # Errors
    /// If the URL is none of these, or the file cannot be read.
    pub fn parse(url: &str) -> Result<Self, BoxError> {
        // The `redis` crate knows the schemes of TLS only with its own TLS, which panics if a tree has two providers.
        let mut encrypted = ["rediss://", "valkeys://"].iter();
        let rest = encrypted.find_map(|scheme| url.strip_prefix(scheme));
        let (info, tls) = match rest {
            Some(rest) => (
                format!("redis://{rest}").into_connection_info()?,
                Some(tls(&Url::parse(url)?)?),
            ),
            None => (url.into_connection_info()?, None),
        };
        let settings = info.redis_settings().clone();
        // RESP2 replies are simple enough to limit their size.
        let settings = settings.set_protocol(ProtocolVersion::RESP2);
        Ok(Self {
            info: info.set_redis_settings(settings),
            tls,
        })
    }

    /// The user, the password and the database.
    #[must_use]
    pub fn settings(&self) -> &RedisConnectionInfo {
        self.info.redis_settings()
    }

    /// Connects, before the handshake of Redis.
    ///
    /// # Errors
    /// If the server cannot be reached, or its certificate is not valid for the host.
    pub async fn connect(&self) -> io::Result<Box<dyn ServerStream>> {
        match self.info.addr() {
            ConnectionAddr::Tcp(host, port) => {
                let stream = connect_tcp(host, *port).await?;
                let Some(tls) = &self.tls else {
                    return Ok(Box::new(stream));
                };
                let name = ServerName::try_from(host.clone()).map_err(io::Error::other)?;
                let stream = timeout(CONNECT_TIMEOUT, tls.connect(name, stream)).await??;
                Ok(Box::new(stream))
            }
            #[cfg(unix)]
            ConnectionAddr::Unix(path) => {
                let stream = tokio::net::UnixStream::connect(path).await?;
                Ok(Box::new(stream))
            }
            _ => Err(io::Error::other("the address is not supported")),
        }
    }
}

async fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut result = Err(io::Error::from(io::ErrorKind::NotFound));
    for address in lookup_host((host, port)).await? {
        result = match timeout(CONNECT_TIMEOUT, TcpStream::connect(address)).await {
            Ok(result) => result,
            Err(elapsed) => Err(elapsed.into()),
        };
        if result.is_ok() {
            break;
        }
    }
    let stream = result?;
    stream.set_nodelay(true)?;
    Ok(stream)
}

fn tls(url: &Url) -> Result<TlsConnector, BoxError> {
    let mut roots = RootCertStore::empty();
    match url.query_pairs().find(|(name, _)| name == "sslrootcert") {
        Some((_, file)) => {
            let failed = |error| format!("cannot read `{file}`: {error}");
            for certificate in CertificateDer::pem_file_iter(&*file).map_err(failed)? {
                roots.add(certificate.map_err(failed)?)?;
            }
        }
        None => {
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    // Named, because rustls panics if a tree has two providers.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
