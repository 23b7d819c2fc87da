//! Opens regular files, and makes their validators.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use http::header::{ETAG, HeaderMap, HeaderValue, LAST_MODIFIED};

use crate::error::Error;

/// The least age of a file whose size and time identify its content.
///
/// Two writes of one size can have the same time: clocks of file systems have steps of up to two seconds
/// (FAT).
const SETTLED: Duration = Duration::from_secs(2);

/// Years from 10000 on have no form in HTTP.
const LAST_DATE: Duration = Duration::from_secs(253_402_300_799);

/// A regular file, open for reading.
#[derive(Debug)]
pub(crate) struct OpenFile {
    pub(super) file: File,
    pub(super) length: u64,
    modified: Option<SystemTime>,
}

impl OpenFile {
    /// Opens a file. Blocks, but not for the writer of a FIFO.
    pub(super) fn open(path: &Path) -> io::Result<Self> {
        let mut options = File::options();
        options.read(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, NONBLOCK);
        Self::new(options.open(path)?)
    }

    /// Refuses directories, devices, FIFOs and sockets: nobody knows how long they are, and reading one
    /// can block a thread without limit.
    pub(crate) fn new(file: File) -> io::Result<Self> {
        let metadata: Metadata = file.metadata()?;
        if !metadata.is_file() {
            return Err(io::Error::from(io::ErrorKind::IsADirectory));
        }
        Ok(Self {
            file,
            length: metadata.len(),
            modified: metadata.modified().ok(),
        })
    }

    /// Adds `ETag` and `Last-Modified`.
    ///
    /// The tag is strong: `Range` and `If-Range` need that to continue a download. It has the length and
    /// the time of the last change, without the inode, which differs between two servers of the same
    /// files. A file that was written within the last two seconds may be written once more with the same
    /// time: its tag is weak, and it has no `Last-Modified`.
    pub(super) fn add_validators(&self, headers: &mut HeaderMap) {
        let Some(modified) = self.modified else {
            return;
        };
        let (sign, since_epoch) = match modified.duration_since(UNIX_EPOCH) {
            Ok(after) => ("", after),
            Err(before) => ("-", before.duration()),
        };
        let age = SystemTime::now().duration_since(modified);
        let is_settled = age.is_ok_and(|age| age >= SETTLED);
        let weak = if is_settled { "" } else { "W/" };
        let (nanos, length) = (since_epoch.as_nanos(), self.length);
        let tag = format!("{weak}\"{sign}{nanos:x}-{length:x}\"");
        let tag = HeaderValue::try_from(tag).expect("hexadecimal digits are a field value");
        headers.insert(ETAG, tag);
        if is_settled && sign.is_empty() && since_epoch <= LAST_DATE {
            let date = httpdate::fmt_http_date(modified);
            let date = HeaderValue::try_from(date).expect("a date is a field value");
            headers.insert(LAST_MODIFIED, date);
        }
    }
}

/// Opening a FIFO returns at once, without a writer.
#[cfg(unix)]
pub(crate) const NONBLOCK: i32 = rustix::fs::OFlags::NONBLOCK.bits().cast_signed();

/// The error of a file that cannot be opened. The client reads no path.
///
/// A file without permission is 404, too: the client cannot do anything about it, and 403 would tell
/// which files exist. The log has the reason.
pub(crate) fn open_error(path: &Path, error: &io::Error) -> Error {
    use io::ErrorKind as Kind;
    let cause = format!("{}: {error}", path.display());
    match error.kind() {
        Kind::NotFound
        | Kind::NotADirectory
        | Kind::IsADirectory
        | Kind::InvalidFilename
        // A path with NUL.
        | Kind::InvalidInput => no_file(),
        Kind::PermissionDenied => {
            tracing::warn!(path = %path.display(), "no permission to open a file");
            no_file()
        }
        _ if is_hidden_error(error) => no_file(),
        _ => Error::internal(cause),
    }
}

pub(crate) fn no_file() -> Error {
    Error::not_found("There is no such file.")
}

/// A loop of symbolic links, or a socket, which cannot be opened.
#[cfg(unix)]
fn is_hidden_error(error: &io::Error) -> bool {
    let code = rustix::io::Errno::from_io_error(error);
    matches!(
        code,
        Some(rustix::io::Errno::LOOP | rustix::io::Errno::NXIO)
    )
}

#[cfg(not(unix))]
fn is_hidden_error(_: &io::Error) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_does_not_learn_why_a_file_is_missing() {
        use io::ErrorKind as Kind;
        let error = |kind| open_error(Path::new("/srv/key.pem"), &io::Error::from(kind));
        for kind in [
            Kind::NotFound,
            Kind::NotADirectory,
            Kind::IsADirectory,
            Kind::InvalidFilename,
            Kind::InvalidInput,
            Kind::PermissionDenied,
        ] {
            assert_eq!(error(kind).status(), 404, "{kind}");
            assert_eq!(error(kind).detail(), Some("There is no such file."));
        }
        let other = error(Kind::Other);
        assert_eq!((other.status().as_u16(), other.detail()), (500, None));
        assert!(other.to_string().contains("/srv/key.pem"), "{other}");
    }
}
