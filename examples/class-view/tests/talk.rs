//! Starts the example and talks to it.

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
    let answer = example.send("POST", "/note", "");
    assert!(
        answer
            .head
            .contains("allow: GET, HEAD, PUT, DELETE, OPTIONS"),
        "{}",
        answer.head
    );
    assert!(example.stop("-INT").1);
}
