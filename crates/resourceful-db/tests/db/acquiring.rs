//! The time to wait for a connection.

use std::time::{Duration, Instant};

use resourceful_db::{Db, DbError, DbErrorKind};
use resourceful_test_parts::Postgres;
use sea_orm::ConnectionTrait;

/// A statement that waits for a connection does not get the whole time again to make one.
#[tokio::test]
async fn the_time_to_wait_includes_that_of_connecting() {
    let server = Postgres::start();
    let limit = Duration::from_secs(1);
    let options = Db::options().max_connections(2).acquire_timeout(limit);
    let db = options.connect(&server.url()).await.unwrap();
    server.pause();
    let run = async || {
        let started = Instant::now();
        let error = db.execute_unprepared("SELECT 1").await.unwrap_err();
        assert_eq!(DbError::from(error).kind(), DbErrorKind::Unavailable);
        started.elapsed()
    };
    // One has the connection that is open, one makes another, and the last one waits for a half of its time
    // before it may make one.
    let last = async {
        tokio::time::sleep(limit / 2).await;
        run().await
    };
    let (_, connecting, last) = tokio::join!(run(), run(), last);
    for time in [connecting, last] {
        assert!(time < limit * 5 / 4, "{time:?}");
    }
    server.resume();
}
