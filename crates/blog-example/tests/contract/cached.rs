//! `/cached/` and `/cache/warm/`.

use std::time::{Duration, Instant};

use resourceful::{Error, gather};
use serde_json::json;

use crate::blog::Blog;

crate::on_both_databases! {
    a_hit_is_the_same_body_at_once,
    many_misses_compute_once,
    warming_replaces,
}

async fn get(blog: &Blog, query: &str) -> (String, Duration) {
    let started = Instant::now();
    let response = blog.client.get(&format!("/cached/{query}")).await;
    assert_eq!(response.status(), 200);
    (response.text().to_owned(), started.elapsed())
}

const SECOND: Duration = Duration::from_secs(1);

async fn a_hit_is_the_same_body_at_once(blog: Blog) {
    let (miss, time) = get(&blog, "").await;
    assert!(time >= SECOND);
    for query in [
        "",
        "?category=",
        "?category=all",
        "?category=x&category=all",
    ] {
        let (hit, time) = get(&blog, query).await;
        assert_eq!(hit, miss, "{query}");
        assert!(time < SECOND / 2, "{query}");
    }
    let report: serde_json::Value = serde_json::from_str(&miss).unwrap();
    assert_eq!(report["category"], "all");
    let data = report["data"].as_array().unwrap();
    assert_eq!((data.len(), &data[99]), (100, &json!("item_99")));
    assert_eq!(report.as_object().unwrap().len(), 3);
}

async fn many_misses_compute_once(blog: Blog) {
    let started = Instant::now();
    let ask = async || Ok::<_, Error>(get(&blog, "?category=caf%C3%A9%0A").await.0);
    let bodies = gather(50, (0..50).map(|_| ask())).await;
    assert!(started.elapsed() < 2 * SECOND);
    let bodies: Vec<_> = bodies.into_iter().map(Result::unwrap).collect();
    assert!(bodies.iter().all(|body| *body == bodies[0]));
}

async fn warming_replaces(blog: Blog) {
    let (old, _) = get(&blog, "?category=tech").await;
    let started = Instant::now();
    let response = blog.client.post("/cache/warm/").await.json();
    assert!(started.elapsed() < 2 * SECOND);
    let expected = json!({"message": "Cache warming completed", "successful": 4, "failed": 0});
    assert_eq!(response, expected);
    for category in ["tech", "science", "business", "sports"] {
        let (new, time) = get(&blog, &format!("?category={category}")).await;
        assert_ne!(new, old);
        assert!(time < SECOND / 2, "{category}");
    }
    assert_eq!(
        blog.client.get("/cache/warm/").await.headers()["allow"],
        "POST, OPTIONS"
    );
}
