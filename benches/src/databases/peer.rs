//! The measured servers, and how they are built.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::Result;
use crate::databases::database::{Database, Engine};
use crate::measure::build::{target, workspace};
use crate::measure::server::Server;

/// A server of `benches/databases/src/bin`. Its feature and its binary have the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    pub(crate) name: &'static str,
    has_sqlite: bool,
}

/// Baseline of the comparison.
pub(crate) const BY_HAND: Peer = Peer::of("by-hand", true);
pub(crate) const OURS: Peer = Peer::of("resourceful", true);

/// All of them, in the order of tables.
pub(crate) const PEERS: [Peer; 5] = [
    BY_HAND,
    OURS,
    Peer::of("axum-sqlx", true),
    Peer::of("axum-sea-orm", true),
    Peer::of("axum-diesel", false),
];

impl Peer {
    const fn of(name: &'static str, has_sqlite: bool) -> Self {
        Self { name, has_sqlite }
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
            .arg(self.program()?)
            .env("DATABASE_URL", &database.url);
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

fn directory() -> impl AsRef<Path> {
    workspace().join("benches/databases")
}
