//! The settings that `./test` hands to the tests. Without them a test binary stops at once.

use std::io::Write;
use std::sync::{Mutex, PoisonError};
use std::{env, io, process};

/// The value of a variable that `./test` sets.
///
/// Without it all tests that need it would fail for one reason. So the whole test binary ends here,
/// and prints one line.
pub fn set_by_test_script(name: &str) -> String {
    env::var(name).unwrap_or_else(|_| stop(&format!("{name} is not set")))
}

/// Ends the test binary. The servers that other tests of it have started are guarded.
pub(crate) fn stop(reason: &str) -> ! {
    // The first thread prints and exits; others wait here for the end.
    static STOPPING: Mutex<()> = Mutex::new(());
    let _first = STOPPING.lock().unwrap_or_else(PoisonError::into_inner);
    // Tests capture what `eprintln!` prints.
    let mut stderr = io::stderr();
    let _ = writeln!(
        stderr,
        "These tests need the servers that ./test starts ({reason}). Run ./test with the same arguments."
    );
    // As a test binary ends in which a test failed.
    process::exit(101)
}

#[cfg(test)]
mod tests {
    use std::process::Command;
    use std::sync::{Barrier, LazyLock};
    use std::time::{Duration, Instant};

    use super::*;
    use crate::guarded::Guarded;

    /// Set where these tests run as the binary that stops.
    const INNER: &str = "TEST_SCRIPT_INNER";

    #[test]
    fn without_the_script_a_binary_stops_with_one_line() {
        let begin = Instant::now();
        let output = Command::new(env::current_exe().unwrap())
            .args(["tests::inner_", "--test-threads=2"])
            .env(INNER, "yes")
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(101));
        let expected = "These tests need the servers that ./test starts (TEST_OF_NOTHING is not set). \
                        Run ./test with the same arguments.\n";
        assert_eq!(String::from_utf8_lossy(&output.stderr), expected);
        let printed = String::from_utf8_lossy(&output.stdout);
        assert!(printed.contains("running 2 tests"), "{printed}");
        assert!(!printed.contains("FAILED"), "{printed}");
        // The children hold its output open for as long as they run.
        assert!(begin.elapsed() < Duration::from_secs(60));
    }

    #[test]
    fn inner_first() {
        inner();
    }

    #[test]
    fn inner_second() {
        inner();
    }

    /// Both have a child before either stops.
    static BOTH: LazyLock<Barrier> = LazyLock::new(|| Barrier::new(2));

    fn inner() {
        if env::var_os(INNER).is_some() {
            let _child = Guarded::spawn(Command::new("sleep").arg("300")).unwrap();
            BOTH.wait();
            set_by_test_script("TEST_OF_NOTHING");
        }
    }
}
