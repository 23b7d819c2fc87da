//! The running program, on a socket.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::process::Command;

use resourceful_test_parts::{HttpResponse, Process, send_request};
use serde_json::{Value, json};

use crate::database::Database;

fn send(process: &Process, cookie: &str, method: &str, path: &str, body: &Value) -> HttpResponse {
    let headers = format!("Cookie: {cookie}\r\nContent-Type: application/json\r\n");
    let (headers, text) = match body {
        Value::Null => (format!("Cookie: {cookie}\r\n"), String::new()),
        body => (headers, body.to_string()),
    };
    send_request(&process.address, method, path, &headers, &text)
}

fn start(url: &str) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_tracker"));
    Process::start(command.env("DATABASE_URL", url))
}

#[tokio::test(flavor = "multi_thread")]
async fn members_get_events_and_everything_survives_a_restart() {
    for database in Database::both() {
        let process = start(&database.url);
        let ada = json!({"name": "ada", "password": "analytical engine"});
        assert_eq!(send(&process, "", "POST", "/v1/sign-up", &ada).status, 201);
        let signed_in = send(&process, "", "POST", "/v1/sign-in", &ada);
        let cookie = signed_in.head.split("set-cookie: ").nth(1).unwrap();
        let cookie = cookie.split(';').next().unwrap();
        let create = |path: &str, body: Value| {
            let created = send(&process, cookie, "POST", path, &body);
            assert_eq!(created.status, 201, "{}", created.body);
            let location = created.head.split("location: ").nth(1).unwrap();
            location.split("\r\n").next().unwrap().to_owned()
        };
        let engines = create("/v1/organisations", json!({"name": "Engines"}));
        let projects = format!("{engines}/projects");
        let project = create(&projects, json!({"key": "ENG", "name": "Engine"}));
        let other = create(&projects, json!({"key": "OTH", "name": "Other"}));

        let events = format!("{project}/events");
        assert_eq!(send(&process, "", "GET", &events, &Value::Null).status, 401);
        // On PostgreSQL, another process tells of them.
        let is_shared = database.url.starts_with("postgres");
        let replica = is_shared.then(|| start(&database.url));
        let host = &replica.as_ref().unwrap_or(&process).address;
        let mut stream = TcpStream::connect(host).unwrap();
        write!(
            stream,
            "GET {events} HTTP/1.1\r\nHost: {host}\r\nCookie: {cookie}\r\n\r\n"
        )
        .unwrap();
        let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
        assert_eq!(lines.next().unwrap(), "HTTP/1.1 200 OK");
        let task = json!({"title": "Grind", "description": "", "assignee_id": null});
        create(&format!("{other}/tasks"), task.clone());
        let task = create(&format!("{project}/tasks"), task);
        send(&process, cookie, "PATCH", &task, &json!({"state": "done"}));
        send(&process, cookie, "DELETE", &task, &Value::Null);
        let mut data = lines.filter_map(|line| line.strip_prefix("data: ").map(str::to_owned));
        for kind in ["created", "updated", "deleted"] {
            let event: Value = serde_json::from_str(&data.next().unwrap()).unwrap();
            assert_eq!(event, json!({"kind": kind, "task_id": 2}));
        }

        assert!(process.stop("-TERM").1);
        let process = start(&database.url);
        let kept = send(&process, cookie, "GET", &project, &Value::Null);
        assert!(kept.body.contains("Engine"), "{}", kept.body);
    }
}
