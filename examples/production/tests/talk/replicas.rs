//! Two replicas behind nginx, with PostgreSQL and Redis, under load: they are killed and restarted all the time.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher, RandomState};
use std::io::{BufRead, BufReader, ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use resourceful_test_parts::{Redis, postgres_database};
use serde_json::{Value, json};

use crate::collector::Collector;
use crate::deployment::Deployment;
use crate::example::{Example, eventually};
use crate::nginx::Nginx;
use crate::talk::{ask, open};

const WRITERS: usize = 4;
const READERS: usize = 2;

/// `SECONDS=180 ./test -p production replicas -- --nocapture` is a long run.
fn duration() -> Duration {
    let seconds = std::env::var("SECONDS");
    Duration::from_secs(seconds.map_or(8, |seconds| seconds.parse().unwrap()))
}

/// The observations of the clients.
#[derive(Default)]
struct Seen {
    /// Whether the stream of events has begun.
    is_listening: AtomicBool,
    is_written: AtomicBool,
    is_over: AtomicBool,
    /// The notes that were acknowledged, with their ids.
    acknowledged: Mutex<HashMap<i64, String>>,
    /// The requests that failed: when they began and ended.
    failed: Mutex<Vec<(Instant, Instant)>>,
    reads: AtomicUsize,
    /// The texts in the stream of events.
    events: Mutex<HashSet<String>>,
}

/// Ends the clients.
struct Over<'s>(&'s Seen);

impl Drop for Over<'_> {
    fn drop(&mut self) {
        self.0.is_written.store(true, Ordering::Relaxed);
        self.0.is_over.store(true, Ordering::Relaxed);
    }
}

impl Seen {
    fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Relaxed)
    }

    fn write(&self, nginx: &Nginx, writer: usize) {
        let mut number = 0;
        while !self.is_written.load(Ordering::Relaxed) {
            number += 1;
            // The pace of a writer, so that the history has room for what comes while the stream is connected again.
            thread::sleep(Duration::from_millis(20));
            let text = format!("note {writer}-{number}");
            let begun = Instant::now();
            match post(nginx.connect(), &text) {
                Some((201, body)) => {
                    let note: Value = serde_json::from_str(&body).unwrap();
                    let id = note["id"].as_i64().unwrap();
                    let earlier = self.acknowledged.lock().unwrap().insert(id, text);
                    assert_eq!(earlier, None, "each note has its own id");
                }
                // nginx has lost its connection to the replica.
                None | Some((502 | 504, _)) => {
                    let failed = (begun, Instant::now());
                    self.failed.lock().unwrap().push(failed);
                }
                Some((status, body)) => panic!("{status} {body}"),
            }
        }
    }

    /// Requests that nginx may repeat never fail.
    fn read(&self, nginx: &Nginx) {
        while !self.is_over() {
            for path in ["/whoami", "/notes?limit=3"] {
                let response = ask(nginx.connect(), &format!("GET {path}"), "", b"");
                assert_eq!(response.status, 200, "{response:?}");
                self.reads.fetch_add(1, Ordering::Relaxed);
            }
        }
    }

    /// A client of the stream, which connects again and again, and misses nothing.
    fn listen(&self, nginx: &Nginx) {
        let mut last = String::new();
        while !self.is_over() {
            let mut lines = BufReader::new(nginx.connect());
            let headers = match &*last {
                "" => String::new(),
                last => format!("Last-Event-ID: {last}\r\n"),
            };
            // In HTTP/1.0 nginx sends no chunks, which would be among the lines.
            let request = format!("GET /events HTTP/1.0\r\nHost: example.org\r\n{headers}\r\n");
            lines.get_mut().write_all(request.as_bytes()).unwrap();
            let timeout = Some(Duration::from_secs(1));
            lines.get_ref().set_read_timeout(timeout).unwrap();
            let mut event = Vec::new();
            while let Some(line) = self.next_line(&mut lines) {
                if !line.is_empty() {
                    event.push(line);
                    continue;
                }
                // An event without its empty line is not complete.
                let field = |name: &str| event.iter().find_map(|line| line.strip_prefix(name));
                assert_ne!(field("event: "), Some("missed"));
                if let Some(text) = field("data: ") {
                    self.events.lock().unwrap().insert(text.to_owned());
                }
                if let Some(id) = field("id: ") {
                    id.clone_into(&mut last);
                    self.is_listening.store(true, Ordering::Relaxed);
                }
                event.clear();
            }
        }
    }

    /// The next complete line. `None`: the stream has ended, or the test is over.
    fn next_line(&self, lines: &mut impl BufRead) -> Option<String> {
        let mut line = String::new();
        while !self.is_over() {
            match lines.read_line(&mut line) {
                Ok(_) if line.ends_with('\n') => return Some(line.trim_end().to_owned()),
                // A part of a line stays.
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Ok(_) | Err(_) => return None,
            }
        }
        None
    }
}

/// Posts a note. `None`: nginx has closed the connection.
fn post(mut stream: TcpStream, text: &str) -> Option<(u16, String)> {
    let body = json!({ "text": text }).to_string();
    write!(
        stream,
        "POST /notes HTTP/1.1\r\nHost: example.org\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )
    .ok()?;
    let mut response = String::new();
    stream.read_to_string(&mut response).ok()?;
    let (head, body) = response.split_once("\r\n\r\n")?;
    // nginx sends the bodies of the application in chunks of their own.
    let body = body
        .find('{')
        .and_then(|begin| body.get(begin..=body.rfind('}')?));
    Some((
        head.get(9..12)?.parse().ok()?,
        body.unwrap_or_default().to_owned(),
    ))
}

/// Kills a replica, or restarts one after the other, until the time is over. Returns when it killed, and the number of
/// rolling restarts.
fn disturb(
    deployment: &Deployment,
    replicas: &mut [Example; 2],
) -> (Vec<(Instant, Instant)>, usize) {
    let end = Instant::now() + duration();
    let (mut kills, mut restarts, mut is_kill) = (Vec::new(), 0, false);
    while Instant::now() < end || restarts == 0 {
        let random = RandomState::new().hash_one(restarts);
        // Moments between disturbances, not a wait for something.
        thread::sleep(deployment.fail_timeout + Duration::from_millis(200 + random % 800));
        // By turns, so that there is one of each.
        is_kill = !is_kill;
        if is_kill {
            let killed = usize::try_from(random >> 63).unwrap();
            let begun = Instant::now();
            replicas[killed].kill();
            replicas[killed] = deployment.start(killed);
            kills.push((begun, Instant::now()));
        } else {
            for (number, replica) in replicas.iter_mut().enumerate() {
                replica.signal("-TERM");
                replica.exits_well();
                *replica = deployment.start(number);
                thread::sleep(deployment.fail_timeout);
            }
            restarts += 1;
        }
    }
    (kills, restarts)
}

#[test]
fn replicas_that_are_killed_and_restarted_lose_nothing() {
    let redis = Redis::start();
    for start in [Deployment::of_units, Deployment::of_containers] {
        let deployment = start(&postgres_database("production"), &redis.url());
        kill_and_restart(&deployment);
    }
}

fn kill_and_restart(deployment: &Deployment) {
    let mut replicas = [0, 1].map(|replica| deployment.start(replica));
    let seen = Seen::default();
    let nginx = &deployment.nginx;
    let (kills, restarts) = thread::scope(|scope| {
        let seen = &seen;
        scope.spawn(move || seen.listen(nginx));
        eventually("the stream is open", || {
            seen.is_listening.load(Ordering::Relaxed)
        });
        for writer in 0..WRITERS {
            scope.spawn(move || seen.write(nginx, writer));
        }
        for _ in 0..READERS {
            scope.spawn(move || seen.read(nginx));
        }
        // Also after a panic.
        let _over = Over(seen);
        let disturbed = disturb(deployment, &mut replicas);
        seen.is_written.store(true, Ordering::Relaxed);
        // Another replica announces the notes of one that was killed, after its lease.
        let acknowledged = seen.acknowledged.lock().unwrap().clone();
        eventually("each note is announced", || {
            let events = seen.events.lock().unwrap();
            acknowledged.values().all(|text| events.contains(text))
        });
        disturbed
    });

    // No acknowledged note is lost, and each is there once.
    let acknowledged = seen.acknowledged.into_inner().unwrap();
    for (id, text) in &acknowledged {
        let response = ask(nginx.connect(), &format!("GET /notes/{id}"), "", b"");
        let note: Value = serde_json::from_str(&response.body).unwrap();
        assert_eq!(note["text"], **text);
    }
    let failed = seen.failed.into_inner().unwrap();
    let list = ask(nginx.connect(), "GET /notes?limit=1", "", b"").body;
    let list: Value = serde_json::from_str(&list).unwrap();
    let total = usize::try_from(list["pagination"]["total"].as_u64().unwrap()).unwrap();
    let known = acknowledged.len()..=acknowledged.len() + failed.len();
    assert!(known.contains(&total), "{total} in {known:?}");

    // A kill refuses the requests that it meets, and a rolling restart refuses none.
    let meets_a_kill = |(begun, ended): &&(Instant, Instant)| {
        let meets = |(kill, started): &(Instant, Instant)| ended >= kill && begun <= started;
        kills.iter().any(meets)
    };
    let by_kills = failed.iter().filter(meets_a_kill).count();
    assert_eq!(by_kills, failed.len(), "{failed:?} and {kills:?}");
    println!(
        "{} notes, {} reads, {} kills with {by_kills} failed requests, {restarts} rolling restarts with none",
        acknowledged.len(),
        seen.reads.into_inner(),
        kills.len()
    );
    for replica in replicas {
        replica.signal("-TERM");
        replica.exits_well();
    }
}

#[test]
fn a_trace_goes_through_the_outbox_and_the_bus_to_the_other_replica() {
    const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
    let redis = Redis::start();
    let deployment = Deployment::of_units(&postgres_database("production"), &redis.url());
    let collectors = [0, 1].map(|_| Collector::start());
    let replicas = [0, 1].map(|replica: usize| {
        let endpoint = ("OTEL_EXPORTER_OTLP_ENDPOINT", &*collectors[replica].url);
        deployment.start_with(replica, &[endpoint])
    });
    let (status, events) = open(deployment.connect(1), "GET /events", "");
    assert_eq!(status, 200);
    let headers = format!(
        "Content-Type: application/json\r\nTraceparent: 00-{TRACE}-00f067aa0ba902b7-01\r\n"
    );
    let body = br#"{"text": "one"}"#;
    let created = ask(deployment.connect(0), "POST /notes", &headers, body);
    assert_eq!(created.status, 201);
    let mut events = BufReader::new(events);
    let mut line = String::new();
    while !line.starts_with("data: one") {
        line.clear();
        assert!(events.read_line(&mut line).unwrap() > 0);
    }
    drop(events);
    for replica in replicas {
        // The remaining spans are sent.
        replica.signal("-TERM");
        replica.exits_well();
    }
    // Its id as protobuf has it.
    let bytes = (0..32)
        .step_by(2)
        .map(|at| u8::from_str_radix(&TRACE[at..at + 2], 16).unwrap());
    let id: Vec<u8> = bytes.collect();
    for (replica, collector) in collectors.iter().enumerate() {
        assert!(
            collector.contains(&id),
            "replica {replica} has no span of the trace"
        );
    }
}
