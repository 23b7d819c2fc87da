//! [`Guarded`]: a child process that ends with its test, however the test ends.

use std::io;
use std::ops::{Deref, DerefMut};
use std::process::{Child, Command, Stdio};

/// Reads from a pipe whose other end this process has. The end of the process closes it, and the child gets 5 seconds.
const GUARD: &str = "trap '' INT TERM HUP; read -r _; kill -CONT \"$1\"; kill -TERM \"$1\" && sleep 5 && kill -KILL \"$1\"";

/// A child process. It is killed on drop, and after this process was killed or has exited, when nothing is dropped.
#[derive(Debug)]
pub struct Guarded {
    child: Child,
    guard: Child,
}

impl Guarded {
    /// Starts a program.
    ///
    /// # Errors
    /// If the program cannot be started.
    pub fn spawn(command: &mut Command) -> io::Result<Self> {
        let child = command.spawn()?;
        let guard = Command::new("sh")
            .args(["-c", GUARD, "guard", &child.id().to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        Ok(Self { child, guard })
    }
}

impl Deref for Guarded {
    type Target = Child;

    fn deref(&self) -> &Child {
        &self.child
    }
}

impl DerefMut for Guarded {
    fn deref_mut(&mut self) -> &mut Child {
        &mut self.child
    }
}

impl Drop for Guarded {
    fn drop(&mut self) {
        // The guard first: after its wait, the child's number may be another process's.
        for child in [&mut self.guard, &mut self.child] {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::time::{Duration, Instant};

    use super::*;

    /// Set where this test is the process that is killed.
    const INNER: &str = "GUARDED_INNER";

    #[test]
    fn a_child_ends_with_a_process_that_is_killed() {
        if env::var_os(INNER).is_some() {
            let _child = Guarded::spawn(Command::new("sleep").arg("300")).unwrap();
            let itself = std::process::id().to_string();
            Command::new("kill")
                .args(["-KILL", &itself])
                .status()
                .unwrap();
        }
        let begin = Instant::now();
        let output = Command::new(env::current_exe().unwrap())
            .args(["--exact", "--nocapture"])
            .arg("guarded::tests::a_child_ends_with_a_process_that_is_killed")
            .env(INNER, "yes")
            .output()
            .unwrap();
        // The child holds the output open for as long as it runs.
        assert!(begin.elapsed() < Duration::from_secs(60));
        assert_eq!(output.status.code(), None, "{output:?}");
    }
}
