//! Starts the example and sends requests to it.

use std::process::Command;
use std::time::{Duration, Instant};

use resourceful_test_parts::Process;

#[test]
fn the_response_contains_working_parts_and_names_failed_ones_in_time() {
    let example = Process::start(&mut Command::new(env!("CARGO_BIN_EXE_upstream-client")));
    let started = Instant::now();
    let dashboard = example.get("/dashboard/7");
    assert!(started.elapsed() < Duration::from_millis(1500));
    assert_eq!(
        dashboard.body,
        r#"{"user":{"id":7,"name":"User 7"},"posts":null,"followers":null,"problems":["The external service did not answer in time.","The external service failed."]}"#
    );
    let users = example.get("/users?ids=1,404,3");
    assert_eq!(
        users.body,
        r#"[{"id":1,"name":"User 1"},{"error":"The external service failed."},{"id":3,"name":"User 3"}]"#
    );
    assert_eq!(example.get("/posts/7").status, 504);
    assert_eq!(example.get("/users?ids=").status, 422);
    assert!(example.stop("-INT").1);
}
