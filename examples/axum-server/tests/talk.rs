//! Starts the example, talks to it and stops it.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use resourceful_test_parts::{Process, send_request};

#[test]
fn axum_responds_within_the_limits_of_the_server() {
    let example = Process::start(&mut Command::new(env!("CARGO_BIN_EXE_axum-server")));
    assert_eq!(example.get("/").body, "axum");
    assert_eq!(example.get("/none").status, 404);
    assert_eq!(
        send_request(&example.address, "POST", "/echo", "", "it").body,
        "it"
    );
    let long = format!("X-Long: {}\r\n", "x".repeat(20_000));
    assert_eq!(
        send_request(&example.address, "GET", "/", &long, "").status,
        431
    );
    let large = "x".repeat(65 * 1024);
    let refused = send_request(&example.address, "POST", "/echo", "", &large);
    assert_eq!(refused.status, 413);
}

#[test]
fn a_stop_finishes_the_running_request() {
    let example = Process::start(&mut Command::new(env!("CARGO_BIN_EXE_axum-server")));
    let mut stream = TcpStream::connect(&example.address).unwrap();
    stream
        .write_all(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    // The request has arrived when a later one has its response.
    assert_eq!(example.get("/").status, 200);
    let (_, is_success) = example.stop("-TERM");
    assert!(is_success);
    let mut response = String::new();
    stream.read_to_string(&mut response).unwrap();
    assert!(response.ends_with("done"), "{response}");
}
