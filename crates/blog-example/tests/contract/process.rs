//! The blog as a process: start, stop, restart, invalid settings.

use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use resourceful_test_parts::{Behaviour, Process, Upstream};

/// The command that starts the blog in a directory, without settings.
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
fn the_root_redirects_to_the_docs() {
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
fn a_first_start_adds_demo_posts_and_a_second_keeps_all_posts() {
    let directory = tempfile::tempdir().unwrap();
    let first = start(directory.path());
    assert!(first.get("/api/post-list/").body.contains("\"total\":3"));
    let body = r#"{"title": "Kept", "content": "x", "published": true}"#;
    let created = first.send("POST", "/api/posts/", body);
    assert_eq!(created.status, 201, "{}", created.body);
    let (printed, exited_well) = first.stop("-INT");
    assert!(exited_well);
    assert_eq!(printed.matches("curl ").count(), 3, "{printed}");

    let second = start(directory.path());
    let list = second.get("/api/post-list/").body;
    assert!(
        list.contains("\"slug\":\"kept\"") && list.contains("\"total\":4"),
        "{list}"
    );
    assert!(second.stop("-TERM").1);
}

/// Peak memory of the process, in kilobytes.
fn peak_memory(blog: &Process) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", blog.id())).unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}

#[test]
fn a_gigabyte_from_the_upstream_is_not_stored() {
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
fn a_second_signal_does_not_wait_for_running_requests() {
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
    // Connections are refused once the shutdown begins.
    while TcpStream::connect(&blog.address).is_ok() {
        std::thread::yield_now();
    }
    let (_, exited_well) = blog.stop("-INT");
    assert!(!exited_well);
    assert!(started.elapsed() < Duration::from_secs(3));
}

#[test]
fn a_webhook_without_a_secret_rejects_every_delivery() {
    let directory = tempfile::tempdir().unwrap();
    let blog = Process::start(blog(directory.path()).env("GITHUB_WEBHOOK_SECRET", ""));
    let response = blog.send("POST", "/webhooks/github/", "{}");
    assert_eq!(response.status, 503);
    assert_eq!(blog.get("/webhooks/github/").status, 405);
}

#[test]
fn an_invalid_setting_is_reported_and_ends_the_process() {
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

/// The blog is killed during its first start, then started several times at once. The next start works.
#[test]
fn a_first_start_may_be_killed_and_concurrent() {
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

/// Several processes may find the file without demo posts. Only one of them adds the posts.
#[tokio::test]
async fn demo_posts_are_added_once() {
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
    while let Some(result) = writers.join_next().await {
        result.unwrap().unwrap();
    }
    let posts = blog_example::entity::post::Entity::find()
        .count(&databases[0])
        .await
        .unwrap();
    assert_eq!(posts, 3);
}
