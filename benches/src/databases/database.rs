//! A database for the servers: a private PostgreSQL, or a file.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::Result;
use crate::databases::peer::program;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) enum Engine {
    Postgres,
    Sqlite,
}

pub(crate) const ENGINES: [Engine; 2] = [Engine::Postgres, Engine::Sqlite];

impl Engine {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Postgres => "PostgreSQL",
            Self::Sqlite => "SQLite",
        }
    }
}

/// A database with a filled table. It ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Database {
    pub(crate) url: String,
    _cluster: Option<Cluster>,
    _directory: TempDir,
}

impl Database {
    /// Makes a database whose table has so many rows.
    pub(crate) fn create(engine: Engine, rows: u32) -> Result<Self> {
        let directory = tempfile::tempdir()?;
        let (url, cluster) = match engine {
            Engine::Postgres => {
                let cluster = Cluster::start(directory.path())?;
                (cluster.url(), Some(cluster))
            }
            Engine::Sqlite => {
                let file = directory.path().join("blog.sqlite3");
                (format!("sqlite://{}", file.display()), None)
            }
        };
        let seed = Command::new(program("by-hand", "seed")?)
            .args([&url, &rows.to_string()])
            .status()?;
        if !seed.success() {
            return Err(format!("the table on {} cannot be filled", engine.name()).into());
        }
        Ok(Self {
            url,
            _cluster: cluster,
            _directory: directory,
        })
    }
}

/// A PostgreSQL server with data of its own.
#[derive(Debug)]
struct Cluster {
    programs: PathBuf,
    data: PathBuf,
    port: u16,
}

impl Cluster {
    fn start(directory: &Path) -> Result<Self> {
        // PostgreSQL refuses to run as root.
        if is_root() {
            chown(directory, Some(NOBODY), Some(NOBODY))?;
        }
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let cluster = Self {
            programs: programs()?,
            data: directory.join("postgres"),
            port,
        };
        cluster.run(
            "initdb",
            &[
                "--username=bench",
                "--auth=trust",
                "--encoding=UTF8",
                "--locale=C.UTF-8",
                "--no-sync",
            ],
        )?;
        let settings = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=off \
             -c max_connections=300"
        );
        let log = directory.join("postgres.log");
        let log = log.to_str().ok_or("a temporary directory without a name")?;
        cluster.run(
            "pg_ctl",
            &["start", "--wait", "--log", log, "--options", &settings],
        )?;
        Ok(cluster)
    }

    fn url(&self) -> String {
        format!("postgres://bench@127.0.0.1:{}/postgres", self.port)
    }

    fn run(&self, program: &str, arguments: &[&str]) -> Result<()> {
        let program = self.programs.join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            let nobody = NOBODY.to_string();
            command
                .args(["--reuid", &nobody, "--regid", &nobody, "--clear-groups"])
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        let output = command
            .arg("--pgdata")
            .arg(&self.data)
            .args(arguments)
            .current_dir("/")
            // `pg_ctl` would leave its output open to the server.
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .status()?;
        if !output.success() {
            return Err(format!("{command:?} has failed").into());
        }
        Ok(())
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        let _ = self.run("pg_ctl", &["stop", "--mode", "immediate"]);
    }
}

const NOBODY: u32 = 65534;

fn is_root() -> bool {
    rustix::process::geteuid().is_root()
}

/// The directory of `initdb` and `pg_ctl`.
fn programs() -> Result<PathBuf> {
    let versions = fs::read_dir("/usr/lib/postgresql")
        .ok()
        .into_iter()
        .flatten()
        .flatten();
    let versions = versions.map(|version| version.path().join("bin"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let path: Vec<PathBuf> = std::env::split_paths(&path).collect();
    let found = versions
        .chain(path)
        .find(|directory| directory.join("initdb").exists() && directory.join("pg_ctl").exists());
    found.ok_or_else(|| "PostgreSQL is needed. On Debian: apt-get install postgresql".into())
}
