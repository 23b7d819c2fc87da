//! The example as a process, and the lines that it logs.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::TcpStream;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use resourceful_test_parts::Guarded;
use serde_json::Value;
use tempfile::TempDir;

use crate::talk::ask;

/// Time limit of every wait.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(30);

/// The running example. Dropping it kills the process.
pub(crate) struct Example {
    child: Mutex<Guarded>,
    lines: Arc<(Mutex<Vec<Value>>, Condvar)>,
    directory: TempDir,
}

impl Example {
    /// `settings` are `NAME=value`.
    pub(crate) fn on_a_unix_socket(settings: &[&str]) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_production"));
        command.envs(
            settings
                .iter()
                .map(|setting| setting.split_once('=').unwrap()),
        );
        Self::start(&mut command)
    }

    /// Listens on a socket that is open already, as systemd passes it: as descriptor 3. The test passes it as standard
    /// input, and a shell moves it.
    pub(crate) fn on_a_passed_socket(listener: &UnixListener, settings: &[(&str, &str)]) -> Self {
        let script = "export LISTEN_PID=$$ LISTEN_FDS=1; exec \"$0\" 3<&0 </dev/null";
        let mut command = Command::new("sh");
        command.args(["-c", script, env!("CARGO_BIN_EXE_production")]);
        let input = OwnedFd::from(listener.try_clone().unwrap());
        command.stdin(Stdio::from(input));
        command.env("SHUTDOWN_DELAY", "0");
        Self::start(command.envs(settings.iter().copied()))
    }

    /// Listens on `production.sock` in a new directory, unless `command` sets `BIND`.
    pub(crate) fn start(command: &mut Command) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let uploads = directory.path().join("uploads");
        fs::create_dir(&uploads).unwrap();
        let mut set = |name: &str, value: String| {
            if !command.get_envs().any(|(set, _)| set == name) {
                command.env(name, value);
            }
        };
        let directory_path = directory.path().display();
        set("BIND", format!("unix:{directory_path}/production.sock"));
        set(
            "DATABASE_URL",
            format!("sqlite://{directory_path}/production.sqlite3"),
        );
        command.env("INTERNAL", "127.0.0.1:0");
        command.env("HOSTS", "example.org").env("UPLOADS", uploads);
        let mut child = Guarded::spawn(command.stdout(Stdio::piped())).unwrap();
        let lines = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let (stdout, shared) = (child.stdout.take().unwrap(), Arc::clone(&lines));
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                let line = line.unwrap();
                let line = serde_json::from_str(&line).unwrap_or(Value::String(line));
                shared.0.lock().unwrap().push(line);
                shared.1.notify_all();
            }
        });
        let example = Self {
            child: Mutex::new(child),
            lines,
            directory,
        };
        example.wait_for(|line| line["message"] == "bound");
        example
    }

    pub(crate) fn socket(&self) -> PathBuf {
        self.directory.path().join("production.sock")
    }

    pub(crate) fn uploads(&self) -> PathBuf {
        self.directory.path().join("uploads")
    }

    /// The file names in that directory.
    pub(crate) fn uploaded(&self) -> Vec<String> {
        let entries = fs::read_dir(self.uploads()).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect()
    }

    pub(crate) fn connect(&self) -> UnixStream {
        let stream = UnixStream::connect(self.socket()).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream
    }

    /// The metrics of the internal listener.
    pub(crate) fn metrics(&self) -> String {
        let bound = self.wait_for(|line| line["message"] == "bound");
        let stream = TcpStream::connect(bound["internal"].as_str().unwrap()).unwrap();
        ask(stream, "GET /metrics", "", b"").body
    }

    /// All log lines until now.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.lines.0.lock().unwrap().clone()
    }

    /// Waits for the first line that matches.
    pub(crate) fn wait_for(&self, mut matches: impl FnMut(&Value) -> bool) -> Value {
        let (lines, changed) = &*self.lines;
        let lines = lines.lock().unwrap();
        let is_missing = |lines: &mut Vec<Value>| !lines.iter().any(&mut matches);
        let (lines, waited) = changed
            .wait_timeout_while(lines, TIMEOUT, is_missing)
            .unwrap();
        assert!(!waited.timed_out(), "no such line in {lines:?}");
        lines.iter().find(|line| matches(line)).unwrap().clone()
    }

    pub(crate) fn signal(&self, signal: &str) {
        let id = self.child.lock().unwrap().id().to_string();
        let status = Command::new("kill").args([signal, &id]).status();
        assert!(status.unwrap().success());
    }

    /// Kills the process, and waits for its end.
    pub(crate) fn kill(&self) {
        let mut child = self.child.lock().unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
    }

    /// Asserts that the process exits with 0 and has logged only JSON.
    pub(crate) fn exits_well(&self) {
        let mut child = self.child.lock().unwrap();
        eventually("it exits", || child.try_wait().unwrap().is_some());
        let lines = self.lines();
        assert!(child.wait().unwrap().success(), "{lines:?}");
        assert!(lines.iter().all(Value::is_object), "{lines:?}");
    }
}

pub(crate) fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let end = Instant::now() + TIMEOUT;
    while !is_so() {
        assert!(Instant::now() < end, "not within {TIMEOUT:?}: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
