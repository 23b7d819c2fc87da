//! Two replicas behind nginx, as the units of systemd or the compose file start them.

use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::Command;
use std::time::Duration;

use resourceful_test_parts::free_port;
use tempfile::TempDir;

use crate::example::{Example, TIMEOUT};
use crate::nginx::Nginx;

pub(crate) struct Deployment {
    pub(crate) nginx: Nginx,
    /// nginx does not use a replica that it has not reached for this time.
    pub(crate) fail_timeout: Duration,
    sockets: [Socket; 2],
    settings: Vec<(&'static str, String)>,
    _directory: Option<TempDir>,
}

/// The address of a replica.
enum Socket {
    /// Stays open while the replica is restarted.
    OfSystemd(UnixListener, PathBuf),
    /// The replica opens it.
    Tcp(String),
}

fn stores(database: &str, redis: &str) -> Vec<(&'static str, String)> {
    let database = ("DATABASE_URL", database.to_owned());
    vec![database, ("REDIS_URL", redis.to_owned())]
}

impl Deployment {
    pub(crate) fn of_units(database: &str, redis: &str) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let paths = [1, 2].map(|number| directory.path().join(format!("{number}.sock")));
        let nginx = Nginx::before_both([&paths[0], &paths[1]]);
        let sockets = paths.map(|path| {
            let listener = UnixListener::bind(&path).unwrap();
            Socket::OfSystemd(listener, path)
        });
        Self {
            nginx,
            fail_timeout: Duration::ZERO,
            sockets,
            settings: stores(database, redis),
            _directory: Some(directory),
        }
    }

    /// nginx keeps its connections to these.
    pub(crate) fn of_containers(database: &str, redis: &str) -> Self {
        let addresses = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
        let nginx = Nginx::before_tcp(&addresses);
        let mut settings = stores(database, redis);
        settings.push(("SHUTDOWN_DELAY", "2".to_owned()));
        settings.push(("PROXIES", "127.0.0.1".to_owned()));
        Self {
            nginx,
            fail_timeout: Duration::from_secs(1),
            sockets: addresses.map(Socket::Tcp),
            settings,
            _directory: None,
        }
    }

    pub(crate) fn start(&self, replica: usize) -> Example {
        self.start_with(replica, &[])
    }

    pub(crate) fn start_with(&self, replica: usize, settings: &[(&str, &str)]) -> Example {
        let own = self.settings.iter().map(|(name, value)| (*name, &**value));
        let settings: Vec<_> = own.chain(settings.iter().copied()).collect();
        match &self.sockets[replica] {
            Socket::OfSystemd(listener, _) => Example::on_a_passed_socket(listener, &settings),
            Socket::Tcp(address) => {
                let mut command = Command::new(env!("CARGO_BIN_EXE_production"));
                Example::start(command.env("BIND", address).envs(settings))
            }
        }
    }

    /// A connection to one replica, without nginx.
    pub(crate) fn connect(&self, replica: usize) -> UnixStream {
        let Socket::OfSystemd(_, path) = &self.sockets[replica] else {
            panic!("a replica on TCP is asked through nginx");
        };
        let stream = UnixStream::connect(path).unwrap();
        stream.set_read_timeout(Some(TIMEOUT)).unwrap();
        stream
    }
}
