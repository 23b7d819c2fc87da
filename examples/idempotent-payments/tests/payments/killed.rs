//! Clients that send one payment over fifty connections to two processes, one of which is killed meanwhile.

use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use resourceful_test_parts::{Process, send_request};
use serde_json::Value;

use crate::database::Database;

const CONNECTIONS: usize = 50;

/// `ROUNDS=200 ./test -p idempotent-payments killed` takes some minutes.
fn rounds() -> i64 {
    std::env::var("ROUNDS").map_or(10, |rounds| rounds.parse().unwrap())
}

/// Sends the payment once. `None`: the connection was lost, or refused.
fn attempt(address: &str, key: &str) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream
        .set_read_timeout(Some(Duration::from_secs(20)))
        .ok()?;
    let body = r#"{"from_account": 1, "to_account": 2, "amount": 1}"#;
    let request = format!(
        "POST /payments HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nX-Customer: ada\r\n\
         Content-Type: application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).ok()?;
    let mut response = String::new();
    stream.read_to_string(&mut response).ok()?;
    let (head, body) = response.split_once("\r\n\r\n")?;
    // A process that is killed may send a part of a response.
    let (_, length) = head.split_once("content-length: ")?;
    let length: usize = length.lines().next()?.parse().ok()?;
    (body.len() == length).then_some((head.get(9..12)?.parse().ok()?, body.to_owned()))
}

/// Sends the payment until it is acknowledged, to one process and the other.
fn pay(addresses: &[String; 2], first: usize, key: &str) -> String {
    let begun = Instant::now();
    for number in first.. {
        assert!(
            begun.elapsed() < Duration::from_secs(100),
            "{key} is not acknowledged"
        );
        match attempt(&addresses[number % 2], key) {
            Some((201, body)) => return body,
            // The first one runs, or the database is away.
            None | Some((409 | 503, _)) => thread::sleep(Duration::from_millis(5)),
            Some((status, body)) => panic!("{status}: {body}"),
        }
    }
    unreachable!("the numbers do not end")
}

fn balance(process: &Process, customer: &str) -> i64 {
    let fields = format!("X-Customer: {customer}\r\n");
    let accounts = send_request(&process.address, "GET", "/accounts", &fields, "").body;
    let accounts: Value = serde_json::from_str(&accounts).unwrap();
    accounts["accounts"][0]["balance"].as_i64().unwrap()
}

#[test]
fn one_key_has_one_effect_whatever_is_killed() {
    for database in Database::both() {
        let start = || database.start_at("127.0.0.1:0");
        let mut processes = [start(), start()];
        let addresses = [0, 1].map(|index: usize| processes[index].address.clone());
        for round in 0..rounds() {
            let key = format!("round-{round}");
            let bodies = thread::scope(|scope| {
                let clients = (0..CONNECTIONS).map(|number| {
                    let (addresses, key) = (&addresses, &key);
                    scope.spawn(move || pay(addresses, number, key))
                });
                let clients: Vec<_> = clients.collect();
                let random = RandomState::new().hash_one(round);
                // A moment in the round, not a wait for something.
                thread::sleep(Duration::from_micros(random % 40_000));
                let killed = usize::try_from(random >> 63).unwrap();
                processes[killed].signal("-KILL");
                // Binds when the killed one is gone.
                let address = &addresses[killed];
                while TcpStream::connect(address).is_ok() {
                    thread::yield_now();
                }
                processes[killed] = database.start_at(address);
                let bodies = clients.into_iter().map(|client| client.join().unwrap());
                bodies.collect::<Vec<_>>()
            });
            assert!(
                bodies.iter().all(|body| *body == bodies[0]),
                "{round}: {bodies:?}"
            );
        }
        let moved = rounds();
        let balances = ["ada", "bob"].map(|customer| balance(&processes[0], customer));
        assert_eq!(
            balances,
            [1_000_000 - moved, 1_000_000 + moved],
            "{database:?}"
        );
    }
}
