//! `/account/..`: sign-up, sign-in, sign-out.

use std::future::IntoFuture;

use resourceful::TestResponse;
use sea_orm::DbBackend;
use serde_json::json;

use crate::blog::{Blog, credentials, wrong_fields};

crate::on_both_databases! {
    a_user_signs_up_in_and_out,
    a_sign_out_everywhere_ends_the_sessions_of_this_user,
    a_taken_username_gets_no_password,
    simultaneous_sign_ups_of_one_username_make_one_user,
    invalid_names_and_passwords_are_named,
    all_wrong_credentials_get_the_same_response,
    a_user_who_is_not_active_is_out_at_once,
    a_later_user_with_the_same_id_is_another_one,
    another_site_does_not_act_for_a_user,
    a_sign_in_ends_the_session_of_an_attacker,
}

async fn me(blog: &Blog, cookie: &str) -> TestResponse {
    blog.client.get("/account/").header("cookie", cookie).await
}

/// Asserts that the response is 401 with a challenge.
fn assert_unauthorized(response: &TestResponse) {
    assert_eq!(response.status(), 401, "{}", response.text());
    let challenge = &response.headers()["www-authenticate"];
    assert_eq!(challenge, "Cookie cookie-name=\"__Host-session\"");
}

async fn a_user_signs_up_in_and_out(blog: Blog) {
    let created = blog.sign_up("ada").await;
    assert_eq!(created.status(), 201, "{}", created.text());
    assert!(!created.headers().contains_key("set-cookie"));
    assert_unauthorized(&blog.client.get("/account/").await);

    let cookie = blog.sign_in("ada").await;
    assert_eq!(me(&blog, &cookie).await.json(), created.json());
    let active = blog.client.get("/stats/concurrent/").await.json();
    assert_eq!(active["active_users"], json!([created.json()]));

    let sign_out = blog.client.post("/account/sign-out/");
    let response = sign_out.header("cookie", &cookie).await;
    assert_eq!(response.status(), 204);
    let removal = response.headers()["set-cookie"].to_str().unwrap();
    assert!(removal.starts_with("__Host-session=;"), "{removal}");
    assert_unauthorized(&me(&blog, &cookie).await);
    // Without a session it is no error.
    let again = blog.client.post("/account/sign-out/").await;
    assert_eq!(again.status(), 204);
}

async fn a_sign_out_everywhere_ends_the_sessions_of_this_user(blog: Blog) {
    let laptop = blog.author("ada").await;
    let phone = blog.sign_in("ada").await;
    let other = blog.author("bob").await;
    let everywhere = || blog.client.post("/account/sign-out-everywhere/");
    assert_unauthorized(&everywhere().await);
    assert_eq!(everywhere().header("cookie", &phone).await.status(), 204);
    assert_unauthorized(&me(&blog, &laptop).await);
    assert_unauthorized(&me(&blog, &phone).await);
    assert_eq!(me(&blog, &other).await.status(), 200);
    let new = blog.sign_in("ada").await;
    assert_eq!(me(&blog, &new).await.status(), 200);
}

async fn a_taken_username_gets_no_password(blog: Blog) {
    let active = blog.boolean(true);
    blog.sql(&format!(
        "INSERT INTO blog_user (username, email, first_name, last_name, is_active, date_joined) \
         VALUES ('ada', '', '', '', {active}, '2024-01-15T12:00:00+00:00')"
    ))
    .await;
    for _ in 0..2 {
        let response = blog.sign_up("ada").await;
        assert_eq!(response.status(), 409);
        assert_eq!(response.json()["error"], "This username is taken.");
        let response = blog.post("/account/sign-in/", &credentials("ada")).await;
        assert_unauthorized(&response);
    }
}

async fn simultaneous_sign_ups_of_one_username_make_one_user(blog: Blog) {
    let sign_up = || {
        let request = blog.client.post("/account/sign-up/");
        tokio::spawn(request.json(&credentials("ada")).into_future())
    };
    let mut statuses = Vec::new();
    for request in [(); 8].map(|()| sign_up()) {
        statuses.push(request.await.unwrap().status().as_u16());
    }
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 409, 409, 409, 409, 409, 409, 409]);
    blog.sign_in("ada").await;
}

async fn invalid_names_and_passwords_are_named(blog: Blog) {
    let long = "a".repeat(41);
    for username in ["", "Ada", "a b", "adä", "ada\n", &long] {
        let body = json!({"username": username, "password": "short"});
        let response = blog.post("/account/sign-up/", &body).await;
        assert_eq!(wrong_fields(&response), ["password", "username"]);
        assert!(!response.text().contains("short"));
    }
    for path in ["/account/sign-up/", "/account/sign-in/"] {
        let response = blog.post(path, &json!({})).await;
        assert_eq!(wrong_fields(&response), ["password", "username"]);
    }
}

async fn all_wrong_credentials_get_the_same_response(blog: Blog) {
    for username in ["ada", "bob"] {
        assert_eq!(blog.sign_up(username).await.status(), 201);
    }
    let inactive = blog.boolean(false);
    blog.sql(&format!(
        "UPDATE blog_user SET is_active = {inactive} WHERE username = 'bob'"
    ))
    .await;
    let mut wrong = credentials("ada");
    wrong["password"] = "the password of bob".into();
    let mut texts = Vec::new();
    for body in [wrong, credentials("bob"), credentials("nobody")] {
        let response = blog.post("/account/sign-in/", &body).await;
        assert_unauthorized(&response);
        texts.push(response.text().to_owned());
    }
    texts.dedup();
    assert_eq!(texts.len(), 1, "{texts:?}");
}

async fn a_user_who_is_not_active_is_out_at_once(blog: Blog) {
    let cookie = blog.author("ada").await;
    let inactive = blog.boolean(false);
    blog.sql(&format!("UPDATE blog_user SET is_active = {inactive}"))
        .await;
    assert_unauthorized(&me(&blog, &cookie).await);
}

/// Other programs empty and fill the tables of the blog.
async fn a_later_user_with_the_same_id_is_another_one(blog: Blog) {
    let cookie = blog.author("ada").await;
    let draft = json!({"title": "Mine", "content": ""});
    let draft = blog.client.post("/api/drafts/").json(&draft);
    assert_eq!(draft.header("cookie", &cookie).await.status(), 201);
    let empty = match blog.database.backend() {
        DbBackend::Sqlite => "DELETE FROM blog_user",
        // Fails if another table refers to these.
        _ => "TRUNCATE blog_user, blog_post, blog_comment RESTART IDENTITY",
    };
    blog.sql(empty).await;
    assert_unauthorized(&me(&blog, &cookie).await);

    let created = blog.sign_up("bob").await.json();
    assert_eq!(created["id"], 1);
    assert_unauthorized(&me(&blog, &cookie).await);
    let wrong = json!({"username": "bob", "password": "the password of ada"});
    assert_unauthorized(&blog.post("/account/sign-in/", &wrong).await);
    let bob = blog.sign_in("bob").await;
    let list = blog.client.get("/api/drafts/").header("cookie", &bob).await;
    assert_eq!(list.json()["pagination"]["total"], 0, "{}", list.text());
}

async fn another_site_does_not_act_for_a_user(blog: Blog) {
    let cookie = blog.author("ada").await;
    let draft = json!({"title": "Not mine", "content": ""});
    let requests = [
        blog.client.post("/api/drafts/").json(&draft),
        blog.client.post("/account/sign-out/"),
        blog.client.post("/account/sign-out-everywhere/"),
        blog.client
            .post("/account/sign-in/")
            .json(&credentials("ada")),
    ];
    for request in requests {
        let request = request.header("sec-fetch-site", "cross-site");
        let response = request.header("cookie", &cookie).await;
        assert_eq!(response.status(), 403, "{}", response.text());
    }
    assert_eq!(me(&blog, &cookie).await.status(), 200);
}

async fn a_sign_in_ends_the_session_of_an_attacker(blog: Blog) {
    let planted = blog.author("eve").await;
    blog.sign_up("ada").await;
    let sign_in = blog.client.post("/account/sign-in/");
    let sign_in = sign_in.header("cookie", &planted).json(&credentials("ada"));
    let response = sign_in.await;
    assert_eq!(response.status(), 204);
    let cookie = response.headers()["set-cookie"].to_str().unwrap();
    assert!(!cookie.starts_with(&planted));
    assert_unauthorized(&me(&blog, &planted).await);
}
