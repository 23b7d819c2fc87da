//! TLS for a listener, by rustls; certificates are read anew when their files change.

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

/// How often the files are looked at.
const LOOK_INTERVAL: Duration = Duration::from_secs(2);

/// What a listener needs to speak TLS 1.2 and 1.3, with HTTP/2 by ALPN (RFC 7301).
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
    /// With a chain of certificates and its key from PEM files. When they change they are read
    /// again, within two seconds and for new connections; what cannot be used is logged, and the
    /// last that could be stays.
    ///
    /// # Errors
    /// A file cannot be read, or they do not belong together.
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

    /// Reads the files again when they change, for ever.
    pub(crate) async fn keep_fresh(self) {
        let Some(files) = self.files else {
            return std::future::pending().await;
        };
        let mut period = tokio::time::interval(LOOK_INTERVAL);
        loop {
            period.tick().await;
            let files = Arc::clone(&files);
            let looked = tokio::task::spawn_blocking(move || files.read_again_if_changed());
            if let Ok(Err(error)) = looked.await {
                tracing::error!(
                    error = error.to_string(),
                    "the new certificate cannot be used, the old one stays"
                );
            }
        }
    }
}

/// With a configuration of your own: client certificates, several names, other algorithms. ALPN is
/// yours to say, too.
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

/// A certificate and its key, with the files they come from.
struct Files {
    certificates: PathBuf,
    key: PathBuf,
    current: RwLock<Current>,
}

struct Current {
    certified: Arc<CertifiedKey>,
    /// Of the files that were tried last.
    stamp: Stamp,
}

/// Two files look the same as long as these are.
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

    fn read_again_if_changed(&self) -> Result<()> {
        let stamp = [stamp(&self.certificates), stamp(&self.key)];
        if self.current().stamp == stamp {
            return Ok(());
        }
        let certified = certified(&self.certificates, &self.key);
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        current.stamp = stamp;
        current.certified = Arc::new(certified?);
        tracing::info!(certificates = ?self.certificates, "a new certificate is used");
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
    let fault =
        |path: &Path, error: BoxError| Error::internal(format!("{}: {error}", path.display()));
    let chain = CertificateDer::pem_file_iter(certificates)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .map_err(|error| fault(certificates, error.into()))?;
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| fault(key, error.into()))?;
    CertifiedKey::from_der(chain, private, &provider())
        .map_err(|error| fault(certificates, error.into()))
}
