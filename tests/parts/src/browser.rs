//! A web browser, driven over `WebDriver` (W3C).

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};
use std::thread;

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::guarded::Guarded;

/// Headless Chromium. It ends on drop.
#[derive(Debug)]
pub struct Browser {
    driver: Guarded,
    address: String,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser with a new profile. `./test` installs `chromedriver`.
    pub fn start() -> Self {
        let mut command = Command::new("chromedriver");
        command.arg("--port=0");
        command.stdout(Stdio::piped()).stderr(Stdio::null());
        let mut driver = Guarded::spawn(&mut command).unwrap_or_else(|error| {
            panic!(
                "chromedriver cannot be started ({error}): run ./test, which installs it \
                 (on Debian: apt-get install chromium-driver)"
            )
        });
        let stdout = BufReader::new(driver.stdout.take().unwrap());
        let mut lines = stdout.lines().map_while(Result::ok);
        let port = lines.find_map(|line| {
            let (_, port) = line.split_once("started successfully on port ")?;
            Some(port.trim_end_matches('.').to_owned())
        });
        // Drain the output, so that the driver does not block.
        thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().unwrap();
        let directory = format!("--user-data-dir={}", profile.path().display());
        let mut browser = Self {
            driver,
            address: format!("127.0.0.1:{}", port.expect("chromedriver prints its port")),
            session: String::new(),
            _profile: profile,
        };
        let arguments = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            &directory,
        ];
        let session = browser.call(
            "/session",
            &json!({ "capabilities": { "alwaysMatch": {
                "goog:chromeOptions": { "args": arguments },
                "goog:loggingPrefs": { "browser": "ALL" },
            } } }),
        );
        let id = session["sessionId"].as_str().unwrap();
        browser.session = format!("/session/{id}");
        browser
    }

    /// Opens a page in a new tab.
    pub fn open(&self, url: &str) -> Tab<'_> {
        let tab = self.post("/window/new", &json!({ "type": "tab" }));
        let tab = Tab {
            browser: self,
            handle: tab["handle"].as_str().unwrap().to_owned(),
        };
        tab.post("/url", &json!({ "url": url }));
        tab
    }

    /// Console messages of all pages since the last call.
    pub fn console(&self) -> Vec<String> {
        let entries = self.post("/se/log", &json!({ "type": "browser" }));
        let entries = entries.as_array().unwrap().iter();
        entries.map(Value::to_string).collect()
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        self.call(&format!("{}{path}", self.session), body)
    }

    fn call(&self, path: &str, body: &Value) -> Value {
        let (status, response) = send_request(&self.address, path, &body.to_string()).unwrap();
        assert_eq!(status, "200", "{path} {body}: {response}");
        let mut response: Value = serde_json::from_str(&response).unwrap();
        response["value"].take()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // If the driver were killed, the browser would stay.
        let _ = send_request(&self.address, "/shutdown", "{}");
        let _ = self.driver.wait();
    }
}

/// One page of a [`Browser`].
#[derive(Debug)]
pub struct Tab<'b> {
    browser: &'b Browser,
    handle: String,
}

impl Tab<'_> {
    /// Types `text` into the element.
    pub fn enter(&self, selector: &str, text: &str) {
        let path = format!("{}/value", self.element(selector));
        self.post(&path, &json!({ "text": text }));
    }

    /// Replaces the text of the element.
    pub fn replace(&self, selector: &str, text: &str) {
        // WebDriver's codes: control key, then release of all keys.
        self.enter(selector, &format!("\u{e009}a\u{e000}{text}"));
    }

    /// Waits for the element, then clicks on it.
    pub fn click(&self, selector: &str) {
        self.wait_for(selector, "");
        let path = format!("{}/click", self.element(selector));
        self.post(&path, &json!({}));
    }

    /// Waits until the text of the element contains `text`.
    pub fn wait_for(&self, selector: &str, text: &str) {
        let script = "
            const [selector, text, done] = arguments;
            const look = () => {
                if (!document.querySelector(selector)?.textContent.includes(text)) return;
                observer.disconnect();
                done();
            };
            const observer = new MutationObserver(look);
            const everything = { subtree: true, childList: true, characterData: true };
            observer.observe(document, everything);
            look();";
        let arguments = [selector, text];
        self.post(
            "/execute/async",
            &json!({ "script": script, "args": arguments }),
        );
    }

    fn element(&self, selector: &str) -> String {
        let found = self.post(
            "/element",
            &json!({ "using": "css selector", "value": selector }),
        );
        let element = found.as_object().unwrap().values().next().unwrap();
        format!("/element/{}", element.as_str().unwrap())
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let handle = &self.handle;
        self.browser.post("/window", &json!({ "handle": handle }));
        self.browser.post(path, body)
    }
}

/// Sends a request and returns status and body. chromedriver sends `Connection: close` but does not
/// close, so `Content-Length` is needed.
fn send_request(address: &str, path: &str, body: &str) -> io::Result<(String, String)> {
    let mut stream = TcpStream::connect(address)?;
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: {length}\r\n\r\n{body}"
    );
    stream.write_all(request.as_bytes())?;
    let mut reader = BufReader::new(stream);
    let mut head = String::new();
    while !head.ends_with("\r\n\r\n") {
        if reader.read_line(&mut head)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    let head = head.to_ascii_lowercase();
    let length = head.split("content-length:").nth(1).unwrap_or_default();
    let length = length.lines().next().unwrap_or_default().trim();
    let mut body = vec![0; length.parse().unwrap_or_default()];
    reader.read_exact(&mut body)?;
    let status = head.get(9..12).unwrap_or_default().to_owned();
    Ok((status, String::from_utf8_lossy(&body).into_owned()))
}
