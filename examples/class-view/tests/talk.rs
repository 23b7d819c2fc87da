//! Starts the example and sends requests to it.

use std::process::Command;

use resourceful_test_parts::Process;

#[test]
fn a_note_is_written_read_and_removed() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_class-view"));
    let example = Process::start(command.current_dir(directory.path()));
    assert_eq!(example.get("/note").status, 404);
    assert_eq!(example.send("PUT", "/note", "Buy milk.").status, 204);
    assert_eq!(example.get("/note").body, "Buy milk.");
    assert_eq!(example.send("DELETE", "/note", "").status, 204);
    assert_eq!(example.get("/note").status, 404);
    let response = example.send("POST", "/note", "");
    assert!(
        response
            .head
            .contains("allow: GET, HEAD, PUT, DELETE, OPTIONS"),
        "{}",
        response.head
    );
    assert!(example.stop("-INT").1);
}
