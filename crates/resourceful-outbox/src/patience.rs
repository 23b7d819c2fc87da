//! [`until_stored`]: the result of an attempt is stored once the database is there.

use std::time::Duration;

use resourceful_db::DbError;
use tokio::time::{Instant, sleep};

const FIRST_PAUSE: Duration = Duration::from_millis(50);
const MAX_PAUSE: Duration = Duration::from_secs(2);

/// Stores the result of an attempt, again while the database is away or busy, until the lease is over: else a job that was
/// done would be done again, and one that has not begun would lose an attempt.
pub(crate) async fn until_stored<F>(lease: Duration, store: impl Fn() -> F) -> Result<bool, DbError>
where
    F: Future<Output = Result<bool, DbError>>,
{
    let end = Instant::now() + lease;
    let mut pause = FIRST_PAUSE;
    loop {
        match store().await {
            Err(_) if Instant::now() + pause < end => sleep(pause).await,
            result => return result,
        }
        pause = (pause * 2).min(MAX_PAUSE);
    }
}
