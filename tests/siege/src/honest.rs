//! Honest clients, which an attack must not affect.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

use tokio::task::JoinSet;
use tokio::time::sleep;

use crate::client::{Client, Protocol};
use crate::findings::Findings;

/// Pause between a response and the next request.
const PAUSE: Duration = Duration::from_millis(5);

pub(crate) struct Honest {
    is_over: Arc<AtomicBool>,
    clients: JoinSet<Tally>,
}

/// Results of the honest clients.
#[derive(Default)]
pub(crate) struct Tally {
    errors: Vec<String>,
    times: Vec<Duration>,
}

impl Honest {
    /// Starts clients that repeat requests, each on its own connection.
    pub(crate) fn start(address: &str, protocols: &[Protocol]) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let client = |&protocol| ask_until(Arc::clone(&is_over), address.to_owned(), protocol);
        let clients = protocols.iter().map(client).collect();
        Self { is_over, clients }
    }

    pub(crate) async fn stop(self) -> Tally {
        self.is_over.store(true, Relaxed);
        let mut all = Tally::default();
        for tally in self.clients.join_all().await {
            all.errors.extend(tally.errors);
            all.times.extend(tally.times);
        }
        all
    }
}

impl Tally {
    pub(crate) fn check_errors(&self, findings: &mut Findings) {
        findings.note(format!("honest requests {}", self.times.len()));
        findings.check("honest errors", self.errors.len(), ..=0);
        if let Some(error) = self.errors.first() {
            findings.fault(error);
        }
    }

    /// p99 latency of honest requests.
    pub(crate) fn check_p99(&mut self, findings: &mut Findings, limit: Duration) {
        self.times.sort_unstable();
        match self.times.get(self.times.len() * 99 / 100) {
            Some(&time) => findings.check("honest p99", time, ..limit),
            None => findings.fault("no honest request was answered"),
        }
    }
}

async fn ask_until(is_over: Arc<AtomicBool>, address: String, protocol: Protocol) -> Tally {
    let mut tally = Tally::default();
    while !is_over.load(Relaxed) {
        if let Err(error) = ask_on_one(&is_over, &address, protocol, &mut tally).await {
            tally.errors.push(error.to_string());
            sleep(PAUSE).await;
        }
    }
    tally
}

async fn ask_on_one(
    is_over: &AtomicBool,
    address: &str,
    protocol: Protocol,
    tally: &mut Tally,
) -> crate::Result<()> {
    let mut client = Client::connect(address, protocol).await?;
    while !is_over.load(Relaxed) {
        let started = Instant::now();
        client.greet().await?;
        tally.times.push(started.elapsed());
        sleep(PAUSE).await;
    }
    Ok(())
}
