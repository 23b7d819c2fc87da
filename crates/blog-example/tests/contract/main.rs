//! Tests of the blog through its API: each case on SQLite with the cache in memory, and on PostgreSQL
//! with the cache in Redis.
//!
//! `./test` starts both servers and sets `TEST_POSTGRES_URL` and `TEST_REDIS_URL`. Without them this
//! binary stops at the first case that needs one.

// A failed `unwrap` is a sufficient message in a test.
#![allow(missing_docs, clippy::unwrap_used)]

mod blog;
mod process;

mod access;
mod accounts;
mod api_post_list;
mod api_posts;
mod bad_days;
mod bulk;
mod cached;
mod client;
mod comments;
mod drafts;
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

/// Makes two tests of each case, with an empty blog on each database.
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
