//! TLS for a listener, by rustls. Certificates are reloaded when their files change.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::{Duration, SystemTime};

use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::{CryptoProvider, ring};
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use crate::error::{BoxError, Error, Result};

/// The interval at which the files are checked for changes.
const CHECK_INTERVAL: Duration = Duration::from_secs(2);

/// TLS 1.2 and 1.3 for a [`Listener`](crate::Listener), with HTTP/2 by ALPN (RFC 7301).
///
/// # Examples
/// ```no_run
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> resourceful::Result<()> {
/// use resourceful::{App, Listener, Tls};
/// let tls = Tls::from_pem_files("cert.pem", "key.pem")?;
/// let listener = Listener::bind("0.0.0.0:443").await?.with_tls(tls);
/// App::new().listen(listener)?.run().await
/// # }
/// ```
#[derive(Clone)]
pub struct Tls {
    pub(crate) config: Arc<ServerConfig>,
    files: Option<Arc<Files>>,
}

impl Tls {
    /// TLS with a certificate chain and its private key from PEM files.
    ///
    /// Changed files are reloaded within 2 s, for new connections. If they cannot be used, that is
    /// logged and the previous certificate stays in use.
    ///
    /// # Errors
    /// A file that cannot be read; a key that does not belong to the certificate.
    ///
    /// # Examples
    /// ```
    /// let error = resourceful::Tls::from_pem_files("none.pem", "none.key").unwrap_err();
    /// assert!(error.to_string().contains("none.pem"));
    /// ```
    pub fn from_pem_files(
        certificates: impl Into<PathBuf>,
        key: impl Into<PathBuf>,
    ) -> Result<Self> {
        let files = Arc::new(Files::read(certificates.into(), key.into())?);
        let mut config = ServerConfig::builder_with_provider(provider())
            .with_safe_default_protocol_versions()
            .map_err(Error::internal)?
            .with_no_client_auth()
            .with_cert_resolver(Arc::clone(&files) as Arc<dyn ResolvesServerCert>);
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Self {
            config: Arc::new(config),
            files: Some(files),
        })
    }

    /// Reloads the files whenever they change.
    pub(crate) async fn reload_on_change(self) {
        let Some(files) = self.files else {
            return std::future::pending().await;
        };
        let mut period = tokio::time::interval(CHECK_INTERVAL);
        loop {
            period.tick().await;
            let files = Arc::clone(&files);
            let reloaded = tokio::task::spawn_blocking(move || files.reload_if_changed());
            if let Ok(Err(error)) = reloaded.await {
                tracing::error!(
                    error = error.to_string(),
                    "cannot use the new certificate, the old one stays in use"
                );
            }
        }
    }
}

/// TLS with a configuration of your own: client certificates, several names, other algorithms. It
/// must also set ALPN.
impl From<Arc<ServerConfig>> for Tls {
    fn from(config: Arc<ServerConfig>) -> Self {
        Self {
            config,
            files: None,
        }
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls")
            .field("files", &self.files)
            .finish_non_exhaustive()
    }
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

/// A certificate and its key, with their files.
struct Files {
    certificates: PathBuf,
    key: PathBuf,
    current: RwLock<Current>,
}

struct Current {
    certified: Arc<CertifiedKey>,
    /// The stamp of the files that were read last, usable or not.
    stamp: Stamp,
}

/// Modification time and length of both files. The files count as changed when these differ.
type Stamp = [Option<(SystemTime, u64)>; 2];

impl Files {
    fn read(certificates: PathBuf, key: PathBuf) -> Result<Self> {
        let stamp = [stamp(&certificates), stamp(&key)];
        let certified = Arc::new(certified(&certificates, &key)?);
        let current = RwLock::new(Current { certified, stamp });
        Ok(Self {
            certificates,
            key,
            current,
        })
    }

    fn reload_if_changed(&self) -> Result<()> {
        let stamp = [stamp(&self.certificates), stamp(&self.key)];
        if self.current().stamp == stamp {
            return Ok(());
        }
        let certified = certified(&self.certificates, &self.key);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.stamp = stamp;
        current.certified = Arc::new(certified?);
        tracing::info!(certificates = ?self.certificates, "new certificate in use");
        Ok(())
    }

    fn current(&self) -> std::sync::RwLockReadGuard<'_, Current> {
        self.current.read().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ResolvesServerCert for Files {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.current().certified))
    }
}

impl fmt::Debug for Files {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}, {}", self.certificates.display(), self.key.display())
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.modified().ok()?, metadata.len()))
}

fn certified(certificates: &Path, key: &Path) -> Result<CertifiedKey> {
    let failed =
        |path: &Path, error: BoxError| Error::internal(format!("{}: {error}", path.display()));
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| failed(certificates, error.into()))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| failed(key, error.into()))?;
    CertifiedKey::from_der(chain, private, &provider())
        .map_err(|error| failed(certificates, error.into()))
}
