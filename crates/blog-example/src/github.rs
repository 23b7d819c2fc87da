//! `POST /webhooks/github/`: processes events from GitHub.
//!
//! Coming from Django: the library does `hmac.compare_digest` and the dispatch by `X-GitHub-Event`.
//! You write a `match`.

use std::time::Duration;

use async_trait::async_trait;
use resourceful::prelude::*;
use resourceful_webhook::{Commit, GitHubEvent, Handler};
use tokio::time::sleep;

/// Number of commits that are processed concurrently.
const CONCURRENT_COMMITS: usize = 64;

#[derive(Debug)]
pub(crate) struct Activity;

#[async_trait]
impl Handler<GitHubEvent> for Activity {
    async fn handle(&self, event: GitHubEvent) -> Result<()> {
        match event {
            GitHubEvent::Push(push) => {
                let repository = push.repository.and_then(|repository| repository.full_name);
                tracing::info!(repository, commits = push.commits.len(), "push");
                let results = gather(
                    CONCURRENT_COMMITS,
                    push.commits.into_iter().map(process_commit),
                )
                .await;
                results.into_iter().collect()
            }
            GitHubEvent::PullRequest(event) => {
                let number = event.pull_request.and_then(|request| request.number);
                tracing::info!(number, action = event.action, "pull request");
                Ok(())
            }
            GitHubEvent::Issues(event) => {
                let number = event.issue.and_then(|issue| issue.number);
                tracing::info!(number, action = event.action, "issue");
                Ok(())
            }
            other => {
                tracing::debug!(?other, "ignored event");
                Ok(())
            }
        }
    }
}

/// Simulates the analysis of a commit.
async fn process_commit(commit: Commit) -> Result<()> {
    sleep(Duration::from_millis(100)).await;
    tracing::info!(id = commit.id, "commit");
    Ok(())
}

/// Receives webhooks of GitHub. Disabled, because no secret is set.
#[endpoint]
pub(crate) async fn no_secret() -> Result<Response> {
    // No signature can be verified.
    let hour = Duration::from_hours(1);
    Err(Error::unavailable(hour).with_detail("This webhook is not set up."))
}
