//! Starts the example and opens its page.

#![allow(clippy::unwrap_used)]

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;

use resourceful_test_parts::{Browser, Process, Tab, send_request};

fn start() -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_browser-front-end"));
    Process::start(command.env("API", "127.0.0.1:0"))
}

/// The address of the API, from the page.
fn api_of(example: &Process) -> String {
    let page = example.get("/").body;
    let (_, rest) = page.split_once("data-api=\"http://").unwrap();
    rest.split('"').next().unwrap().to_owned()
}

fn add(tab: &Tab<'_>, title: &str, stars: &str) {
    tab.replace("[name=title]", title);
    tab.replace("[name=stars]", stars);
    tab.click("#add button");
}

#[test]
fn the_page_lists_adds_and_uploads() {
    let example = start();
    let browser = Browser::start();
    let page = browser.open(&format!("http://{}/", example.address));
    add(&page, "Dune <b>1</b>", "5");
    page.wait_for("#books", "Dune <b>1</b>, stars: 5, bytes of the cover: 0");

    let mut cover = tempfile::NamedTempFile::new().unwrap();
    cover.write_all(&vec![7; 100_000]).unwrap();
    page.enter("#books input", cover.path().to_str().unwrap());
    page.wait_for("#books", "bytes of the cover: 100000");
    assert_eq!(browser.console(), [""; 0]);

    // WebDriver's code of the backspace key: no title.
    add(&page, "\u{e003}", "9");
    page.wait_for("[data-field='#/title']", "length is lower than 1");
    page.wait_for("[data-field='#/stars']", "greater than 5");
    // Chromium reports every error status.
    let console = browser.console();
    assert_eq!(console.len(), 1, "{console:?}");
    assert!(console[0].contains("status of 422"), "{console:?}");
}

#[test]
fn the_browser_refuses_another_origin() {
    let example = start();
    let browser = Browser::start();
    let (_, port) = example.address.rsplit_once(':').unwrap();
    // The same page, but its origin is not listed.
    let page = browser.open(&format!("http://localhost:{port}/"));
    page.wait_for("#state", "The API cannot be reached.");
    let console = browser.console();
    let is_blocked = |line: &String| line.contains("blocked by CORS policy");
    assert!(console.iter().any(is_blocked), "{console:?}");
}

#[test]
fn the_list_is_compressed_for_the_page() {
    let example = start();
    let api = api_of(&example);
    let json = "Content-Type: application/json\r\n";
    let book = r#"{"title": "Dune", "stars": 5}"#;
    assert_eq!(send_request(&api, "POST", "/books", json, book).status, 201);
    let mut stream = TcpStream::connect(&api).unwrap();
    let request = format!(
        "GET /books HTTP/1.1\r\nHost: {api}\r\nOrigin: http://{}\r\nAccept-Encoding: gzip, br\r\n\
         Connection: close\r\n\r\n",
        example.address
    );
    stream.write_all(request.as_bytes()).unwrap();
    let mut response = Vec::new();
    stream.read_to_end(&mut response).unwrap();
    let response = String::from_utf8_lossy(&response);
    assert!(response.starts_with("HTTP/1.1 200"), "{response}");
    let origin = format!(
        "access-control-allow-origin: http://{}\r\n",
        example.address
    );
    assert!(response.contains(&origin), "{response}");
    assert!(
        response.contains("content-encoding: gzip\r\n"),
        "{response}"
    );
}
