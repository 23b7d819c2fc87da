//! The rows, and how they run: in limited time, with one line of output.

use std::pin::Pin;
use std::time::Duration;

use crate::findings::Findings;
use crate::{
    Result, aimless, autobahn, bodies, cut_off, deaf, deaf_sockets, descriptors, endurance, floods,
    forms, heads, idle, kill, outlived, silence, size, slow, slow_database, stop_busy, stop_stuck,
    unread,
};

type Running = Pin<Box<dyn Future<Output = Result<Findings>> + Send>>;

pub(crate) struct Row {
    pub(crate) name: &'static str,
    /// Time limit in seconds; a row that hangs fails.
    limit: u64,
    attack: fn() -> Running,
    /// Does it need the server alone, so that any service can be the target?
    pub(crate) is_of_server: bool,
}

pub(crate) const ROWS: [Row; 21] = [
    Row::of_server("slow-heads", 60, || Box::pin(slow::heads())),
    Row::of_server("silence", 60, || Box::pin(silence::kept())),
    Row::of_server("aimless", 60, || Box::pin(aimless::clients())),
    Row::of_server("deaf", 120, || Box::pin(deaf::clients())),
    Row::new("deaf-sockets", 300, || Box::pin(deaf_sockets::floods())),
    Row::of_server("unread", 60, || Box::pin(unread::answers())),
    Row::of_server("idle", 90, || Box::pin(idle::connections())),
    Row::of_server("endurance", 900, || Box::pin(endurance::requests())),
    Row::of_server("stop-busy", 90, || Box::pin(stop_busy::terminated())),
    Row::new("stop-stuck", 60, || Box::pin(stop_stuck::terminated())),
    Row::new("huge-length", 60, || Box::pin(size::announced())),
    Row::new("too-large", 120, || Box::pin(size::sent())),
    Row::new("bodies", 300, || Box::pin(bodies::read())),
    Row::new("slow-forms", 120, || Box::pin(forms::dripped())),
    Row::of_server("http2-floods", 300, || Box::pin(floods::all())),
    Row::new("outlived", 60, || Box::pin(outlived::requests())),
    Row::of_server("descriptors", 60, || Box::pin(descriptors::used_up())),
    Row::new("heads", 60, || Box::pin(heads::read_twice())),
    Row::new("cut-off", 120, || Box::pin(cut_off::clients())),
    Row::new("slow-database", 120, || Box::pin(slow_database::paused())),
    Row::new("kill", 300, || Box::pin(kill::again_and_again())),
];

/// Not in the list, because it needs a rare program.
pub(crate) const AUTOBAHN: Row = Row::new("autobahn", 1200, || Box::pin(autobahn::cases()));

impl Row {
    const fn new(name: &'static str, limit: u64, attack: fn() -> Running) -> Self {
        Self {
            name,
            limit,
            attack,
            is_of_server: false,
        }
    }

    const fn of_server(name: &'static str, limit: u64, attack: fn() -> Running) -> Self {
        Self {
            is_of_server: true,
            ..Self::new(name, limit, attack)
        }
    }

    /// Runs the row and returns whether it passed.
    pub(crate) async fn run(&self) -> bool {
        // A task, so that a panic is a failure, too.
        let mut attack = tokio::spawn((self.attack)());
        let limit = Duration::from_secs(self.limit);
        let findings = match tokio::time::timeout(limit, &mut attack).await {
            Ok(Ok(Ok(findings))) => findings,
            Ok(Ok(Err(error))) => Findings::failed(error.to_string()),
            Ok(Err(panicked)) => Findings::failed(panicked.to_string()),
            Err(_elapsed) => {
                // Aborting the task ends its child processes.
                attack.abort();
                Findings::failed(format!("not done after {limit:?}"))
            }
        };
        println!("{}: {findings}", self.name);
        findings.are_well()
    }
}
