//! Private Redis and PostgreSQL servers, which can be stopped, paused and restarted.

use std::fs::{self, Permissions};
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, Read};
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

use crate::guarded::Guarded;
use crate::process::send_signal;
use crate::test_script::{set_by_test_script, stop};

/// A private Redis server. `./test` installs `redis-server`.
#[derive(Debug)]
pub struct Redis {
    port: u16,
    is_encrypted: bool,
    child: Option<Guarded>,
    directory: TempDir,
}

impl Redis {
    pub fn start() -> Self {
        Self::new(false)
    }

    /// A server that speaks TLS alone, as `localhost`. The certificate authority is in the URL.
    pub fn start_with_tls() -> Self {
        Self::new(true)
    }

    fn new(is_encrypted: bool) -> Self {
        let mut redis = Self {
            port: free_port(),
            is_encrypted,
            child: None,
            directory: tempfile::tempdir().unwrap(),
        };
        if is_encrypted {
            let file = |name| redis.directory.path().join(name);
            write_certificate(&file("ca.pem"), &file("redis.pem"), &file("redis.key"));
        }
        redis.restart();
        redis
    }

    /// URL of the server.
    pub fn url(&self) -> String {
        if self.is_encrypted {
            let authority = self.directory.path().join("ca.pem");
            let authority = authority.display();
            return format!("rediss://localhost:{}?sslrootcert={authority}", self.port);
        }
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// Stops the server; its data is lost.
    pub fn stop(&mut self) {
        self.child = None;
    }

    /// Starts the server again at the same port, without data.
    pub fn restart(&mut self) {
        let mut command = Command::new("redis-server");
        let port = self.port.to_string();
        command.args(["--bind", "127.0.0.1", "--save", ""]);
        if self.is_encrypted {
            command.args([
                "--port",
                "0",
                "--tls-port",
                &port,
                "--tls-auth-clients",
                "no",
            ]);
            command.args([
                "--tls-cert-file",
                "redis.pem",
                "--tls-key-file",
                "redis.key",
            ]);
            command.current_dir(self.directory.path());
        } else {
            command.args(["--port", &port]);
        }
        command.arg("--dir").arg(self.directory.path());
        let mut child = Guarded::spawn(command.stdout(Stdio::piped()))
            .unwrap_or_else(|error| stop(&format!("redis-server: {error}")));
        wait_for("Ready to accept connections", child.stdout.take().unwrap());
        self.child = Some(child);
    }

    /// Suspends the server: it accepts connections but does not reply.
    pub fn pause(&self) {
        send_signal("-STOP", self.child.as_ref().unwrap().id());
    }

    /// Resumes a suspended server.
    pub fn resume(&self) {
        send_signal("-CONT", self.child.as_ref().unwrap().id());
    }
}

/// A private PostgreSQL server; its programs are in `TEST_POSTGRES_BIN`, which `./test` sets.
#[derive(Debug)]
pub struct Postgres {
    port: u16,
    child: Option<Guarded>,
    directory: TempDir,
}

impl Postgres {
    pub fn start() -> Self {
        let mut postgres = Self {
            port: free_port(),
            child: None,
            directory: tempfile::tempdir().unwrap(),
        };
        if is_root() {
            let mut chown = Command::new("chown");
            let status = chown
                .arg("nobody:nogroup")
                .arg(postgres.directory.path())
                .status();
            assert!(status.unwrap().success());
        }
        let mut initdb = postgres.command("initdb");
        initdb.args([
            "-U",
            "resourceful",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C.UTF-8",
        ]);
        assert!(
            initdb
                .arg("--no-sync")
                .stdout(Stdio::null())
                .status()
                .unwrap()
                .success()
        );
        postgres.restart();
        postgres
    }

    /// URL of the only database.
    pub fn url(&self) -> String {
        format!("postgres://resourceful@127.0.0.1:{}/postgres", self.port)
    }

    /// Stops the server; its data is kept.
    pub fn stop(&mut self) {
        // Fast shutdown: clients are disconnected.
        send_signal("-INT", self.child.as_ref().unwrap().id());
        self.child.take().unwrap().wait().unwrap();
    }

    /// Starts the server again at the same port.
    pub fn restart(&mut self) {
        let mut command = self.command("postgres");
        command.args([
            "-p",
            &self.port.to_string(),
            "-c",
            "listen_addresses=127.0.0.1",
        ]);
        command.args(["-c", "unix_socket_directories=", "-c", "fsync=off"]);
        let mut child = Guarded::spawn(command.stderr(Stdio::piped())).unwrap();
        wait_for("ready to accept connections", child.stderr.take().unwrap());
        self.child = Some(child);
    }

    /// Restarts the server with TLS.
    pub fn with_certificate(&mut self, certificate: &str, key: &str) {
        self.stop();
        let data = self.directory.path().join("data");
        let settings = "ssl = on\nssl_cert_file = 'server.crt'\nssl_key_file = 'server.key'\n";
        for (name, text) in [
            ("server.crt", certificate),
            ("server.key", key),
            ("postgresql.auto.conf", settings),
        ] {
            let file = data.join(name);
            fs::write(&file, text).unwrap();
            fs::set_permissions(&file, Permissions::from_mode(0o600)).unwrap();
            if is_root() {
                let chown = Command::new("chown")
                    .arg("nobody:nogroup")
                    .arg(&file)
                    .status();
                assert!(chown.unwrap().success());
            }
        }
        self.restart();
    }

    /// Suspends the server and its workers: it accepts connections but does not reply.
    pub fn pause(&self) {
        self.signal_all("-STOP");
    }

    /// Resumes a suspended server.
    pub fn resume(&self) {
        self.signal_all("-CONT");
    }

    fn signal_all(&self, signal: &str) {
        let id = self.child.as_ref().unwrap().id();
        send_signal(signal, id);
        let workers = fs::read_to_string(format!("/proc/{id}/task/{id}/children")).unwrap();
        for worker in workers.split_whitespace() {
            // The worker may have ended since.
            let _ = Command::new("kill")
                .args([signal, worker])
                .stderr(Stdio::null())
                .status();
        }
    }

    /// A command of PostgreSQL, which refuses to run as root.
    fn command(&self, program: &str) -> Command {
        let program = PathBuf::from(set_by_test_script("TEST_POSTGRES_BIN")).join(program);
        let mut command = if is_root() {
            let mut command = Command::new("setpriv");
            command
                .args(["--reuid=nobody", "--regid=nogroup", "--clear-groups"])
                .arg(program);
            command
        } else {
            Command::new(program)
        };
        command.current_dir(self.directory.path()).arg("-D");
        command.arg(self.directory.path().join("data"));
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        if let Some(child) = &self.child {
            self.resume();
            send_signal("-QUIT", child.id());
        }
        self.child.take().map(|mut child| child.wait());
    }
}

/// Writes a certificate authority, and a certificate of it for `localhost` with its key.
fn write_certificate(authority: &Path, certificate: &Path, key: &Path) {
    let mut params = CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate().unwrap()).unwrap();
    let pair = KeyPair::generate().unwrap();
    let params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let signed = params.signed_by(&pair, &issuer).unwrap();
    fs::write(authority, issuer.pem()).unwrap();
    fs::write(certificate, signed.pem()).unwrap();
    fs::write(key, pair.serialize_pem()).unwrap();
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output().unwrap();
    id.stdout.trim_ascii() == b"0"
}

/// A free port, below those that the system gives to outgoing connections: a server that is started again needs the same.
pub fn free_port() -> u16 {
    let ports = std::iter::repeat_with(|| {
        let random = RandomState::new().hash_one(());
        10_000 + u16::try_from(random % 10_000).unwrap()
    });
    let mut ports = ports.take(100);
    let is_free = |port: &u16| TcpListener::bind(("127.0.0.1", *port)).is_ok();
    ports.find(is_free).expect("a free port")
}

/// Waits until the log contains `text`, then drains it, so that the server does not block.
fn wait_for(text: &str, log: impl Read + Send + 'static) {
    let mut log = BufReader::new(log);
    let mut lines = String::new();
    while !lines.contains(text) {
        assert!(
            log.read_line(&mut lines).unwrap() > 0,
            "the server ended: {lines}"
        );
    }
    thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
}
