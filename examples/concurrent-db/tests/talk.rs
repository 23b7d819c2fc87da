//! Starts the example and talks to it.

use std::process::Command;

use resourceful_test_parts::Process;

#[test]
fn both_ways_come_to_the_same_sums() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_concurrent-db"));
    let example = Process::start(command.current_dir(directory.path()));
    let expected = r#"{"sums":[20000100000,20000100000,20000100000,20000100000],"milliseconds":"#;
    for path in ["/sums/one-by-one", "/sums/at-once"] {
        let answer = example.get(path);
        assert!(answer.body.starts_with(expected), "{}", answer.body);
    }
    assert!(example.stop("-INT").1);
}
