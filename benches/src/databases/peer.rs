//! The measured servers, and how they are built.

use std::path::PathBuf;
use std::process::Command;

use crate::Result;
use crate::databases::database::{Database, Engine};
use crate::measure::build::{target, workspace};
use crate::measure::server::Server;

/// A server of `benches/databases`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    language: Language,
    has_sqlite: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Language {
    /// A binary in `src/bin`. Its feature has the same name.
    Rust,
    /// A program in `python`.
    Python,
}

/// Baseline of the comparison.
pub(crate) const BY_HAND: Peer = Peer::of("by-hand", true);
pub(crate) const OURS: Peer = Peer::of("resourceful", true);

/// All of them, in the order of tables.
pub(crate) const PEERS: [Peer; 7] = [
    BY_HAND,
    OURS,
    Peer::of("axum-sqlx", true),
    Peer::of("axum-sea-orm", true),
    Peer::of("axum-diesel", false),
    Peer::python("fast-api"),
    Peer::python("django-rest"),
];

impl Peer {
    const fn of(name: &'static str, has_sqlite: bool) -> Self {
        Self {
            name,
            language: Language::Rust,
            has_sqlite,
        }
    }

    const fn python(name: &'static str) -> Self {
        Self {
            name,
            language: Language::Python,
            has_sqlite: false,
        }
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        PEERS.into_iter().find(|peer| peer.name == name)
    }

    pub(crate) fn supports(self, engine: Engine) -> bool {
        self.has_sqlite || engine == Engine::Postgres
    }

    /// Builds the server for release.
    pub(crate) fn program(self) -> Result<PathBuf> {
        program(self.name, self.name)
    }

    pub(crate) fn start(self, database: &Database) -> Result<Server> {
        let mut command = Command::new("taskset");
        command
            .args(["--cpu-list", "0"])
            .env("DATABASE_URL", &database.url);
        match self.language {
            Language::Rust => command.arg(self.program()?),
            Language::Python => {
                let script = format!("python/{}.py", self.name.replace('-', "_"));
                command.arg(python()?).arg(directory().join(script))
            }
        };
        Server::start(&mut command, 0)
    }
}

/// Builds a program of `benches/databases`. Its dependencies are built in a target directory of their own, since
/// they come from another lock file.
pub(crate) fn program(feature: &str, name: &str) -> Result<PathBuf> {
    let target = target()?.join("databases");
    let status = Command::new("cargo")
        .current_dir(directory())
        .args(["build", "--locked", "--release", "--quiet"])
        .args(["--features", feature, "--bin", name])
        .env("CARGO_TARGET_DIR", &target)
        .status()?;
    if !status.success() {
        return Err(format!("{name} does not build").into());
    }
    Ok(target.join("release").join(name))
}

/// The interpreter of an environment that has the packages of `python/requirements.txt`.
fn python() -> Result<PathBuf> {
    let environment = target()?.join("databases/python");
    let python = environment.join("bin/python");
    if !python.exists() {
        eprintln!("installing packages of Python");
        let mut create = Command::new("python3");
        create.args(["-m", "venv"]).arg(&environment);
        let mut install = Command::new(&python);
        install
            .args(["-m", "pip", "install", "--quiet", "--requirement"])
            .arg(directory().join("python/requirements.txt"));
        for mut command in [create, install] {
            if !command.status()?.success() {
                return Err(format!("{command:?} has failed").into());
            }
        }
    }
    Ok(python)
}

fn directory() -> PathBuf {
    workspace().join("benches/databases")
}
