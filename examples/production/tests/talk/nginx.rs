//! A real nginx with the example's configuration.

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread;

use resourceful_test_parts::Guarded;
use tempfile::TempDir;

use crate::example::TIMEOUT;

/// The configuration around a site. Without `user root`, nginx would run as a user who may not read the
/// files of the test.
const CONFIGURATION: &str = "
    daemon off; master_process off; user root; pid nginx.pid; error_log stderr notice;
    events {}
    http {
        access_log off;
        client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
        scgi_temp_path scgi; uwsgi_temp_path uwsgi;
        include site.conf;
    }
";

/// Dropping it kills the process.
pub(crate) struct Nginx {
    _child: Guarded,
    port: u16,
    _directory: TempDir,
}

impl Nginx {
    /// In front of one replica.
    pub(crate) fn before(socket: &Path) -> Self {
        Self::before_both([socket, socket])
    }

    /// In front of the replicas of the units.
    pub(crate) fn before_both(sockets: [&Path; 2]) -> Self {
        let [first, second] = sockets.map(|socket| socket.display().to_string());
        let upstream = include_str!("../../deploy/upstream-systemd.conf");
        let upstream = replaced(upstream, "/run/production-1.sock", &first);
        Self::before_upstream(&replaced(&upstream, "/run/production-2.sock", &second))
    }

    /// In front of the replicas of the compose file.
    pub(crate) fn before_tcp(addresses: &[String; 2]) -> Self {
        let upstream = include_str!("../../deploy/upstream-compose.conf");
        // There is no DNS of Docker here.
        let upstream = replaced(upstream, "resolver 127.0.0.11 valid=5s;", "");
        // The replicas of the tests have a shorter SHUTDOWN_DELAY.
        let upstream = replaced(&upstream, "keepalive_timeout 4s;", "keepalive_timeout 1s;");
        let upstream = replaced(&upstream, "production-1:8000 resolve", &addresses[0]);
        Self::before_upstream(&replaced(
            &upstream,
            "production-2:8000 resolve",
            &addresses[1],
        ))
    }

    fn before_upstream(upstream: &str) -> Self {
        let site = [upstream, include_str!("../../nginx.conf")].concat();
        // Another process may take the port meanwhile.
        let mut tries = (0..5).filter_map(|_| Self::start(&site, free_port()));
        tries.next().expect("nginx does not start: see above")
    }

    fn start(site: &str, port: u16) -> Option<Self> {
        let directory = tempfile::tempdir().unwrap();
        let site = replaced(site, "listen 80;", &format!("listen 127.0.0.1:{port};"));
        fs::write(directory.path().join("site.conf"), site).unwrap();
        fs::write(directory.path().join("nginx.conf"), CONFIGURATION).unwrap();
        let mut command = Command::new(program());
        command.args(["-e", "stderr", "-c", "nginx.conf", "-p"]);
        command.arg(directory.path()).stderr(Stdio::piped());
        let mut child = Guarded::spawn(&mut command).unwrap();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut output = String::new();
        // nginx logs this when it listens.
        while !output.contains("event method") {
            if log.read_line(&mut output).unwrap() == 0 {
                eprintln!("{output}");
                return None;
            }
        }
        thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
        Some(Self {
            _child: child,
            port,
            _directory: directory,
        })
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream
    }
}

/// Fails if the text is not there.
fn replaced(configuration: &str, text: &str, replacement: &str) -> String {
    assert!(configuration.contains(text), "`{text}` in {configuration}");
    configuration.replace(text, replacement)
}

/// Debian installs it in a directory that is only in the path of root.
fn program() -> &'static str {
    let mut programs = ["nginx", "/usr/sbin/nginx"].into_iter();
    let is_there = |program: &&str| {
        let mut command = Command::new(program);
        command.arg("-v").stderr(Stdio::null()).status().is_ok()
    };
    let found = programs.find(is_there);
    found.expect("nginx is missing: run the tests with `./test`, or install nginx-light")
}

fn free_port() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}
