//! Starts the example and sends requests to it.

use std::process::Command;

use resourceful_test_parts::{Process, Redis};

fn primes_are_counted(command: &mut Command) {
    let example = Process::start(command);
    for (below, count) in [
        (0, 0),
        (2, 0),
        (3, 1),
        (100, 25),
        (100_000, 9592),
        (100, 25),
    ] {
        let response = example.get(&format!("/primes?below={below}"));
        assert_eq!(
            response.body,
            format!("{{\"below\":{below},\"count\":{count}}}")
        );
    }
    assert_eq!(example.get("/primes?below=10000001").status, 422);
    assert_eq!(example.get("/primes").status, 422);
    assert!(example.stop("-INT").1);
}

#[test]
fn in_memory() {
    primes_are_counted(Command::new(env!("CARGO_BIN_EXE_cached")).env_remove("REDIS_URL"));
}

#[test]
fn in_redis() {
    let redis = Redis::start();
    primes_are_counted(Command::new(env!("CARGO_BIN_EXE_cached")).env("REDIS_URL", redis.url()));
    // Another process finds the stored value.
    let mut client = Command::new("redis-cli");
    let port = redis.url().rsplit(':').next().unwrap().to_owned();
    let output = client
        .args(["-p", &port, "GET", "primes:v1:100"])
        .output()
        .unwrap();
    let stored = String::from_utf8(output.stdout).unwrap();
    assert_eq!(stored.trim(), r#"{"below":100,"count":25}"#);
}
