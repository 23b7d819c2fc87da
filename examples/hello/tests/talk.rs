//! Starts the example and sends requests to it.

use std::process::Command;

use resourceful_test_parts::Process;

#[test]
fn posts_are_created_listed_validated_and_deleted() {
    let example = Process::start(&mut Command::new(env!("CARGO_BIN_EXE_hello")));
    let created = example.send("POST", "/posts", r#"{"title": "Hello"}"#);
    assert_eq!(
        (created.status, &*created.body),
        (201, r#"{"id":1,"title":"Hello"}"#)
    );
    let list = example.get("/posts?page=1");
    assert!(list.body.contains(r#""posts":[{"id":1,"title":"Hello"}]"#));
    assert!(
        example
            .send("POST", "/posts", r#"{"title": ""}"#)
            .body
            .contains("#/title")
    );
    assert_eq!(example.send("DELETE", "/posts/1", "").status, 204);
    assert_eq!(example.get("/posts/1").status, 405);
    assert!(example.stop("-INT").1);
}
