//! Dropped transactions: every write that is confirmed afterwards is stored, and no connection stays in a
//! transaction.

use std::collections::BTreeSet;
use std::future::poll_fn;
use std::pin::pin;
use std::task::Poll;
use std::time::{Duration, Instant};

use blog_example::database;
use blog_example::entity::post;
use resourceful::{Error, gather};
use resourceful_db::DbError;
use sea_orm::{ConnectionTrait, DbBackend, EntityTrait, Statement};
use serde_json::json;

use crate::blog::Blog;

crate::on_both_databases! {
    dropped_transactions_leave_no_connection_in_one,
    dropped_bulks_leave_no_connection_in_a_transaction,
}

/// Polls `work` at most `polls` times, then drops it. Returns whether it completed.
async fn dropped_after(polls: usize, work: impl Future<Output = Result<(), DbError>>) -> bool {
    let mut work = pin!(work);
    let mut polled = 0;
    poll_fn(|context| {
        polled += 1;
        match work.as_mut().poll(context) {
            Poll::Ready(result) => {
                result.unwrap();
                Poll::Ready(true)
            }
            Poll::Pending if polled < polls => Poll::Pending,
            Poll::Pending => Poll::Ready(false),
        }
    })
    .await
}

async fn titles(blog: &Blog) -> BTreeSet<String> {
    let other = blog.another_connection().await;
    let posts = post::Entity::find().all(&other).await.unwrap();
    other.close().await.unwrap();
    posts.into_iter().map(|post| post.title).collect()
}

/// Creates 60 posts concurrently. Asserts that another connection sees all of them.
async fn assert_sixty_are_stored(blog: &Blog) {
    let create = async |number: usize| {
        let response = blog.create(&format!("Small {number}")).await;
        assert_eq!(response.status(), 201, "{}", response.text());
        Ok::<_, Error>(format!("Small {number}"))
    };
    let created = gather(20, (0..60).map(create)).await;
    let created: BTreeSet<_> = created.into_iter().map(Result::unwrap).collect();
    let stored = titles(blog).await;
    assert!(stored.is_superset(&created), "{created:?} of {stored:?}");
}

/// Asserts that no PostgreSQL connection stays in a transaction, and no SQLite connection holds the lock.
async fn assert_none_is_in_a_transaction(blog: &Blog) {
    let other = blog.another_connection().await;
    if other.backend() == DbBackend::Sqlite {
        // Fails if another connection has the lock.
        let lock = other.begin().await.unwrap();
        lock.rollback().await.unwrap();
        return;
    }
    let open = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() \
                AND pid <> pg_backend_pid() AND state LIKE 'idle in transaction%'";
    let open = Statement::from_string(DbBackend::Postgres, open);
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let row = other.query_one_raw(open.clone()).await.unwrap().unwrap();
        let count: i64 = row.try_get_by_index(0).unwrap();
        if count == 0 {
            return;
        }
        assert!(Instant::now() < deadline, "{count} are in a transaction");
        tokio::task::yield_now().await;
    }
}

async fn dropped_transactions_leave_no_connection_in_one(blog: Blog) {
    let mut confirmed = BTreeSet::new();
    for number in 0..200 {
        let title = format!("Dropped {number}");
        let write = async {
            let transaction = database::begin_writing(&blog.database).await?;
            let insert = format!(
                "INSERT INTO blog_post (title, slug, content, published, views, created_at) VALUES \
                 ('{title}', 'dropped-{number}', '', {}, 0, '2024-01-15T12:34:56+00:00')",
                blog.boolean(true)
            );
            transaction.execute_unprepared(&insert).await?;
            transaction.commit().await
        };
        // Drops the transaction several times at each await point, the first point last: a transaction
        // that completes would end an open one.
        if dropped_after(20 - number % 20, write).await {
            confirmed.insert(title);
        }
    }
    assert!(
        !confirmed.is_empty() && confirmed.len() < 200,
        "{}",
        confirmed.len()
    );
    assert_sixty_are_stored(&blog).await;
    assert_none_is_in_a_transaction(&blog).await;
    assert!(titles(&blog).await.is_superset(&confirmed));
}

/// The same with whole requests.
async fn dropped_bulks_leave_no_connection_in_a_transaction(blog: Blog) {
    let mut confirmed = BTreeSet::new();
    for number in 0..200 {
        let title = format!("Dropped {number}");
        let posts = json!({"posts": [{"title": title, "content": ""}]});
        let write = async {
            let response = blog.client.post("/posts/bulk/").json(&posts).await;
            assert_eq!(response.json()["total_created"], 1, "{}", response.text());
            Ok(())
        };
        if dropped_after(40 - number % 40, write).await {
            confirmed.insert(title);
        }
    }
    assert_sixty_are_stored(&blog).await;
    assert_none_is_in_a_transaction(&blog).await;
    assert!(titles(&blog).await.is_superset(&confirmed));
}
