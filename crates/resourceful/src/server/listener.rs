//! The sockets of a server.

use std::fmt::{self, Debug};
use std::io;
use std::net::SocketAddr;
#[cfg(target_os = "linux")]
use std::os::fd::AsFd as _;
#[cfg(unix)]
use std::os::unix::{
    ffi::OsStrExt as _,
    fs::{FileTypeExt as _, MetadataExt as _, PermissionsExt as _},
};
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::task::{Context, Poll, ready};

use socket2::SockRef;
use tokio::net::{TcpListener, TcpStream, ToSocketAddrs};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixSocket, UnixStream};

use crate::error::{Error, Result};

use super::io::Stream;
#[cfg(feature = "tls")]
use super::tls::Tls;

/// A socket that accepts connections: bound here, or handed over by another program.
///
/// [`App::bind`](crate::App::bind) creates the usual one.
///
/// # Examples
/// ```
/// use resourceful::prelude::*;
/// use resourceful::Listener;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<()> {
/// let public = Listener::bind("127.0.0.1:0").await?;
/// let inherited = Listener::try_from(std::net::TcpListener::bind("127.0.0.1:0").unwrap())?;
/// let server = App::new().listen(public)?.listen(inherited);
/// server.run_until(async {}).await // stops at once
/// # }
/// ```
#[derive(Debug)]
pub struct Listener {
    socket: BoundSocket,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Tls>,
}

/// A new connection of a listener.
pub(super) struct Accepted {
    pub(super) stream: Stream,
    pub(super) peer: Option<SocketAddr>,
    #[cfg(feature = "tls")]
    pub(super) tls: Option<Tls>,
}

#[derive(Debug)]
enum BoundSocket {
    Tcp(TcpListener),
    #[cfg(unix)]
    /// The file is removed before the socket closes: no other server can have replaced it yet.
    Unix(Option<SocketFile>, UnixListener),
}

/// The file of a Unix socket. The system does not remove it when the socket closes.
#[cfg(unix)]
#[derive(Debug)]
struct SocketFile {
    path: PathBuf,
    /// Identifies the file: another server may have replaced it by its own.
    device_and_inode: (u64, u64),
}

#[cfg(unix)]
fn device_and_inode(path: &Path) -> io::Result<(u64, u64)> {
    let file = std::fs::symlink_metadata(path)?;
    Ok((file.dev(), file.ino()))
}

/// Maximum number of connections that wait to be accepted. The system may lower it (`net.core.somaxconn`).
const BACKLOG: i32 = 1024;

/// Listens at `path`, with a file that only its owner can use from the start: a client that connects
/// before a `chmod` stays connected after it.
///
/// Linux creates the file with the mode of the socket. A umask would work everywhere, but applies to
/// the whole process; a private directory to bind in would make the path too long, which is limited
/// to 107 bytes.
#[cfg(unix)]
fn bind_private(path: &Path) -> io::Result<UnixListener> {
    let private = || std::fs::Permissions::from_mode(0o600);
    let socket = UnixSocket::new_stream()?;
    #[cfg(target_os = "linux")]
    std::fs::File::from(socket.as_fd().try_clone_to_owned()?).set_permissions(private())?;
    socket.bind(path)?;
    // Elsewhere the file does not get the mode of the socket.
    #[cfg(not(target_os = "linux"))]
    std::fs::set_permissions(path, private())?;
    socket.listen(BACKLOG.unsigned_abs())
}

#[cfg(unix)]
impl Drop for SocketFile {
    fn drop(&mut self) {
        let current = device_and_inode(&self.path);
        if current.is_ok_and(|current| current == self.device_and_inode)
            && let Err(error) = std::fs::remove_file(&self.path)
        {
            tracing::warn!(error = error.to_string(), path = ?self.path, "cannot remove the file of a socket");
        }
    }
}

impl Listener {
    /// Listens on a TCP address; port 0 takes a free one.
    ///
    /// # Errors
    /// An address that cannot be bound.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let listener = resourceful::Listener::bind("127.0.0.1:0").await?;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn bind(address: impl ToSocketAddrs + Debug) -> Result<Self> {
        let requested = format!("{address:?}");
        let failed = |error| Error::internal(format!("cannot listen on {requested}: {error}"));
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        // A second call changes the backlog, which is 128 after `bind`: a client that finds it full connects a second later.
        SockRef::from(&listener).listen(BACKLOG).map_err(failed)?;
        Ok(listener.into())
    }

    /// Listens on a Unix socket at `path`.
    ///
    /// Only the user who runs the server may connect, whatever the umask;
    /// [`with_mode`](Self::with_mode) admits others. The file of a server that no longer runs is
    /// replaced. The file is removed when the listener is dropped.
    ///
    /// # Errors
    /// A path that cannot be bound, or on which another server listens. An empty path and one that
    /// begins with `@` are refused: they mean sockets without a file (`unix(7)`, "abstract"), to
    /// which every user of the machine may connect. `./@name` is a file. One with NUL is refused, too.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let path = std::env::temp_dir().join(format!("doc-{}.sock", std::process::id()));
    /// let listener = resourceful::Listener::unix(&path).await?;
    /// assert!(path.exists());
    /// drop(listener);
    /// assert!(!path.exists());
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(unix)]
    pub async fn unix(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let failed = |error: io::Error| {
            Error::internal(format!("cannot listen on \"{}\": {error}", path.display()))
        };
        let bytes = path.as_os_str().as_bytes();
        // The system would end the name of the file at a NUL.
        if matches!(bytes.first(), None | Some(b'@')) || bytes.contains(&0) {
            let error = io::Error::other(
                "the path is empty, contains NUL, or begins with `@` as an abstract socket does; `./@name` is a file",
            );
            return Err(failed(error));
        }
        // A connection to a file that is not a socket is refused, too.
        let is_socket =
            std::fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
        if is_socket
            && let Err(error) = UnixStream::connect(path).await
            && error.kind() == io::ErrorKind::ConnectionRefused
        {
            tracing::info!(path = ?path, "replacing the file of an unused socket");
            std::fs::remove_file(path).map_err(failed)?;
        }
        let listener = bind_private(path).map_err(failed)?;
        let file = SocketFile {
            path: path.to_owned(),
            device_and_inode: device_and_inode(path).map_err(failed)?,
        };
        Ok(BoundSocket::Unix(Some(file), listener).into())
    }

    /// Mode of the file of a Unix socket, for example `0o660` (default `0o600`: only the user who
    /// runs the server may connect).
    ///
    /// # Errors
    /// A listener that was not created by [`unix`](Self::unix); a mode that cannot be set.
    ///
    /// # Examples
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> resourceful::Result<()> {
    /// let path = std::env::temp_dir().join(format!("mode-{}.sock", std::process::id()));
    /// let listener = resourceful::Listener::unix(&path).await?.with_mode(0o660)?;
    /// # Ok(())
    /// # }
    /// ```
    #[cfg(unix)]
    pub fn with_mode(self, mode: u32) -> Result<Self> {
        let BoundSocket::Unix(Some(SocketFile { path, .. }), _) = &self.socket else {
            return Err(Error::internal("only a Unix socket has a mode"));
        };
        let permissions = std::fs::Permissions::from_mode(mode);
        std::fs::set_permissions(path, permissions).map_err(|error| {
            Error::internal(format!(
                "cannot set the mode of \"{}\": {error}",
                path.display()
            ))
        })?;
        Ok(self)
    }

    /// Requires TLS on this socket.
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
    #[cfg(feature = "tls")]
    #[must_use]
    pub fn with_tls(mut self, tls: Tls) -> Self {
        self.tls = Some(tls);
        self
    }

    /// The TCP address; `None` for a Unix socket.
    pub(super) fn local_addr(&self) -> Option<SocketAddr> {
        match &self.socket {
            BoundSocket::Tcp(listener) => listener.local_addr().ok(),
            #[cfg(unix)]
            BoundSocket::Unix(..) => None,
        }
    }

    pub(super) fn poll_accept(&self, cx: &mut Context<'_>) -> Poll<io::Result<Accepted>> {
        match &self.socket {
            BoundSocket::Tcp(listener) => {
                let (stream, peer) = ready!(listener.poll_accept(cx))?;
                Poll::Ready(Ok(self.accepted(stream.into(), Some(peer))))
            }
            #[cfg(unix)]
            BoundSocket::Unix(_, listener) => {
                let (stream, _) = ready!(listener.poll_accept(cx))?;
                Poll::Ready(Ok(self.accepted(stream.into(), None)))
            }
        }
    }

    /// Removes the file of a Unix socket, so that nobody else connects before the socket closes.
    pub(super) fn remove_file(&mut self) {
        #[cfg(unix)]
        if let BoundSocket::Unix(file, _) = &mut self.socket {
            *file = None;
        }
    }

    /// A connection that waits in the queue of the system, also if tokio has not seen it yet.
    ///
    /// # Errors
    /// `WouldBlock` if none waits.
    pub(super) fn accept_waiting(&self) -> io::Result<Accepted> {
        match &self.socket {
            BoundSocket::Tcp(listener) => {
                let (socket, peer) = SockRef::from(listener).accept()?;
                socket.set_nonblocking(true)?;
                let stream = TcpStream::from_std(socket.into())?;
                Ok(self.accepted(stream.into(), peer.as_socket()))
            }
            #[cfg(unix)]
            BoundSocket::Unix(_, listener) => {
                let (socket, _) = SockRef::from(listener).accept()?;
                socket.set_nonblocking(true)?;
                let stream = UnixStream::from_std(socket.into())?;
                Ok(self.accepted(stream.into(), None))
            }
        }
    }

    #[cfg_attr(
        not(feature = "tls"),
        expect(clippy::unused_self, reason = "TLS is a setting of the listener")
    )]
    fn accepted(&self, stream: Stream, peer: Option<SocketAddr>) -> Accepted {
        Accepted {
            stream,
            peer,
            #[cfg(feature = "tls")]
            tls: self.tls.clone(),
        }
    }
}

impl fmt::Display for Listener {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.socket {
            BoundSocket::Tcp(listener) => match listener.local_addr() {
                Ok(address) => write!(f, "{address}"),
                Err(error) => write!(f, "{error}"),
            },
            #[cfg(unix)]
            BoundSocket::Unix(_, listener) => {
                let address = listener.local_addr();
                let path = address
                    .as_ref()
                    .ok()
                    .and_then(|address| address.as_pathname());
                let path = path.unwrap_or(Path::new("(unnamed)"));
                write!(f, "unix:{}", path.display())
            }
        }
    }
}

impl From<BoundSocket> for Listener {
    fn from(socket: BoundSocket) -> Self {
        Self {
            socket,
            #[cfg(feature = "tls")]
            tls: None,
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        BoundSocket::Tcp(listener).into()
    }
}

/// Must run within a tokio runtime.
impl TryFrom<std::net::TcpListener> for Listener {
    type Error = Error;

    fn try_from(listener: std::net::TcpListener) -> Result<Self> {
        listener.set_nonblocking(true).map_err(Error::internal)?;
        let listener = TcpListener::from_std(listener).map_err(Error::internal)?;
        Ok(listener.into())
    }
}

/// The file of the socket is not removed.
#[cfg(unix)]
impl From<UnixListener> for Listener {
    fn from(listener: UnixListener) -> Self {
        BoundSocket::Unix(None, listener).into()
    }
}

/// Must run within a tokio runtime. The file of the socket is not removed.
#[cfg(unix)]
impl TryFrom<std::os::unix::net::UnixListener> for Listener {
    type Error = Error;

    fn try_from(listener: std::os::unix::net::UnixListener) -> Result<Self> {
        listener.set_nonblocking(true).map_err(Error::internal)?;
        let listener = UnixListener::from_std(listener).map_err(Error::internal)?;
        Ok(listener.into())
    }
}
