//! Wrong cookies.

use proptest::prelude::*;
use resourceful::{Authenticate, Cookie, Security};
use resourceful_auth::{MemorySessionStore, Sessions};

use super::site::{Browser, Clock, User, app, sessions};

#[tokio::test]
async fn a_wrong_cookie_is_401_and_removed() {
    let mut browser = Browser::new(app(&sessions(&Clock::start())));
    let valid = browser.sign_in("ada").await;
    let id = valid.strip_prefix("__Host-session=").unwrap().to_owned();
    // The last of 43 digits has two bits that are no part of the id: only `0` is canonical.
    let digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = digits.find(&id[42..]).unwrap();
    let other_tail = &digits[last + 1..last + 2];
    for value in [
        String::new(),
        "nonsense".to_owned(),
        "A".repeat(43),
        "A".repeat(42),
        id.to_lowercase(),
        id[..42].to_owned(),
        format!("{}{other_tail}", &id[..42]),
        format!("{id}="),
        format!("{id}A"),
        format!("\"{id}\""),
        format!("%{:02x}{}", id.as_bytes()[0], &id[1..]),
        id.replace(&id[..1], "+"),
        "A".repeat(7000),
    ] {
        let mut browser = browser.with_cookie(format!("__Host-session={value}"));
        browser.assert_is_refused().await;
    }
    for cookie in [
        format!("{valid}; {valid}"),
        format!("__Host-session=x; {valid}"),
        format!("{valid}; a=b; __Host-session="),
    ] {
        browser.with_cookie(cookie).assert_is_refused().await;
    }
    browser.assert_is("ada").await;
}

#[tokio::test]
async fn the_cookie_is_found_among_others() {
    let mut browser = Browser::new(app(&sessions(&Clock::start())));
    let valid = browser.sign_in("ada").await;
    for cookie in [
        format!("a=b; {valid}"),
        format!("{valid}; a=b"),
        format!("{valid};a=b"),
        format!(";; {valid} ;"),
        format!("__Host-session2=x; x__Host-session=y; {valid}"),
        format!("a=__Host-session=x; {valid}"),
        format!("__host-session=x; {valid}"),
    ] {
        browser.with_cookie(&cookie).assert_is("ada").await;
    }
    // No such cookie: no credentials.
    for cookie in [
        "__Host-session",
        "__host-session=x",
        "session=x",
        "a=__Host-session=x",
    ] {
        browser.with_cookie(cookie).assert_is("nobody").await;
    }
}

/// HTTP/2 clients send a field for each cookie.
#[tokio::test]
async fn cookies_in_several_fields_are_found() {
    let mut browser = Browser::new(app(&sessions(&Clock::start())));
    browser.sign_in("ada").await;
    let fields = [("cookie", "a=b"), ("cookie", "c=d")];
    let response = browser.send(http::Method::GET, "/", &fields).await;
    assert_eq!(response.text(), "ada");
}

#[tokio::test]
async fn the_cookie_can_be_another_one() {
    const OTHER: Cookie = Cookie::new("sid").same_site_strict();
    let sessions = sessions(&Clock::start()).with_cookie(OTHER);
    let mut browser = Browser::new(app(&sessions));
    let response = browser.post("/sign-in").await;
    let field = response.headers()["set-cookie"].to_str().unwrap();
    let (pair, attributes) = field.split_once(';').unwrap();
    assert!(pair.starts_with("__Host-sid="));
    assert_eq!(attributes, " HttpOnly; SameSite=Strict; Secure; Path=/");
    browser.assert_is("ada").await;
    assert_eq!(sessions.challenge(), "Cookie cookie-name=\"__Host-sid\"");
    assert_eq!(
        sessions.security(),
        Security::CookieKey("__Host-sid".into())
    );
    let mut wrong = browser.with_cookie("__Host-sid=x");
    let response = wrong.get("/").await;
    assert_eq!(response.status(), 401);
    assert_eq!(wrong.cookie, None);
}

#[test]
fn debug_output_has_no_secrets() {
    let sessions: Sessions<User> = Sessions::new(MemorySessionStore::default());
    let debug = format!("{sessions:?}");
    assert!(debug.contains("__Host-session"), "{debug}");
    let key = resourceful_auth::SessionKey::new([0xab; 32]);
    assert!(!format!("{key:?}").contains("ab"), "{key:?}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// No bytes of a cookie make a caller, or a 500.
    #[test]
    fn arbitrary_cookies_let_nobody_in(value in "[\\x20-\\x7e]{0,80}", is_session: bool) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let browser = Browser::new(app(&sessions(&Clock::start())));
            browser.other().sign_in("ada").await;
            let cookie = if is_session { format!("__Host-session={value}") } else { value };
            let (status, text) = browser.with_cookie(cookie).who().await;
            assert!(status == 401 || (status, text.as_str()) == (200, "nobody"), "{status} {text}");
        });
    }
}
