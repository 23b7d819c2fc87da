//! Starts the example and talks to it.

use std::process::Command;

use resourceful_test_parts::Process;

#[test]
fn good_tags_are_taken_and_bad_ones_named() {
    let example = Process::start(&mut Command::new(env!("CARGO_BIN_EXE_bulk")));
    let body = r#"{"tags": [{"name": "rust"}, {"name": ""}, 7, {"name": "rust"}]}"#;
    assert_eq!(
        example.send("POST", "/tags/bulk", body).body,
        r#"{"succeeded":[{"index":0,"value":{"name":"rust"}}],"failed":[{"index":1,"error":"name: length is lower than 1","data":{"name": ""}},{"index":2,"error":"must be an object","data":7},{"index":3,"error":"The tag rust is there already.","data":{"name": "rust"}}]}"#
    );
    let answer = example.send("POST", "/tags/bulk", r#"{"tags": "rust"}"#);
    assert_eq!(answer.status, 422);
    assert!(answer.body.contains("#/tags"), "{}", answer.body);
    assert!(example.stop("-INT").1);
}
