//! Starts the example and sends requests to it.

use std::process::Command;

use resourceful_test_parts::Process;

#[test]
fn valid_tags_are_created_and_invalid_ones_listed() {
    let example = Process::start(&mut Command::new(env!("CARGO_BIN_EXE_bulk")));
    let body = r#"{"tags": [{"name": "rust"}, {"name": ""}, 7, {"name": "rust"}]}"#;
    assert_eq!(
        example.send("POST", "/tags/bulk", body).body,
        r#"{"succeeded":[{"index":0,"value":{"name":"rust"}}],"failed":[{"index":1,"error":"name: length is lower than 1","data":{"name": ""}},{"index":2,"error":"must be an object","data":7},{"index":3,"error":"The tag rust exists already.","data":{"name": "rust"}}]}"#
    );
    let response = example.send("POST", "/tags/bulk", r#"{"tags": "rust"}"#);
    assert_eq!(response.status, 422);
    assert!(response.body.contains("#/tags"), "{}", response.body);
    assert!(example.stop("-INT").1);
}
