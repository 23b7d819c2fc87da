//! `/stats/concurrent/` and `/posts/recent/`.

use resourceful::{Error, gather};
use serde_json::{Value, json};

use crate::blog::{Blog, ids};

crate::on_both_databases! {
    statistics_are_ordered_and_count_published_posts_only,
    the_latest_ten_are_recent,
    thirty_first_requests_all_work,
}

fn column(list: &Value, name: &str) -> Vec<Value> {
    list.as_array()
        .unwrap()
        .iter()
        .map(|row| row[name].clone())
        .collect()
}

async fn statistics_are_ordered_and_count_published_posts_only(blog: Blog) {
    for id in 1..=13 {
        blog.add_post(
            id,
            &format!("Title {id}"),
            id != 13,
            20 - u32::try_from(id).unwrap(),
        )
        .await;
        blog.sql(&format!(
            "UPDATE blog_post SET views = {} WHERE id = {id}",
            id % 5
        ))
        .await;
        blog.sql(&format!(
            "INSERT INTO blog_comment (id, post_id, content, created_at) \
             VALUES ({id}, {id}, 'x', '2024-01-15T12:{id:02}:00+00:00')"
        ))
        .await;
        let active = blog.boolean(id != 5);
        let last_login = if id % 4 == 0 {
            "NULL".to_owned()
        } else {
            format!("'2024-01-15T12:{id:02}:00+00:00'")
        };
        blog.sql(&format!(
            "INSERT INTO blog_user (id, username, is_active, last_login, date_joined) \
             VALUES ({id}, 'user-{id}', {active}, {last_login}, '2024-01-15T12:00:00+00:00')"
        ))
        .await;
    }
    let stats = blog.client.get("/stats/concurrent/").await.json();
    assert_eq!(
        column(&stats["recent_posts"], "id"),
        [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]
    );
    assert_eq!(
        stats["recent_posts"][0],
        json!({"id": 1, "title": "Title 1"})
    );
    assert_eq!(
        column(&stats["popular_posts"], "id"),
        [4, 9, 3, 8, 2, 7, 12, 1, 6, 11]
    );
    assert_eq!(
        stats["popular_posts"][0],
        json!({"id": 4, "title": "Title 4", "views": 4})
    );
    assert_eq!(
        column(&stats["recent_comments"], "id"),
        [12, 11, 10, 9, 8, 7, 6, 5, 4, 3]
    );
    assert_eq!(
        stats["recent_comments"][0],
        json!({"id": 12, "post_title": "Title 12"})
    );
    assert_eq!(
        column(&stats["active_users"], "id"),
        [13, 11, 10, 9, 7, 6, 3, 2, 1, 4]
    );
    assert_eq!(
        stats["active_users"][0],
        json!({"id": 13, "username": "user-13"})
    );
    assert_eq!(stats.as_object().unwrap().len(), 4);
}

async fn the_latest_ten_are_recent(blog: Blog) {
    assert_eq!(
        blog.client.get("/posts/recent/").await.json(),
        json!({"posts": []})
    );
    for id in 1..=12 {
        blog.add_post(id, "Title", id != 12, 0).await;
    }
    let recent = blog.client.get("/posts/recent/").await.json();
    assert_eq!(ids(&recent), [11, 10, 9, 8, 7, 6, 5, 4, 3, 2]);
    let post = json!({"id": 11, "title": "Title", "created_at": "2024-01-15T12:00:56.789012Z"});
    assert_eq!(recent["posts"][0], post);
}

async fn thirty_first_requests_all_work(blog: Blog) {
    let get = async || Ok::<_, Error>(blog.client.get("/posts/recent/").await.status());
    for status in gather(30, (0..30).map(|_| get())).await {
        assert_eq!(status.unwrap(), 200);
    }
    assert!(blog.connections() <= 20, "{}", blog.connections());
}
