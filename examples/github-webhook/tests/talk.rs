//! Starts the example and sends requests to it.

use std::process::Command;

use resourceful_test_parts::{Process, send_request};

/// Signature of `BODY` with the default secret of the example, which prints both.
const SIGNATURE: &str = "sha256=96216853e56178f559f73471f52d3c5c42cd8862c1de1f39d954ad0faadc6d0a";
const BODY: &str = r#"{"commits": [{"id": "a1b2", "message": "Hello"}]}"#;

#[test]
fn a_signed_delivery_is_processed_once_and_a_changed_one_rejected() {
    let mut command = Command::new(env!("CARGO_BIN_EXE_github-webhook"));
    let mut example = Process::start(command.env_remove("GITHUB_WEBHOOK_SECRET"));
    let address = example.address.split('/').next().unwrap().to_owned();
    let headers = format!(
        "X-GitHub-Event: push\r\nX-GitHub-Delivery: 1\r\nX-Hub-Signature-256: {SIGNATURE}\r\n"
    );
    let deliver = |body: &str| send_request(&address, "POST", "/webhooks/github", &headers, body);
    for _ in 0..2 {
        let response = deliver(BODY);
        assert_eq!(
            (response.status, &*response.body),
            (200, r#"{"status":"processed"}"#)
        );
    }
    assert_eq!(deliver(&BODY.replace("Hello", "Hallo")).status, 403);
    example.wait_for(&format!(
        "-H 'X-Hub-Signature-256: {SIGNATURE}' --json '{BODY}'"
    ));
    // A job prints it, after the answer and once.
    example.wait_for("commit a1b2: Hello");
    let (printed, exited_well) = example.stop("-INT");
    assert!(exited_well);
    assert!(!printed.contains("commit"), "{printed}");
}
