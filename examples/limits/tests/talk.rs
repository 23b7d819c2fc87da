//! Starts the example and sends requests to it.

use std::process::Command;

use resourceful_test_parts::{Process, Redis, send_request};

fn customers_and_accounts_are_limited(command: &mut Command) {
    let example = Process::start(command);
    let report = |key: &str| {
        let fields = format!("X-Api-Key: {key}\r\n");
        send_request(&example.address, "GET", "/reports/1", &fields, "").status
    };
    for _ in 0..5 {
        assert_eq!(report("basic"), 200);
    }
    assert_eq!(report("basic"), 429);
    assert_eq!(report("large"), 200);
    assert_eq!(report("unknown"), 401);
    let sign_in = |user: &str, password: &str| {
        let body = format!(r#"{{"user":"{user}","password":"{password}"}}"#);
        example.send("POST", "/sign-in", &body).status
    };
    for _ in 0..5 {
        assert_eq!(sign_in("ann", "guess"), 401);
    }
    // The right password would not help, too.
    assert_eq!(sign_in("ann", "a long and secret one"), 429);
    assert_eq!(sign_in("bob", "a long and secret one"), 204);
    assert!(example.stop("-INT").1);
}

#[test]
fn in_memory() {
    customers_and_accounts_are_limited(
        Command::new(env!("CARGO_BIN_EXE_limits")).env_remove("REDIS_URL"),
    );
}

#[test]
fn in_redis() {
    let redis = Redis::start();
    customers_and_accounts_are_limited(
        Command::new(env!("CARGO_BIN_EXE_limits")).env("REDIS_URL", redis.url()),
    );
}
