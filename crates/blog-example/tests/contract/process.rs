//! The blog as a process: starts, says where it is, stops, and remembers.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

struct Process {
    child: Child,
    address: String,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// `cargo run -p blog-example` in `directory`, on a free port.
    fn start(directory: &Path) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_blog-example"))
            .current_dir(directory)
            .env("BIND", "127.0.0.1:0")
            .env_remove("DATABASE_URL")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        stdout.read_line(&mut line).unwrap();
        let address = line
            .split("http://")
            .nth(1)
            .unwrap()
            .split(' ')
            .next()
            .unwrap()
            .to_owned();
        Self {
            child,
            address,
            stdout,
        }
    }

    fn request(&self, request: &str) -> String {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        answer
    }

    fn get(&self, path: &str) -> String {
        self.request(&format!(
            "GET {path} HTTP/1.1\r\nHost: blog\r\nConnection: close\r\n\r\n"
        ))
    }

    /// Sends `signal`; what was printed, and whether the process ended well.
    fn stop(mut self, signal: &str) -> (String, bool) {
        let id = self.child.id().to_string();
        assert!(
            Command::new("kill")
                .args([signal, &id])
                .status()
                .unwrap()
                .success()
        );
        let mut printed = String::new();
        self.stdout.read_to_string(&mut printed).unwrap();
        (printed, self.child.wait().unwrap().success())
    }
}

#[test]
fn a_first_start_shows_something_and_a_second_remembers() {
    let directory = tempfile::tempdir().unwrap();
    let first = Process::start(directory.path());
    assert!(first.get("/api/post-list/").contains("\"total\":3"));
    let body = r#"{"title": "Kept", "content": "x", "published": true}"#;
    let created = first.request(&format!(
        "POST /api/posts/ HTTP/1.1\r\nHost: blog\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    ));
    assert!(created.starts_with("HTTP/1.1 201 "), "{created}");
    let (printed, ended_well) = first.stop("-INT");
    assert!(ended_well);
    assert_eq!(printed.matches("curl ").count(), 3, "{printed}");

    let second = Process::start(directory.path());
    let list = second.get("/api/post-list/");
    assert!(
        list.contains("\"slug\":\"kept\"") && list.contains("\"total\":4"),
        "{list}"
    );
    assert!(second.stop("-TERM").1);
}

#[test]
fn a_wrong_setting_is_said_and_ends_it() {
    let output = Command::new(env!("CARGO_BIN_EXE_blog-example"))
        .env("BIND", "nowhere")
        .env("DATABASE_URL", "sqlite::memory:")
        .output()
        .unwrap();
    assert!(!output.status.success());
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(text.contains("Error: "), "{text}");
}

/// Killed at its very first start, or started several times at once: the next start works.
#[test]
fn a_first_start_may_be_broken_off_and_shared() {
    let directory = tempfile::tempdir().unwrap();
    for _ in 0..5 {
        let mut child = Command::new(env!("CARGO_BIN_EXE_blog-example"))
            .current_dir(directory.path())
            .env("BIND", "127.0.0.1:0")
            .env_remove("DATABASE_URL")
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
        let starts = [(); 3].map(|()| scope.spawn(|| Process::start(directory.path())));
        starts.map(|start| start.join().unwrap()).into()
    });
    for blog in blogs {
        assert!(blog.get("/api/post-list/").contains("\"total\":3"));
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
