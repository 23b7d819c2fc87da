//! Starts the example and sends requests to it.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use reqwest::{Certificate, Client, ClientBuilder, Version};
use resourceful_test_parts::{Process, send_request};
use tempfile::TempDir;

/// The running example with its certificate.
struct Running {
    process: Process,
    directory: TempDir,
    certificate: Certificate,
    /// Target of the redirect: `https://localhost:1234`.
    site: String,
}

fn start() -> Running {
    let directory = tempfile::tempdir().unwrap();
    let certificate = certify(directory.path());
    let mut command = Command::new(env!("CARGO_BIN_EXE_tls"));
    command
        .env("TLS_CERTIFICATE", directory.path().join("cert.pem"))
        .env("TLS_KEY", directory.path().join("key.pem"))
        .env("TLS_BIND", "127.0.0.1:0")
        .env_remove("SITE");
    let process = Process::start(&mut command);
    let response = process.get("/");
    assert_eq!(response.status, 308);
    let location = response.head.split("location: ").nth(1).unwrap();
    let site = location.lines().next().unwrap().trim_end_matches('/');
    Running {
        process,
        directory,
        certificate,
        site: site.to_owned(),
    }
}

/// Writes a new certificate for `localhost` and its key into the directory.
fn certify(directory: &Path) -> Certificate {
    let certified = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = certified.cert.pem();
    fs::write(directory.join("cert.pem"), &certificate).unwrap();
    fs::write(
        directory.join("key.pem"),
        certified.signing_key.serialize_pem(),
    )
    .unwrap();
    Certificate::from_pem(certificate.as_bytes()).unwrap()
}

/// A client that trusts only this certificate.
fn trusting(certificate: Certificate) -> ClientBuilder {
    let builder = Client::builder().tls_certs_only([certificate]);
    let loopback = ([127, 0, 0, 1], 0).into();
    builder.resolve("localhost", loopback)
}

#[tokio::test]
async fn a_redirect_leads_to_http_2() {
    let example = start();
    let url = format!("http://{}/", example.process.address);
    let client = trusting(example.certificate).build().unwrap();
    let response = client.get(url).send().await.unwrap();
    assert_eq!(response.version(), Version::HTTP_2);
    assert_eq!(response.url().as_str(), format!("{}/", example.site));
    assert_eq!(response.text().await.unwrap(), "Hello over HTTP/2.0!\n");
    // The client gets a GOAWAY and closes the connection.
    let stopped = tokio::task::spawn_blocking(|| example.process.stop("-TERM"));
    assert!(stopped.await.unwrap().1);
}

#[test]
fn a_redirect_keeps_the_path() {
    let Running { process, site, .. } = start();
    let response = process.get("/a/b%20c/?d=e&f");
    assert_eq!(response.status, 308);
    let location = format!("location: {site}/a/b%20c/?d=e&f\r\n");
    assert!(response.head.contains(&location), "{}", response.head);
    assert_eq!(process.send("POST", "/", "secret").status, 405);
}

#[tokio::test]
async fn http_1_1_works_on_the_same_port() {
    let example = start();
    let client = trusting(example.certificate).http1_only();
    let client = client.build().unwrap();
    let response = client.get(&example.site).send().await.unwrap();
    assert_eq!(response.version(), Version::HTTP_11);
    assert_eq!(response.text().await.unwrap(), "Hello over HTTP/1.1!\n");
}

#[test]
fn plain_http_on_the_tls_port_gets_a_hint() {
    let example = start();
    let address = example.site.replace("https://localhost", "127.0.0.1");
    let response = send_request(&address, "GET", "/", "", "");
    assert_eq!(response.status, 400);
    assert!(
        response.body.contains("ask with https"),
        "{}",
        response.body
    );
}

#[tokio::test]
async fn a_new_certificate_is_used_without_a_restart() {
    let mut example = start();
    let old = example.certificate;
    let new = certify(example.directory.path());
    example.process.wait_for("new certificate in use");
    let client = trusting(new).build().unwrap();
    client.get(&example.site).send().await.unwrap();
    let client = trusting(old).build().unwrap();
    let error = client.get(&example.site).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
}
