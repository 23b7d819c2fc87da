//! Starts the example and an issuer, and signs in with an HTTP client.

// A test may unwrap: the panic is its message.
#![allow(clippy::unwrap_used)]

mod browser;
mod issuer;

use std::process::Command;

use resourceful_test_parts::{Process, send_request};
use serde_json::{Value, json};

use self::browser::Browser;
use self::issuer::{AUDIENCE, CLIENT_ID, CLIENT_SECRET, Issuer};

const ALICE: &str = r#"{"sub":"alice","name":"Alice"}"#;

fn start(issuer: &str) -> Process {
    let mut command = Command::new(env!("CARGO_BIN_EXE_openid"));
    command.env("ISSUER", issuer).env("AUDIENCE", AUDIENCE);
    command
        .env("CLIENT_ID", CLIENT_ID)
        .env("CLIENT_SECRET", CLIENT_SECRET);
    Process::start(command.env_remove("PUBLIC_URL"))
}

/// The callback is refused, and signs nobody in.
async fn assert_refused(browser: &mut Browser, callback: &str) {
    let page = browser.get(callback).await;
    assert_eq!(page.status, 400, "{callback} {}", page.text);
    assert!(page.text.contains("Please sign in again."), "{}", page.text);
    assert!(
        page.set_cookies
            .iter()
            .all(|cookie| !cookie.starts_with("__Host-session="))
    );
    assert_eq!(browser.me().await, None);
}

#[tokio::test]
async fn a_browser_signs_in_and_out() {
    let issuer = Issuer::start().await;
    let example = start(&issuer.address);
    let mut browser = Browser::new(&example.address);
    assert!(browser.get("/").await.text.contains("Sign in"));
    assert_eq!(browser.me().await, None);

    let page = browser.get("/sign-in").await;
    let [cookie] = page.set_cookies.as_slice() else {
        panic!("{:?}", page.set_cookies)
    };
    let (value, attributes) = cookie.split_once("; ").unwrap();
    assert!(value.starts_with("__Host-sign-in="), "{cookie}");
    assert_eq!(
        attributes,
        "HttpOnly; SameSite=Lax; Secure; Path=/; Max-Age=600"
    );
    let location = page.location.unwrap();
    assert!(
        location.starts_with(&format!("{}/authorize?", issuer.address)),
        "{location}"
    );

    let callback = browser.get(&location).await.location.unwrap();
    assert!(callback.starts_with(&format!("http://{}/callback?code=", example.address)));
    let page = browser.get(&callback).await;
    assert_eq!(
        (page.status.as_u16(), page.location.as_deref()),
        (303, Some("/")),
        "{}",
        page.text
    );
    assert_eq!(browser.cookies(), ["__Host-session"]);
    assert_eq!(browser.me().await.as_deref(), Some(ALICE));

    // Another site cannot sign the user out.
    assert_eq!(browser.post("/sign-out", "cross-site").await.status, 403);
    assert_eq!(browser.me().await.as_deref(), Some(ALICE));
    assert_eq!(browser.post("/sign-out", "same-origin").await.status, 303);
    assert!(browser.cookies().is_empty());
    assert_eq!(browser.me().await, None);
}

#[tokio::test]
async fn a_callback_is_for_the_browser_that_began_and_once() {
    let issuer = Issuer::start().await;
    let example = start(&issuer.address);
    let mut attacker = Browser::new(&example.address);
    let of_attacker = attacker.go_to_provider().await;

    // The victim follows a link with the attacker's code, without and with a sign-in of their own.
    let mut victim = Browser::new(&example.address);
    assert_refused(&mut victim, &of_attacker).await;
    let of_victim = victim.go_to_provider().await;
    assert_refused(&mut victim, &of_attacker).await;
    // That has used the attempt up.
    assert_refused(&mut victim, &of_victim).await;

    // The attacker's code with the victim's state: PKCE.
    let of_victim = victim.go_to_provider().await;
    let code = |callback: &str| callback.split(['=', '&']).nth(1).unwrap().to_owned();
    let mixed = of_victim.replace(&code(&of_victim), &code(&of_attacker));
    assert_ne!(mixed, of_victim);
    assert_refused(&mut victim, &mixed).await;

    let callback = victim.go_to_provider().await;
    assert_eq!(victim.get(&callback).await.status, 303);
    assert_eq!(victim.me().await.as_deref(), Some(ALICE));
    assert_eq!(victim.get(&callback).await.status, 400);
    assert_eq!(
        Browser::new(&example.address).get(&callback).await.status,
        400
    );
}

#[tokio::test]
async fn a_wrong_callback_is_refused() {
    let issuer = Issuer::start().await;
    let example = start(&issuer.address);
    let mut browser = Browser::new(&example.address);
    let encoded: String = url::form_urlencoded::byte_serialize(issuer.address.as_bytes()).collect();
    for change in [
        |callback: &str, _: &str| callback.replace("&state=", "&state=x"),
        |callback: &str, _: &str| callback.replace("&state=", "&other="),
        |callback: &str, _: &str| format!("{}&state=", callback.split("&state=").next().unwrap()),
        |callback: &str, _: &str| callback.replace("?code=", "?code=x"),
        |callback: &str, _: &str| callback.replace("?code=", "?error=access_denied&other="),
        |callback: &str, issuer: &str| callback.replace(issuer, "https%3A%2F%2Fevil.example.com"),
    ] {
        let callback = browser.go_to_provider().await;
        let changed = change(&callback, &encoded);
        assert_ne!(changed, callback);
        assert_refused(&mut browser, &changed).await;
    }
    let callback = browser.go_to_provider().await;
    assert_eq!(browser.get(&callback).await.status, 303);
}

#[tokio::test]
async fn a_wrong_id_token_is_refused() {
    let issuer = Issuer::start().await;
    let example = start(&issuer.address);
    let mut browser = Browser::new(&example.address);
    for changes in [
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"aud": "another-site"}),
        json!({"iss": "https://evil.example.com"}),
        json!({"exp": 1}),
    ] {
        issuer.change(changes);
        let callback = browser.go_to_provider().await;
        assert_refused(&mut browser, &callback).await;
    }
    issuer.change(json!({}));
    let callback = browser.go_to_provider().await;
    assert_eq!(browser.get(&callback).await.status, 303);
    let mut browser = Browser::new(&example.address);
    issuer.forge();
    let callback = browser.go_to_provider().await;
    assert_refused(&mut browser, &callback).await;
}

#[tokio::test]
async fn a_new_key_of_the_issuer_is_found() {
    let issuer = Issuer::start().await;
    let example = start(&issuer.address);
    for _ in 0..3 {
        let mut browser = Browser::new(&example.address);
        let callback = browser.go_to_provider().await;
        assert_eq!(browser.get(&callback).await.status, 303);
        assert_eq!(browser.me().await.as_deref(), Some(ALICE));
        issuer.rotate();
    }
}

#[tokio::test]
async fn a_machine_sends_an_access_token() {
    let issuer = Issuer::start().await;
    let example = start(&issuer.address);
    let call = async |token: String| {
        let address = example.address.clone();
        let headers = format!("Authorization: Bearer {token}\r\n");
        let call = move || send_request(&address, "GET", "/api/me", &headers, "");
        tokio::task::spawn_blocking(call).await.unwrap()
    };
    let response = call(issuer.access_token()).await;
    assert_eq!(
        (response.status, &*response.body),
        (200, r#"{"sub":"bob","name":null}"#)
    );
    // An ID token is for the site, and says so.
    issuer.change(json!({"aud": AUDIENCE}));
    assert_eq!(call(issuer.id_token("")).await.status, 401);
    let other = Issuer::start().await;
    assert_eq!(call(other.access_token()).await.status, 401);
}

#[tokio::test]
async fn without_the_issuer_it_is_503() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let issuer = format!("http://{}", listener.local_addr().unwrap());
    drop(listener);
    let example = start(&issuer);
    let mut browser = Browser::new(&example.address);
    let page = browser.get("/sign-in").await;
    assert_eq!(page.status, 503);
    let problem: Value = serde_json::from_str(&page.text).unwrap();
    assert_eq!(problem["status"], 503);
    // The rest of the site works.
    assert_eq!(browser.get("/").await.status, 200);
    assert_eq!(browser.me().await, None);
}
