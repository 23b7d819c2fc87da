//! `POST /webhooks/github/`: what is done about events at GitHub.
//!
//! Coming from Django: `hmac.compare_digest` and the dispatch by `X-GitHub-Event` are the
//! library's; what is left is a `match`.

use std::time::Duration;

use async_trait::async_trait;
use resourceful::prelude::*;
use resourceful_webhook::{Commit, GitHubEvent, Handler};
use tokio::time::sleep;

/// How many commits are looked at at the same time.
const AT_ONCE: usize = 64;

#[derive(Debug)]
pub(crate) struct Activity;

#[async_trait]
impl Handler<GitHubEvent> for Activity {
    async fn handle(&self, event: GitHubEvent) -> Result<()> {
        match event {
            GitHubEvent::Push(push) => {
                let repository = push.repository.and_then(|repository| repository.full_name);
                tracing::info!(repository, commits = push.commits.len(), "push");
                let outcomes = gather(AT_ONCE, push.commits.into_iter().map(look_at)).await;
                outcomes.into_iter().collect()
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
                tracing::debug!(?other, "an event of no interest");
                Ok(())
            }
        }
    }
}

/// A little work on a commit, as if it were analysed somewhere.
async fn look_at(commit: Commit) -> Result<()> {
    sleep(Duration::from_millis(100)).await;
    tracing::info!(id = commit.id, "commit");
    Ok(())
}

/// Without a secret nobody can be believed.
pub(crate) async fn no_secret(_: Request) -> Result<Response> {
    let hour = Duration::from_hours(1);
    Err(Error::unavailable(hour).with_detail("This webhook is not set up."))
}

pub(crate) fn about_no_secret() -> Description {
    Description::of("Receives events of GitHub; disabled, because no secret is configured.")
}
