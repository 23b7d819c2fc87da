//! Clients that send one payment over fifty connections to two processes, one of which is killed meanwhile.

use std::hash::{BuildHasher, RandomState};
use std::net::TcpStream;
use std::thread;
use std::time::{Duration, Instant};

use resourceful_test_parts::{Process, send_request, try_request};
use serde_json::Value;

use crate::database::Database;

const CONNECTIONS: usize = 50;

/// `ROUNDS=200 ./test -p idempotent-payments killed` takes some minutes.
fn rounds() -> i64 {
    std::env::var("ROUNDS").map_or(10, |rounds| rounds.parse().unwrap())
}

/// Sends the payment once. `None`: the connection was lost, or refused.
fn attempt(address: &str, key: &str) -> Option<(u16, String)> {
    let fields =
        format!("X-Customer: ada\r\nContent-Type: application/json\r\nIdempotency-Key: {key}\r\n");
    let body = r#"{"from_account": 1, "to_account": 2, "amount": 1}"#;
    let response = try_request(address, "POST", "/payments", &fields, body)?;
    Some((response.status, response.body))
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
