//! Reports the backlog as metrics.

use std::time::Duration;

use tokio::time::{interval, timeout};

use crate::metrics;
use crate::table::Table;

/// Time between two reports, and time limit of each count.
const INTERVAL: Duration = Duration::from_secs(15);

/// Reports the backlog until it is dropped. It is a task of its own, since a slow count must not keep a worker from its
/// jobs.
pub(crate) async fn report(table: Table) {
    let _end = End;
    let mut period = interval(INTERVAL);
    loop {
        period.tick().await;
        let backlog = timeout(INTERVAL, table.backlog()).await;
        metrics::counted(backlog.ok().and_then(Result::ok));
    }
}

/// No one knows the backlog any more: the last one that was reported must not stay.
struct End;

impl Drop for End {
    fn drop(&mut self) {
        metrics::counted(None);
    }
}
