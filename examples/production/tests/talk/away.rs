//! PostgreSQL and Redis are stopped and paused below two replicas.

use std::collections::HashSet;
use std::io::{BufRead, BufReader};
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use resourceful_test_parts::{Postgres, Redis};
use serde_json::json;

use crate::deployment::Deployment;
use crate::talk::{ask, open};

/// The time from the end of an outage until the deployment works again.
const LIMIT: Duration = Duration::from_secs(5);

/// `AWAY=20 ./test -p production stores -- --nocapture` keeps each server away for this time, in seconds.
fn stay_away() {
    thread::sleep(time_away());
}

fn time_away() -> Duration {
    let seconds = std::env::var("AWAY").map_or(0, |seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds)
}

struct Clients {
    deployment: Deployment,
    /// The stream of the second replica.
    events: BufReader<UnixStream>,
    /// Its texts until now.
    announced: HashSet<String>,
    notes: usize,
}

impl Clients {
    fn get(&self, replica: usize, path: &str) -> u16 {
        let stream = self.deployment.connect(replica);
        ask(stream, &format!("GET {path}"), "", b"").status
    }

    /// Posts a note to the first replica. Returns its status and its text.
    fn post(&mut self) -> (u16, String) {
        self.notes += 1;
        let text = format!("note {}", self.notes);
        let body = json!({ "text": text }).to_string();
        let headers = "Content-Type: application/json\r\n";
        let stream = self.deployment.connect(0);
        let response = ask(stream, "POST /notes", headers, body.as_bytes());
        (response.status, text)
    }

    /// The deployment works again: both are ready, and a note on the first replica comes to the client of the second.
    fn recover(&mut self, outage: &str) {
        let back = Instant::now();
        let check = |is_met: bool, what: &str| {
            let elapsed = back.elapsed();
            assert!(elapsed < LIMIT, "{outage}: {what} after {elapsed:?}");
            is_met
        };
        for replica in [0, 1] {
            while !check(self.get(replica, "/readyz") == 200, "not ready") {}
        }
        let text = loop {
            let (status, text) = self.post();
            if check(status == 201, "no note") {
                break text;
            }
        };
        self.read_until(&text, LIMIT.saturating_sub(back.elapsed()));
        println!("{outage}: healthy after {:?}", back.elapsed());
    }

    fn read_until(&mut self, text: &str, timeout: Duration) {
        let end = Instant::now() + timeout;
        while !self.announced.contains(text) {
            let left = end.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "no event for {text}");
            self.events.get_ref().set_read_timeout(Some(left)).unwrap();
            let mut line = String::new();
            let read = self.events.read_line(&mut line);
            assert!(read.is_ok_and(|count| count > 0), "no event for {text}");
            let text = line.trim_end().strip_prefix("data: ");
            self.announced.extend(text.map(str::to_owned));
        }
    }

    fn without_postgres(&mut self) {
        for replica in [0, 1] {
            assert_eq!(self.get(replica, "/notes"), 503);
            assert_eq!(self.get(replica, "/readyz"), 503);
            // A request that needs no database is served.
            assert_eq!(self.get(replica, "/whoami"), 200);
        }
        assert_eq!(self.post().0, 503);
        stay_away();
    }

    /// Notes are created, and announced later.
    fn without_redis(&mut self) -> String {
        let (status, text) = self.post();
        assert_eq!(status, 201);
        for replica in [0, 1] {
            assert_eq!(self.get(replica, "/notes"), 200);
            assert_eq!(self.get(replica, "/readyz"), 200);
        }
        stay_away();
        text
    }
}

#[test]
fn stores_that_are_stopped_and_paused_come_back() {
    let (mut postgres, mut redis) = (Postgres::start(), Redis::start());
    let deployment = Deployment::of_units(&postgres.url(), &redis.url());
    let _replicas = [0, 1].map(|replica| deployment.start(replica));
    let (status, events) = open(deployment.connect(1), "GET /events", "");
    assert_eq!(status, 200);
    let mut clients = Clients {
        deployment,
        events: BufReader::new(events),
        announced: HashSet::new(),
        notes: 0,
    };
    clients.recover("nothing");

    postgres.stop();
    clients.without_postgres();
    postgres.restart();
    clients.recover("PostgreSQL stopped");

    postgres.pause();
    clients.without_postgres();
    postgres.resume();
    clients.recover("PostgreSQL paused");

    // A job that failed is tried again after a pause, which is twice as long after each failure.
    let announced_within = Duration::from_secs(30) + 3 * time_away();
    redis.stop();
    let meanwhile = clients.without_redis();
    redis.restart();
    clients.recover("Redis stopped");
    clients.read_until(&meanwhile, announced_within);

    redis.pause();
    let meanwhile = clients.without_redis();
    redis.resume();
    clients.recover("Redis paused");
    clients.read_until(&meanwhile, announced_within);
}
