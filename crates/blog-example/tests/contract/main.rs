//! The blog as its clients meet it: each case on SQLite with the cache in memory, and on
//! PostgreSQL with the cache in Redis.
//!
//! They are at `TEST_POSTGRES_URL` and `TEST_REDIS_URL`, which `./test` starts and sets; without
//! them those cases fail.

// A test that unwraps says all it has to say by failing.
#![allow(missing_docs, clippy::unwrap_used)]
// Nobody drops a transaction of a test's own.
#![allow(clippy::disallowed_methods)]

mod blog;
mod process;

mod api_post_list;
mod api_posts;
mod bad_days;
mod bulk;
mod cached;
mod client;
mod dropped;
mod endpoint;
mod external;
mod full_disk;
mod generated;
mod openapi;
mod posts;
mod rules;
mod statistics;
mod users;
mod webhook;

/// Makes two tests of each case: it gets an empty blog on either database.
macro_rules! on_both_databases {
    ($($case:ident,)*) => {
        mod sqlite {
            $(#[tokio::test]
            async fn $case() {
                super::$case(crate::blog::Blog::on_sqlite().await).await;
            })*
        }

        mod postgres {
            $(#[tokio::test]
            async fn $case() {
                super::$case(crate::blog::Blog::on_postgres().await).await;
            })*
        }
    };
}
pub(crate) use on_both_databases;
