//! `/api/drafts/`: all six actions and `publish`, for their author alone.

use http::Method;
use resourceful::{TestRequest, TestResponse};
use serde_json::{Value, json};

use crate::blog::{Blog, wrong_fields};

crate::on_both_databases! {
    a_draft_is_created_changed_and_deleted,
    drafts_are_listed_page_by_page,
    drafts_of_others_do_not_exist,
    nobody_has_drafts,
    every_invalid_field_is_named,
    a_draft_becomes_a_post_of_its_author,
    simultaneous_publications_make_one_post,
}

/// A request of the user with this cookie.
fn send(blog: &Blog, cookie: &str, method: Method, path: &str) -> TestRequest {
    blog.client.request(method, path).header("cookie", cookie)
}

async fn get(blog: &Blog, cookie: &str, path: &str) -> TestResponse {
    send(blog, cookie, Method::GET, path).await
}

async fn create(blog: &Blog, cookie: &str, title: &str) -> i64 {
    let draft = json!({"title": title, "content": "Words."});
    let request = send(blog, cookie, Method::POST, "/api/drafts/").json(&draft);
    let created = request.await;
    assert_eq!(created.status(), 201, "{}", created.text());
    let id = created.json()["id"].as_i64().unwrap();
    assert_eq!(created.headers()["location"], format!("/api/drafts/{id}/"));
    id
}

/// The titles of the first page.
async fn titles(blog: &Blog, cookie: &str) -> Vec<Value> {
    let list = get(blog, cookie, "/api/drafts/").await.json();
    let drafts = list["drafts"].as_array().unwrap().iter();
    drafts.map(|draft| draft["title"].clone()).collect()
}

async fn a_draft_is_created_changed_and_deleted(blog: Blog) {
    let ada = blog.author("ada").await;
    let path = format!("/api/drafts/{}/", create(&blog, &ada, "First").await);
    let draft = get(&blog, &ada, &path).await.json();
    assert_eq!(
        (&draft["title"], &draft["content"]),
        (&json!("First"), &json!("Words."))
    );

    let body = json!({"title": "Second"});
    let changed = send(&blog, &ada, Method::PATCH, &path)
        .json(&body)
        .await
        .json();
    assert_eq!(
        (&changed["title"], &changed["content"]),
        (&json!("Second"), &json!("Words."))
    );
    assert!(changed["changed_at"].as_str() > draft["changed_at"].as_str());

    let body = json!({"title": "Third", "content": "Other words."});
    let replaced = send(&blog, &ada, Method::PUT, &path)
        .json(&body)
        .await
        .json();
    assert_eq!(get(&blog, &ada, &path).await.json(), replaced);
    assert_eq!(replaced["content"], "Other words.");

    let deleted = send(&blog, &ada, Method::DELETE, &path).await;
    assert_eq!(deleted.status(), 204);
    assert_eq!(get(&blog, &ada, &path).await.status(), 404);
}

async fn drafts_are_listed_page_by_page(blog: Blog) {
    let ada = blog.author("ada").await;
    for title in ["One", "Two", "Three"] {
        create(&blog, &ada, title).await;
    }
    let list = get(&blog, &ada, "/api/drafts/?limit=2").await.json();
    assert_eq!(list["pagination"]["total"], 3);
    assert_eq!(list["drafts"][0]["title"], "Three");
    assert!(list["drafts"][0].get("content").is_none());
    let list = get(&blog, &ada, "/api/drafts/?limit=2&page=2").await.json();
    assert_eq!(list["drafts"][0]["title"], "One");
}

async fn drafts_of_others_do_not_exist(blog: Blog) {
    let ada = blog.author("ada").await;
    let bob = blog.author("bob").await;
    let id = create(&blog, &ada, "Secret").await;
    assert!(titles(&blog, &bob).await.is_empty());
    let body = json!({"title": "Taken over", "content": ""});
    for (method, end) in [
        (Method::GET, ""),
        (Method::PUT, ""),
        (Method::PATCH, ""),
        (Method::DELETE, ""),
        (Method::POST, "publish/"),
    ] {
        let attempt = async |id: i64| {
            let path = format!("/api/drafts/{id}/{end}");
            let request = send(&blog, &bob, method.clone(), &path);
            let has_body = [Method::PUT, Method::PATCH].contains(&method);
            let request = if has_body {
                request.json(&body)
            } else {
                request
            };
            let response = request.await;
            assert_eq!(response.status(), 404, "{method} {end}");
            response.text().to_owned()
        };
        assert_eq!(attempt(id).await, attempt(id + 1).await, "{method} {end}");
    }
    assert_eq!(titles(&blog, &ada).await, ["Secret"]);
    let posts = blog.client.get("/api/post-list/").await.json();
    assert_eq!(posts["pagination"]["total"], 0);
}

async fn nobody_has_drafts(blog: Blog) {
    let ada = blog.author("ada").await;
    let id = create(&blog, &ada, "Secret").await;
    for cookie in ["", "__Host-session=guess", "session=x"] {
        for path in ["/api/drafts/".to_owned(), format!("/api/drafts/{id}/")] {
            let response = get(&blog, cookie, &path).await;
            assert_eq!(response.status(), 401, "{cookie} {path}");
        }
        let path = format!("/api/drafts/{id}/publish/");
        let response = send(&blog, cookie, Method::POST, &path).await;
        assert_eq!(response.status(), 401, "{cookie} {path}");
    }
}

async fn every_invalid_field_is_named(blog: Blog) {
    let ada = blog.author("ada").await;
    let body = json!({"title": " ", "content": null});
    let request = send(&blog, &ada, Method::POST, "/api/drafts/").json(&body);
    assert_eq!(wrong_fields(&request.await), ["content", "title"]);
    let path = format!("/api/drafts/{}/", create(&blog, &ada, "Title").await);
    for method in [Method::PUT, Method::PATCH] {
        let request = send(&blog, &ada, method, &path).json(&body);
        assert_eq!(wrong_fields(&request.await), ["content", "title"]);
    }
    assert_eq!(titles(&blog, &ada).await, ["Title"]);
}

async fn a_draft_becomes_a_post_of_its_author(blog: Blog) {
    blog.create("Hello World").await;
    let ada = blog.author("ada").await;
    let id = create(&blog, &ada, "Hello World").await;
    let publish = format!("/api/drafts/{id}/publish/");
    let published = send(&blog, &ada, Method::POST, &publish).await;
    assert_eq!(published.status(), 201, "{}", published.text());
    let post = published.json();
    assert_eq!(post["slug"], "hello-world-2");
    let path = format!("/posts/{}/", post["id"]);
    assert_eq!(published.headers()["location"], path);
    let detail = blog.client.get(&path).await.json();
    assert_eq!(
        (&detail["author"], &detail["content"]),
        (&json!("ada"), &json!("Words."))
    );

    assert!(titles(&blog, &ada).await.is_empty());
    let again = send(&blog, &ada, Method::POST, &publish).await;
    assert_eq!(again.status(), 404);
}

async fn simultaneous_publications_make_one_post(blog: Blog) {
    let ada = blog.author("ada").await;
    let id = create(&blog, &ada, "Once").await;
    let path = format!("/api/drafts/{id}/publish/");
    let publish = || async {
        send(&blog, &ada, Method::POST, &path)
            .await
            .status()
            .as_u16()
    };
    let statuses = tokio::join!(publish(), publish(), publish(), publish());
    let mut statuses: [u16; 4] = statuses.into();
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 404, 404, 404]);
    let posts = blog.client.get("/api/post-list/").await.json();
    assert_eq!(posts["pagination"]["total"], 1);
}
