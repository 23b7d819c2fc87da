//! The page in a browser, and the page of another origin.

use resourceful_test_parts::{Behaviour, Browser, Tab, Upstream};
use serde_json::json;

use crate::visitor::{Example, Json as _};

/// Enters the password of [`Example::signed_up`].
fn enter(page: &Tab<'_>, name: &str) {
    page.replace("[name=name]", name);
    page.replace("[name=password]", "analytical engine");
}

fn write(page: &Tab<'_>, text: &str) {
    page.enter("[name=text]", text);
    page.click("#write button");
}

/// Lines of the console, without those that report an expected status.
fn complaints(browser: &Browser, expected: &[&str]) -> Vec<String> {
    let mut console = browser.console();
    console.retain(|line| {
        !expected
            .iter()
            .any(|status| line.contains(&format!("status of {status}")))
    });
    console
}

#[test]
fn the_page_signs_up_signs_in_writes_and_signs_out() {
    let example = Example::start();
    let browser = Browser::start();
    let page = browser.open(&example.url());
    enter(&page, "ada");
    page.click("#sign-in");
    page.wait_for("#state", "The name or the password is wrong.");
    page.click("#sign-up");
    page.wait_for("#state", "Welcome, ada. Now sign in.");
    page.click("#sign-up");
    page.wait_for("[data-field='#/name']", "is taken");
    page.click("#sign-in");
    page.wait_for("#name", "ada");
    write(&page, "Dune <b>1</b>");
    page.wait_for("#notes", "Dune <b>1</b>");

    // The browser keeps the session.
    let other = browser.open(&example.url());
    other.wait_for("#notes", "Dune <b>1</b>");
    other.click("#sign-out");
    other.wait_for("#state", "You are signed out.");
    write(&page, "too late");
    page.wait_for("#state", "Sign in first.");
    let mut ada = example.visitor();
    ada.sign_in("ada", "analytical engine");
    assert_eq!(
        ada.get("/notes").json(200)["notes"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(complaints(&browser, &["401", "422"]), [""; 0]);
}

/// A page that tries to act as the user of the server at `URL`.
const FORGERY: &str = include_str!("forgery.html");

/// The error statuses of the unsafe requests that the browser sends to `server` for [`FORGERY`].
fn forge(browser: &Browser, server: &str, page: &str) -> Vec<String> {
    browser.console();
    let forgery = browser.open(page);
    let outcomes = "refused,refused,opaque,opaque,opaque,answered,answered";
    forgery.wait_for("#state", outcomes);
    let mut lines = browser.console();
    lines.retain(|line| line.contains(server) && !line.contains("/me "));
    let status = |line: &String| Some(line.split_once("status of ")?.1[..3].to_owned());
    lines.iter().filter_map(status).collect()
}

#[test]
fn a_page_of_another_origin_cannot_act_as_the_user() {
    let example = Example::start();
    let browser = Browser::start();
    let mut ada = example.signed_in("ada");
    ada.post("/notes", &json!({"text": "of Ada"}));
    let page = browser.open(&example.url());
    enter(&page, "ada");
    page.click("#sign-in");
    page.wait_for("#notes", "of Ada");

    let attacker = Upstream::start();
    let html = "Content-Type: text/html\r\n".to_owned();
    let forgery = FORGERY.replace("URL", &example.url());
    attacker.on("/", Behaviour::Respond("200 OK", html, forgery));
    let (_, port) = attacker.url().rsplit_once(':').unwrap();
    // Another port is another origin of the same site, for which the browser sends the cookie.
    let same_site = format!("http://localhost:{port}/");
    assert_eq!(forge(&browser, &example.url(), &same_site), ["403"; 5]);
    // For another site it sends none. The console does not show the statuses of its frames.
    let other_site = format!("http://127.0.0.1:{port}/");
    assert_eq!(forge(&browser, &example.url(), &other_site), ["401"; 3]);

    let note = json!({"id": 1, "text": "of Ada", "is_archived": false});
    assert_eq!(ada.get("/notes").json(200)["notes"], json!([note]));
    // The user is still signed in.
    write(&page, "after the attack");
    page.wait_for("#notes", "after the attack");
}
