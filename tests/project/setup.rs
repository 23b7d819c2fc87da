//! `./test --no-install` on machines where something is missing. Cargo is always missing, so that
//! the script stops before it runs tests.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use crate::root;

/// Programs that `./test` looks for, and the packages that bring them. All but the first three
/// are looked for in `PATH` alone.
const PROGRAMS: [(&str, &str); 8] = [
    ("initdb", "postgresql"),
    ("nginx", "nginx-light"),
    ("pgbouncer", "pgbouncer"),
    ("redis-server", "redis-server"),
    ("chromedriver", "chromium-driver"),
    ("npm", "nodejs npm"),
    ("python3", "python3-venv"),
    ("cc", "gcc libc6-dev"),
];

/// The exit code, and the lines that are printed, where only these programs are.
fn run_with(programs: &[&str]) -> (Option<i32>, Vec<String>) {
    let directory = tempfile::tempdir().unwrap();
    let directory = directory.path();
    for program in [
        "bash",
        "cat",
        "cut",
        "dirname",
        "id",
        "readlink",
        "sha256sum",
    ] {
        symlink(find(program), directory.join(program)).unwrap();
    }
    for program in programs {
        // The server is looked for beside `initdb`, where the link leads.
        fs::copy(find("true"), directory.join(program)).unwrap();
    }
    let output = Command::new("bash")
        .args(["./test", "--no-install"])
        .current_dir(root())
        .env_clear()
        .env("PATH", directory)
        .env("HOME", directory)
        .output()
        .unwrap();
    let printed = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    (
        output.status.code(),
        printed.lines().map(str::to_owned).collect(),
    )
}

fn find(program: &str) -> std::path::PathBuf {
    let directories = ["/usr/bin", "/bin"].map(Path::new);
    let mut paths = directories.iter().map(|directory| directory.join(program));
    paths.find(|path| path.exists()).unwrap()
}

#[test]
fn a_missing_program_is_listed_with_its_reason_and_the_command() {
    for (missing, package) in &PROGRAMS[3..] {
        let others = PROGRAMS.iter().map(|(program, _)| *program);
        let others = others.chain(["node", "pg_ctl"]);
        let others = others.filter(|program| program != missing);
        let (code, lines) = run_with(&others.collect::<Vec<_>>());
        assert_eq!(code, Some(1), "{missing}: {lines:#?}");
        let [title, row, clients, rust, stop, install, again] = &lines[..] else {
            panic!("{missing}: {lines:#?}");
        };
        assert_eq!(title, "The tests need what is missing here:");
        let reason = row.strip_prefix(&format!("  {package} ")).unwrap();
        assert!(reason.trim().contains(' '), "{row}");
        assert!(clients.contains("/resourceful/clients-"), "{clients}");
        assert!(rust.contains("rustup.rs"), "{rust}");
        assert_eq!(stop, "Nothing was installed. Run this:");
        let command = format!(
            "  apt-get update && apt-get install --no-install-recommends {package}  # as root, on Debian"
        );
        assert_eq!(*install, command);
        assert_eq!(again, "  ./test");
    }
}

#[test]
fn all_that_is_missing_is_listed_at_once() {
    let (code, lines) = run_with(&[]);
    assert_eq!(code, Some(1), "{lines:#?}");
    let install = lines.iter().find(|line| line.contains("apt-get install"));
    for (_, package) in &PROGRAMS[3..] {
        assert!(install.unwrap().contains(package), "{lines:#?}");
    }
}
