//! Starts the example and sends requests to it.

use std::process::Command;

use resourceful_test_parts::Process;

#[test]
fn both_paths_return_the_same_sums() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_concurrent-db"));
    let example = Process::start(command.current_dir(directory.path()));
    let expected = r#"{"sums":[20000100000,20000100000,20000100000,20000100000],"milliseconds":"#;
    for path in ["/sums/one-by-one", "/sums/at-once"] {
        let response = example.get(path);
        assert!(response.body.starts_with(expected), "{}", response.body);
    }
    assert!(example.stop("-INT").1);
}
