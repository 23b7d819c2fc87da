//! The blog as a process: starts, says where it is, stops, and remembers.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use resourceful_test_parts::{Behaviour, Process, Upstream};

/// The blog as it is started in a directory, with nothing set.
pub(crate) fn blog(directory: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_blog-example"));
    command.current_dir(directory);
    for unset in [
        "DATABASE_URL",
        "REDIS_URL",
        "UPSTREAM_BASE",
        "GITHUB_WEBHOOK_SECRET",
    ] {
        command.env_remove(unset);
    }
    command
}

pub(crate) fn start(directory: &Path) -> Process {
    Process::start(&mut blog(directory))
}

#[test]
fn who_does_not_know_where_to_begin_is_led_to_the_docs() {
    let directory = tempfile::tempdir().unwrap();
    let blog = start(directory.path());
    let docs = format!("http://{}/docs", blog.address);
    for method in ["GET", "HEAD"] {
        let root = blog.send(method, "/", "");
        assert_eq!((root.status, &*root.body), (307, ""));
        assert!(
            root.head.to_lowercase().contains("location: /docs\r\n"),
            "{}",
            root.head
        );
    }
    assert!(blog.get("/docs").body.contains("<title>"));
    let wrong = blog.send("POST", "/", "{}");
    assert!(
        wrong.status == 405
            && wrong
                .head
                .to_lowercase()
                .contains("allow: get, head, options"),
        "{}",
        wrong.head
    );
    for unknown in ["/nothing", "/docs/nothing", "//"] {
        let unknown = blog.get(unknown);
        assert!(
            unknown.status == 404 && unknown.body.starts_with('{'),
            "{}",
            unknown.body
        );
    }
    let (printed, _) = blog.stop("-TERM");
    assert!(printed.contains(&docs), "{printed}");
}

#[test]
fn a_first_start_shows_something_and_a_second_remembers() {
    let directory = tempfile::tempdir().unwrap();
    let first = start(directory.path());
    assert!(first.get("/api/post-list/").body.contains("\"total\":3"));
    let body = r#"{"title": "Kept", "content": "x", "published": true}"#;
    let created = first.send("POST", "/api/posts/", body);
    assert_eq!(created.status, 201, "{}", created.body);
    let (printed, ended_well) = first.stop("-INT");
    assert!(ended_well);
    assert_eq!(printed.matches("curl ").count(), 3, "{printed}");

    let second = start(directory.path());
    let list = second.get("/api/post-list/").body;
    assert!(
        list.contains("\"slug\":\"kept\"") && list.contains("\"total\":4"),
        "{list}"
    );
    assert!(second.stop("-TERM").1);
}

/// The most memory it has had, in kilobytes.
fn peak_memory(blog: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", blog.id())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_gigabyte_from_the_upstream_is_not_kept() {
    let directory = tempfile::tempdir().unwrap();
    let upstream = Upstream::start();
    let blog = Process::start(blog(directory.path()).env("UPSTREAM_BASE", upstream.url()));
    upstream.json("/data", "{}");
    assert_eq!(blog.get("/endpoint/").status, 200);
    let before = peak_memory(&blog);
    let length = "Content-Length: 1073741824\r\n";
    for headers in ["", length] {
        upstream.on("/data", Behaviour::Huge(1 << 30, headers));
        assert_eq!(blog.get("/endpoint/").status, 502);
    }
    let more = peak_memory(&blog) - before;
    assert!(more < 32 * 1024, "{more} kB");
}

#[test]
fn a_second_signal_does_not_wait_for_what_runs() {
    let directory = tempfile::tempdir().unwrap();
    let upstream = Upstream::start();
    upstream.on("/data", Behaviour::Hang);
    let blog = Process::start(blog(directory.path()).env("UPSTREAM_BASE", upstream.url()));
    let mut request = TcpStream::connect(&blog.address).unwrap();
    request
        .write_all(b"GET /endpoint/ HTTP/1.1\r\nHost: x\r\n\r\n")
        .unwrap();
    while upstream.requests().is_empty() {
        std::thread::yield_now();
    }
    let started = Instant::now();
    blog.signal("-TERM");
    // Refused, once it drains.
    while TcpStream::connect(&blog.address).is_ok() {
        std::thread::yield_now();
    }
    let (_, ended_well) = blog.stop("-INT");
    assert!(!ended_well);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_webhook_without_a_secret_takes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let blog = Process::start(blog(directory.path()).env("GITHUB_WEBHOOK_SECRET", ""));
    let answer = blog.send("POST", "/webhooks/github/", "{}");
    assert_eq!(answer.status, 503);
    assert_eq!(blog.get("/webhooks/github/").status, 405);
}

#[test]
fn a_wrong_setting_is_said_and_ends_it() {
    let directory = tempfile::tempdir().unwrap();
    for (name, value) in [
        ("BIND", "nowhere"),
        ("UPSTREAM_TIMEOUT", "soon"),
        ("UPSTREAM_TIMEOUT", "0"),
        ("UPSTREAM_TIMEOUT", "NaN"),
        ("UPSTREAM_BASE", "example.com"),
        ("REDIS_URL", "http://localhost"),
        ("DATABASE_URL", "mysql://localhost/x"),
    ] {
        let mut command = blog(directory.path());
        command
            .env("DATABASE_URL", "sqlite::memory:")
            .env(name, value);
        let output = command.output().unwrap();
        assert!(!output.status.success(), "{name}={value}");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(text.contains("Error: "), "{name}={value}: {text}");
    }
}

/// Killed at its very first start, or started several times at once: the next start works.
#[test]
fn a_first_start_may_be_broken_off_and_shared() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..5 {
        let mut child = blog(directory.path())
            .env("BIND", "127.0.0.1:0")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let file = directory.path().join("blog.sqlite3");
        while !file.exists() {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let blogs: Vec<_> = std::thread::scope(|scope| {
        let starts = [(); 3].map(|()| scope.spawn(|| start(directory.path())));
        starts.map(|start| start.join().unwrap()).into()
    });
    for blog in blogs {
        assert!(blog.get("/api/post-list/").body.contains("\"total\":3"));
        assert!(blog.stop("-TERM").1);
    }
}

/// Several processes may find the file without demo posts; one of them writes them.
#[tokio::test]
async fn demo_posts_come_once_whoever_writes_them() {
    use sea_orm::{EntityTrait, PaginatorTrait};

    let directory = tempfile::tempdir().unwrap();
    let url = format!(
        "sqlite://{}",
        directory.path().join("blog.sqlite3").display()
    );
    let mut databases = Vec::new();
    for _ in 0..8 {
        databases.push(blog_example::database::connect(&url).await.unwrap());
    }
    let mut writers = tokio::task::JoinSet::new();
    for database in databases.clone() {
        writers.spawn(async move { blog_example::database::add_demo_posts_once(&database).await });
    }
    while let Some(outcome) = writers.join_next().await {
        outcome.unwrap().unwrap();
    }
    let posts = blog_example::entity::post::Entity::find()
        .count(&databases[0])
        .await
        .unwrap();
    assert_eq!(posts, 3);
}
