//! `/users/..`.

use std::time::{Duration, Instant};

use resourceful_test_parts::Behaviour;
use serde_json::json;

use crate::blog::{Blog, UPSTREAM_TIMEOUT, bad_days, wrong_fields};

crate::on_both_databases! {
    a_dashboard_has_three_parts_fetched_concurrently,
    a_failed_part_is_named_and_the_others_are_present,
    an_unknown_user_has_no_dashboard,
    a_batch_fetches_all_users_concurrently_and_keeps_the_order,
    a_failure_in_a_batch_does_not_affect_other_users,
    an_invalid_list_of_ids_never_reaches_the_upstream,
    sync_copies_the_fields_that_are_present,
    sync_needs_both_users,
    sync_stores_no_invalid_data,
}

/// A response after 300 ms.
fn slowly(text: &str) -> Behaviour {
    let response = Behaviour::Json(text.to_owned());
    Behaviour::Delayed(Duration::from_millis(300), Box::new(response))
}

async fn a_dashboard_has_three_parts_fetched_concurrently(blog: Blog) {
    blog.upstream
        .on("/users/7", slowly(r#"{"id": 7, "score": 1.50}"#));
    blog.upstream.on("/users/7/posts", slowly("[1, {}]"));
    blog.upstream.on("/users/7/followers", slowly("[]"));
    let response = blog.client.get("/users/7/dashboard/").await;
    assert_eq!(
        response.text(),
        r#"{"user":{"id": 7, "score": 1.50},"posts":[1,{}],"followers":[],"stats":{"posts_count":2,"followers_count":0}}"#
    );
    assert_eq!(blog.upstream.max_concurrent(), 3);
}

async fn a_failed_part_is_named_and_the_others_are_present(blog: Blog) {
    let paths = ["/users/7", "/users/7/posts", "/users/7/followers"];
    for (index, name) in ["user", "posts", "followers"].into_iter().enumerate() {
        for (behaviour, is_late) in bad_days() {
            for (path, text) in paths.iter().zip([r#"{"id":7}"#, "[1]", "[2]"]) {
                blog.upstream.json(path, text);
            }
            let text = format!("{name}: {behaviour:?}");
            blog.upstream.on(paths[index], behaviour);
            let started = Instant::now();
            let response = blog.client.get("/users/7/dashboard/").await;
            assert!(
                started.elapsed() < UPSTREAM_TIMEOUT + Duration::from_millis(500),
                "{text}"
            );
            let error = if is_late {
                "The external service did not answer in time."
            } else {
                "The external service failed."
            };
            let mut expected = json!({
                "user": {"id": 7}, "posts": [1], "followers": [2],
                "stats": {"posts_count": 1, "followers_count": 1},
                "errors": {name: error},
            });
            expected[name] = if index == 0 { json!(null) } else { json!([]) };
            if index > 0 {
                expected["stats"][format!("{name}_count")] = json!(0);
            }
            assert_eq!(response.json(), expected, "{text}");
        }
    }
}

async fn an_unknown_user_has_no_dashboard(blog: Blog) {
    let response = blog.client.get("/users/7/dashboard/").await;
    assert_eq!(response.status(), 404);
    assert_eq!(blog.client.get("/users/x/dashboard/").await.status(), 404);
}

async fn a_batch_fetches_all_users_concurrently_and_keeps_the_order(blog: Blog) {
    for id in 1..=20 {
        blog.upstream.on(
            &format!("/users/{id}"),
            slowly(&format!(r#"{{"id": {id}}}"#)),
        );
    }
    let ids: Vec<_> = (1..=20).rev().map(|id| id.to_string()).collect();
    let response = blog
        .client
        .get(&format!("/users/batch/?user_ids={}", ids.join(",")))
        .await;
    let users = ids
        .iter()
        .map(|id| json!({"user_id": id, "data": {"id": id.parse::<i64>().unwrap()}}));
    let users: Vec<_> = users.collect();
    assert_eq!(
        response.json(),
        json!({"processed_users": users, "total_processed": 20})
    );
    assert_eq!(blog.upstream.max_concurrent(), 20);

    let response = blog
        .client
        .get("/users/batch/?user_ids=%203%20,,1,+1,")
        .await
        .json();
    let ids = response["processed_users"].as_array().unwrap().iter();
    let ids: Vec<_> = ids.map(|user| user["user_id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["3", "1", "1"]);
}

async fn a_failure_in_a_batch_does_not_affect_other_users(blog: Blog) {
    blog.upstream.json("/users/1", "{}");
    for (behaviour, is_late) in bad_days() {
        blog.upstream.on("/users/2", behaviour);
        let response = blog
            .client
            .get("/users/batch/?user_ids=2,1,404")
            .await
            .json();
        let error = if is_late {
            "External API timeout"
        } else {
            "External API error"
        };
        let expected = json!([
            {"user_id": "2", "error": error},
            {"user_id": "1", "data": {}},
            {"user_id": "404", "error": "User not found in external service"},
        ]);
        assert_eq!(response["processed_users"], expected);
    }
}

async fn an_invalid_list_of_ids_never_reaches_the_upstream(blog: Blog) {
    for query in ["", "?user_ids=", "?user_ids=,%20,", "?other=1"] {
        let response = blog.client.get(&format!("/users/batch/{query}")).await;
        assert_eq!(response.status(), 400, "{query}");
        assert_eq!(response.json()["error"], "No user IDs provided");
    }
    let many = ["1"; 101].join(",");
    for ids in ["x", "1,..", "1,2/posts", "1.0", "%2B1", "1;2", &many] {
        let response = blog
            .client
            .get(&format!("/users/batch/?user_ids={ids}"))
            .await;
        assert_eq!(wrong_fields(&response), ["user_ids"], "{ids}");
    }
    assert!(blog.upstream.requests().is_empty());
}

async fn add_user(blog: &Blog) {
    let active = blog.boolean(true);
    blog.sql(&format!(
        "INSERT INTO blog_user (id, username, email, first_name, last_name, is_active, date_joined) \
         VALUES (7, 'ada', 'old@x', 'Old', 'Name', {active}, '2024-01-15T12:00:00+00:00')"
    ))
    .await;
}

async fn sync_copies_the_fields_that_are_present(blog: Blog) {
    add_user(&blog).await;
    let sync = async || blog.client.post("/users/7/sync/").await.json();
    blog.upstream.json(
        "/users/7",
        r#"{"id": 9, "email": "ada@x", "last_name": "", "role": 1}"#,
    );
    let user =
        json!({"id": 7, "username": "ada", "email": "ada@x", "first_name": "Old", "last_name": ""});
    let expected = json!({"message": "User data synchronized", "user": user});
    assert_eq!(sync().await, expected);
    blog.upstream.json("/users/7", "{}");
    assert_eq!(sync().await, expected);
    assert_eq!(
        blog.client.get("/users/7/sync/").await.headers()["allow"],
        "POST, OPTIONS"
    );
}

async fn sync_needs_both_users(blog: Blog) {
    let sync = async || {
        let response = blog.client.post("/users/7/sync/").await;
        assert_eq!(response.status(), 404);
        response.json()["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(sync().await, "User not found in external service");
    blog.upstream.json("/users/7", "{}");
    assert_eq!(sync().await, "Local user not found");
}

async fn sync_stores_no_invalid_data(blog: Blog) {
    add_user(&blog).await;
    for text in [
        "[]",
        r#"["a", "b", "c"]"#,
        "7",
        r#"{"email": 7}"#,
        r#"{"email": "new@x", "last_name": null}"#,
        r#"{"email": "new@x", "first_name": ["x"]}"#,
        r#"{"email": "\u0000"}"#,
        r#"{"email": "\ud800"}"#,
        "<html>",
    ] {
        blog.upstream.json("/users/7", text);
        let response = blog.client.post("/users/7/sync/").await;
        assert_eq!(response.status(), 502, "{text}");
        assert_eq!(response.json()["error"], "External API error", "{text}");
    }
    blog.upstream.on("/users/7", Behaviour::Hang);
    assert_eq!(blog.client.post("/users/7/sync/").await.status(), 504);
    blog.upstream.json("/users/7", "{}");
    let response = blog.client.post("/users/7/sync/").await.json();
    assert_eq!(response["user"]["email"], "old@x");
}
