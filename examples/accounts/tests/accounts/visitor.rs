//! The running example, and its visitors: each keeps its cookie as a browser does.

use std::process::Command;

use resourceful_db::{Db, DbError};
use resourceful_test_parts::{HttpResponse, Process, send_request};
use sea_orm::ConnectionTrait;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) struct Example {
    process: Process,
    directory: TempDir,
}

impl Example {
    pub(crate) fn start() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let process = Process::start(&mut command(&directory));
        Self { process, directory }
    }

    pub(crate) fn restart(self) -> Self {
        assert!(self.process.stop("-TERM").1);
        let process = Process::start(&mut command(&self.directory));
        Self { process, ..self }
    }

    /// The page, at a host from which browsers keep `Secure` cookies.
    pub(crate) fn url(&self) -> String {
        let (_, port) = self.process.address.rsplit_once(':').unwrap();
        format!("http://localhost:{port}/")
    }

    pub(crate) fn visitor(&self) -> Visitor<'_> {
        Visitor {
            example: self,
            cookie: None,
            headers: String::new(),
        }
    }

    /// A visitor who has an account. The password is "analytical engine".
    pub(crate) fn signed_up(&self, name: &str) -> Visitor<'_> {
        let mut visitor = self.visitor();
        let body = json!({"name": name, "password": "analytical engine"});
        assert_eq!(visitor.post("/sign-up", &body).status, 201);
        visitor
    }

    pub(crate) fn signed_in(&self, name: &str) -> Visitor<'_> {
        let mut visitor = self.signed_up(name);
        assert_eq!(visitor.sign_in(name, "analytical engine").status, 204);
        visitor
    }

    pub(crate) fn with_key(&self, key: &str) -> Visitor<'_> {
        let headers = format!("Authorization: Bearer {key}\r\n");
        Visitor {
            example: self,
            cookie: None,
            headers,
        }
    }

    pub(crate) fn make_administrator(&self, name: &str) {
        let output = command(&self.directory)
            .args(["make-administrator", name])
            .output();
        assert!(output.unwrap().status.success());
    }

    /// Executes SQL in the database of the example.
    pub(crate) fn sql(&self, sql: &str) {
        let file = self.directory.path().join("accounts.sqlite3");
        let execute = async {
            let database = Db::connect(&format!("sqlite://{}", file.display())).await?;
            database.execute_unprepared(sql).await?;
            database.close().await
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        let result: Result<(), DbError> = runtime.unwrap().block_on(execute);
        result.unwrap();
    }
}

fn command(directory: &TempDir) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_accounts"));
    command.current_dir(directory.path());
    command
}

pub(crate) struct Visitor<'e> {
    example: &'e Example,
    pub(crate) cookie: Option<String>,
    /// Further header lines.
    pub(crate) headers: String,
}

impl Visitor<'_> {
    pub(crate) fn get(&mut self, path: &str) -> HttpResponse {
        self.send("GET", path, &Value::Null)
    }

    pub(crate) fn post(&mut self, path: &str, body: &Value) -> HttpResponse {
        self.send("POST", path, body)
    }

    pub(crate) fn sign_in(&mut self, name: &str, password: &str) -> HttpResponse {
        self.post("/sign-in", &json!({"name": name, "password": password}))
    }

    /// The text of a new API key.
    pub(crate) fn new_key(&mut self, name: &str) -> String {
        let issued = self.post("/keys", &json!({"name": name})).json(201);
        issued["text"].as_str().unwrap().to_owned()
    }

    /// Sends a request on a new connection, and keeps the cookie of the response. `null` is no body.
    pub(crate) fn send(&mut self, method: &str, path: &str, body: &Value) -> HttpResponse {
        let cookie = self.cookie.as_ref();
        let cookie = cookie.map(|cookie| format!("Cookie: {cookie}\r\n"));
        let (content_type, text) = match body {
            Value::Null => ("", String::new()),
            body => ("Content-Type: application/json\r\n", body.to_string()),
        };
        let headers = [
            &self.headers,
            cookie.as_deref().unwrap_or_default(),
            content_type,
        ]
        .concat();
        let address = &self.example.process.address;
        let response = send_request(address, method, path, &headers, &text);
        let set_cookie = response.head.split("set-cookie: ").nth(1);
        if let Some(cookie) = set_cookie.and_then(|field| field.split(';').next()) {
            self.cookie = (!cookie.ends_with('=')).then(|| cookie.to_owned());
        }
        response
    }
}

/// The JSON of a response with this status.
pub(crate) trait Json {
    fn json(&self, status: u16) -> Value;
}

impl Json for HttpResponse {
    fn json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.body);
        serde_json::from_str(&self.body).unwrap()
    }
}
