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
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::{ClientConfig, RootCertStore};
use url::{Url, form_urlencoded};

/// Time limit for connecting to the host, and again for each handshake.
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
    /// Parses `redis://[[user]:password@]host[:port][/database]`, or `redis+unix:///path?db=0&user=..&pass=..`. `rediss://` is
    /// TLS: the certificate of the server is verified, against the certificate authorities in the file that
    /// `?sslrootcert=` names, or those of the system. `valkey` and `valkeys` are the same as `redis` and `rediss`.
    ///
    /// # Errors
    /// If the URL is none of these, or the file has no certificates.
    pub fn parse(url: &str) -> Result<Self, BoxError> {
        let mut url = Url::parse(url)?;
        let authorities = authorities(&url);
        let tls = if matches!(url.scheme(), "rediss" | "valkeys") {
            if url.fragment().is_some() {
                return Err("certificates are always verified: the URL has no `#`".into());
            }
            let tls = tls(authorities.as_deref())?;
            // With its own scheme, the `redis` crate demands its own TLS.
            url.set_scheme("redis").map_err(|()| "not a Redis URL")?;
            Some(tls)
        } else if authorities.is_some() {
            return Err("`sslrootcert` is for TLS, whose URL begins with `rediss://`".into());
        } else {
            None
        };
        let info = url.as_str().into_connection_info()?;
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

/// Connects to all addresses of the host at once, and takes the first connection: one of them may be away.
async fn connect_tcp(host: &str, port: u16) -> io::Result<TcpStream> {
    let mut attempts = JoinSet::new();
    for address in lookup_host((host, port)).await? {
        attempts.spawn(TcpStream::connect(address));
    }
    let mut error = io::Error::from(io::ErrorKind::NotFound);
    let first = async {
        while let Some(attempt) = attempts.join_next().await {
            match attempt? {
                Ok(stream) => return Ok(stream),
                Err(failure) => error = failure,
            }
        }
        Err(error)
    };
    let stream = timeout(CONNECT_TIMEOUT, first).await??;
    stream.set_nodelay(true)?;
    Ok(stream)
}

/// The file of certificate authorities. In a URL of PostgreSQL a plus is a plus, and so here.
fn authorities(url: &Url) -> Option<String> {
    let query = url.query()?.replace('+', "%2B");
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    let (_, file) = pairs.find(|(name, _)| name == "sslrootcert")?;
    Some(file.into_owned())
}

fn tls(authorities: Option<&str>) -> Result<TlsConnector, BoxError> {
    let mut roots = RootCertStore::empty();
    if let Some(file) = authorities {
        let failed = |error: &dyn fmt::Display| format!("cannot read `{file}`: {error}");
        for certificate in CertificateDer::pem_file_iter(file).map_err(|error| failed(&error))? {
            let certificate = certificate.map_err(|error| failed(&error))?;
            roots.add(certificate).map_err(|error| failed(&error))?;
        }
        if roots.is_empty() {
            return Err(failed(&"it has no certificate").into());
        }
    } else {
        let of_system = rustls_native_certs::load_native_certs();
        roots.add_parsable_certificates(of_system.certs);
        if roots.is_empty() {
            let errors = of_system.errors;
            return Err(format!("the system has no certificate authorities: {errors:?}").into());
        }
    }
    // Named, because rustls panics if a program has two providers.
    let config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(url: &str) -> String {
        let Ok(ServerAddress { info, tls }) = ServerAddress::parse(url) else {
            return "refused".to_owned();
        };
        let settings = info.redis_settings();
        let (user, password) = (settings.username(), settings.password());
        let tls = if tls.is_some() { ", TLS" } else { "" };
        format!(
            "{}/{} {user:?} {password:?}{tls}",
            info.addr(),
            settings.db()
        )
    }

    #[test]
    fn urls_are_parsed() {
        for (url, expected) in [
            ("redis://localhost", "localhost:6379/0 None None"),
            ("valkey://localhost:7000/2", "localhost:7000/2 None None"),
            ("redis://[::1]:7000", "::1:7000/0 None None"),
            ("redis://:secret@host", "host:6379/0 None Some(\"secret\")"),
            (
                "rediss://ada:a%40b%2F@host",
                "host:6379/0 Some(\"ada\") Some(\"a@b/\"), TLS",
            ),
            ("REDISS://host", "host:6379/0 None None, TLS"),
            ("valkeys://host:6380/1", "host:6380/1 None None, TLS"),
            (
                "unix:///run/redis.sock?db=2&pass=x",
                "/run/redis.sock/2 None Some(\"x\")",
            ),
            (
                "redis+unix:///run/redis.sock",
                "/run/redis.sock/0 None None",
            ),
            ("rediss://host/#insecure", "refused"),
            ("redis://:secret@host?sslrootcert=ca.pem", "refused"),
            ("rediss://host?sslrootcert=/nowhere/ca.pem", "refused"),
            // A file without certificates.
            ("rediss://host?sslrootcert=Cargo.toml", "refused"),
            ("http://localhost", "refused"),
            ("localhost:6379", "refused"),
            ("", "refused"),
        ] {
            assert_eq!(parsed(url), expected, "{url}");
        }
    }

    #[test]
    fn a_plus_in_a_file_name_is_a_plus() {
        let url = Url::parse("rediss://host?db=1&sslrootcert=/etc/c++/a%20b.pem").unwrap();
        assert_eq!(authorities(&url).as_deref(), Some("/etc/c++/a b.pem"));
    }
}
