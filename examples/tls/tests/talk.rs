//! Starts the example and talks to it.

#![allow(clippy::unwrap_used)]

use std::fs;
use std::path::Path;
use std::process::Command;

use reqwest::{Certificate, Client, ClientBuilder, Version};
use resourceful_test_parts::{Process, send_request};
use tempfile::TempDir;

/// The example, with a certificate of its own.
struct Running {
    process: Process,
    directory: TempDir,
    certificate: Certificate,
    /// `https://localhost:1234`, where the redirect leads.
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
    let answer = process.get("/");
    assert_eq!(answer.status, 308);
    let location = answer.head.split("location: ").nth(1).unwrap();
    let site = location.lines().next().unwrap().trim_end_matches('/');
    Running {
        process,
        directory,
        certificate,
        site: site.to_owned(),
    }
}

/// Makes a certificate for `localhost`, and puts it there with its key.
fn certify(directory: &Path) -> Certificate {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = made.cert.pem();
    fs::write(directory.join("cert.pem"), &certificate).unwrap();
    fs::write(directory.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    Certificate::from_pem(certificate.as_bytes()).unwrap()
}

/// A client that trusts nothing else.
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
    // The client is told to go, and goes.
    let stopped = tokio::task::spawn_blocking(|| example.process.stop("-TERM"));
    assert!(stopped.await.unwrap().1);
}

#[test]
fn a_redirect_keeps_the_path() {
    let Running { process, site, .. } = start();
    let answer = process.get("/a/b%20c/?d=e&f");
    assert_eq!(answer.status, 308);
    let location = format!("location: {site}/a/b%20c/?d=e&f\r\n");
    assert!(answer.head.contains(&location), "{}", answer.head);
    assert_eq!(process.send("POST", "/", "secret").status, 405);
}

#[tokio::test]
async fn http_1_1_is_spoken_on_the_same_port() {
    let example = start();
    let client = trusting(example.certificate).http1_only();
    let client = client.build().unwrap();
    let response = client.get(&example.site).send().await.unwrap();
    assert_eq!(response.version(), Version::HTTP_11);
    assert_eq!(response.text().await.unwrap(), "Hello over HTTP/1.1!\n");
}

#[test]
fn plain_http_where_tls_is_spoken_is_told_so() {
    let example = start();
    let address = example.site.replace("https://localhost", "127.0.0.1");
    let answer = send_request(&address, "GET", "/", "", "");
    assert_eq!(answer.status, 400);
    assert!(answer.body.contains("ask with https"), "{}", answer.body);
}

#[tokio::test]
async fn a_new_certificate_is_used_without_a_restart() {
    let mut example = start();
    let old = example.certificate;
    let new = certify(example.directory.path());
    example.process.wait_for("a new certificate is used");
    let client = trusting(new).build().unwrap();
    client.get(&example.site).send().await.unwrap();
    let client = trusting(old).build().unwrap();
    let error = client.get(&example.site).send().await.unwrap_err();
    assert!(error.is_connect(), "{error:?}");
}
