//! [`StaticFiles`]: a directory of static files as an endpoint.

use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cap_std::ambient_authority;
use cap_std::fs::{Dir, OpenOptions};
use http::StatusCode;
use http::header::{CACHE_CONTROL, HeaderValue, LOCATION};

use crate::endpoint::telemetry::Telemetry;
use crate::endpoint::typed_endpoint::TypedEndpoint;
use crate::error::{Error, Result};
use crate::handler::access::Access;
use crate::handler::view::Guarded;
use crate::proto::path::decode_segment;
use crate::request::Request;
use crate::request::head::Head;
use crate::response::file::FileResponse;
use crate::response::file::open::{OpenFile, no_file, open_error};
use crate::response::into_response::IntoResponse;
use crate::response::reply::{Content, Reply};
use crate::task::blocking::blocking;

/// The file of a directory: for static files and front ends.
const INDEX: &str = "index.html";

/// A directory of static files: [`App::files`](crate::App::files) serves it.
///
/// Each file is sent as a [`FileResponse`], with conditions and ranges. Its `Cache-Control` is `no-cache`
/// unless [`with_cache_control`](Self::with_cache_control) sets another: caches ask each time whether the
/// file is current. A directory is served as its `index.html`, and a path without the last slash gets a
/// 308 to the path with it. There are no listings.
///
/// These get 404:
///
/// * names that start with a dot (`.git`, `.env`), below the directory;
/// * symbolic links that lead out of the directory, also those of a parent; other links are followed;
/// * names with an encoded slash, a backslash or NUL; empty segments; on Windows names with a colon;
/// * devices, FIFOs and sockets.
///
/// A path with `..` gets 400. The directory is opened for each request, so one that is replaced (a link to
/// a release, say) is served anew without a restart.
///
/// # Examples
/// ```
/// use resourceful::StaticFiles;
/// use resourceful::prelude::*;
///
/// let app = App::new()
///     .files("/assets", public(StaticFiles::new("src").with_cache_control("public, max-age=3600")));
/// ```
#[derive(Clone, Debug)]
pub struct StaticFiles {
    directory: PathBuf,
    cache_control: HeaderValue,
}

impl StaticFiles {
    /// The files below `directory`. A relative path starts at the working directory of the process.
    ///
    /// # Examples
    /// ```
    /// let files = resourceful::StaticFiles::new("public");
    /// ```
    #[must_use]
    pub fn new(directory: impl Into<PathBuf>) -> Self {
        Self {
            directory: directory.into(),
            cache_control: HeaderValue::from_static("no-cache"),
        }
    }

    /// Sets `Cache-Control` (default `no-cache`). For files whose names have a hash of their content:
    /// `public, max-age=31536000, immutable`.
    ///
    /// # Panics
    /// If the value is not visible ASCII.
    ///
    /// # Examples
    /// ```
    /// let files = resourceful::StaticFiles::new("public").with_cache_control("max-age=60");
    /// ```
    #[must_use]
    pub fn with_cache_control(mut self, value: &'static str) -> Self {
        self.cache_control = HeaderValue::from_static(value);
        self
    }

    /// Opens the directory, to find a start-up error.
    pub(crate) fn check(&self) -> io::Result<()> {
        Dir::open_ambient_dir(&self.directory, ambient_authority()).map(drop)
    }

    /// Finds a file. Blocks.
    fn find(&self, target: &Target) -> Result<Found> {
        let path = &target.path;
        let found = Dir::open_ambient_dir(&self.directory, ambient_authority())
            .and_then(|root| find_in(&root, target));
        found.map_err(|error| {
            if is_outside(&error) {
                tracing::warn!(path, "a static file leads out of its directory");
                return no_file();
            }
            open_error(&self.directory.join(path), &error)
        })
    }
}

/// The path of a request, below the directory.
pub(crate) struct Target {
    /// Without slashes at the ends; empty for the directory itself.
    path: String,
    /// Whether the path of the request ends with a slash.
    is_directory: bool,
}

impl Target {
    /// Reads the part of the path below the prefix. `None` if no file can have such a name.
    ///
    /// Segments are decoded one by one, so that an encoded slash does not become a separator.
    fn new(rest: &str) -> Option<Self> {
        let mut path = String::with_capacity(rest.len());
        if rest.is_empty() {
            let is_directory = true;
            return Some(Self { path, is_directory });
        }
        let (rest, is_directory) = match rest.strip_suffix('/') {
            Some(rest) => (rest, true),
            None => (rest, false),
        };
        for segment in rest.split('/') {
            let segment = decode_segment(segment);
            let has_separator = segment.contains(['/', '\\', '\0']);
            let has_drive = cfg!(windows) && segment.contains(':');
            if segment.is_empty() || segment.starts_with('.') || has_separator || has_drive {
                return None;
            }
            if !path.is_empty() {
                path.push('/');
            }
            path.push_str(&segment);
        }
        Some(Self { path, is_directory })
    }
}

enum Found {
    /// With the name that gives its media type.
    File(OpenFile, String),
    /// A directory whose path in the request has no last slash.
    Directory,
}

/// Opens the file inside `root`. cap-std resolves the path without ever leaving `root`, whatever others
/// rename at the same time, and the checks are made on the file that is open.
fn find_in(root: &Dir, target: &Target) -> io::Result<Found> {
    if !target.is_directory {
        let file = open(root, &target.path)?;
        if file.metadata()?.is_dir() {
            return Ok(Found::Directory);
        }
        let name = Path::new(&target.path).file_name().unwrap_or_default();
        let name = name.to_string_lossy().into_owned();
        return Ok(Found::File(OpenFile::new(file)?, name));
    }
    let index = match &*target.path {
        "" => INDEX.to_owned(),
        path => format!("{path}/{INDEX}"),
    };
    let file = OpenFile::new(open(root, &index)?)?;
    Ok(Found::File(file, INDEX.to_owned()))
}

fn open(root: &Dir, path: &str) -> io::Result<std::fs::File> {
    let mut options = OpenOptions::new();
    options.read(true);
    #[cfg(unix)]
    cap_std::fs::OpenOptionsExt::custom_flags(&mut options, crate::response::file::open::NONBLOCK);
    Ok(root.open_with(path, &options)?.into_std())
}

/// Whether cap-std refused a path that leads out of the directory.
fn is_outside(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::PermissionDenied && error.raw_os_error().is_none()
}

/// [`StaticFiles`] with their access.
pub(crate) struct FilesEndpoint<A, S>(pub(crate) Guarded<A, StaticFiles, S>);

impl<A: Access<S>, S: Send + Sync + 'static> TypedEndpoint for FilesEndpoint<A, S> {
    type Access = A;
    type State = S;
    type Input = Option<Target>;
    type Output = Reply;

    fn timeout(&self) -> Option<Duration> {
        self.0.timeout
    }

    fn telemetry(&self) -> Telemetry {
        if self.0.has_telemetry {
            Telemetry::All
        } else {
            Telemetry::Off
        }
    }

    fn state(&self) -> &S {
        &self.0.state
    }

    async fn read(&self, request: &mut Request) -> Result<Option<Target>> {
        let rest = request.head().route.parameters.last();
        Ok(Target::new(rest.map_or("", |rest| rest.of(request.path()))))
    }

    async fn call(&self, request: Request<A::Caller>, target: Option<Target>) -> Result<Reply> {
        let target = target.ok_or_else(no_file)?;
        let files = self.0.handler.clone();
        match blocking(move || files.find(&target)).await?? {
            Found::Directory => with_slash(&request),
            Found::File(file, name) => {
                let cache_control = self.0.handler.cache_control.clone();
                FileResponse::from_open(&request, &name, file)
                    .with_header(CACHE_CONTROL, cache_control)
                    .into_reply()
            }
        }
    }

    fn respond(&self, reply: Reply, _: &Head) -> Result<Reply> {
        Ok(reply)
    }
}

/// Redirects to the path with a last slash, from which the links of an `index.html` are resolved.
fn with_slash<C>(request: &Request<C>) -> Result<Reply> {
    let root = request.head().root_path();
    let query = request.uri().query();
    let query = query.map_or(String::new(), |query| format!("?{query}"));
    let location = format!("{root}{}/{query}", request.uri().path());
    let location = HeaderValue::try_from(location).map_err(Error::internal)?;
    let content = Content::empty(StatusCode::PERMANENT_REDIRECT);
    Ok(content.with(LOCATION, location).into())
}
