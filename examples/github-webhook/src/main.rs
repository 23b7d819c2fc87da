//! A GitHub webhook: the library verifies the signature before it parses the body, events are
//! typed, and a repeated delivery has no effect. Jobs do the work after the answer.
//!
//! ```sh
//! cargo run -p github-webhook
//! # It prints a curl command with a valid signature. Change one letter of its body to get 403.
//! ```
//!
//! To try it with GitHub, set `GITHUB_WEBHOOK_SECRET` to the secret of the webhook there. With
//! `DATABASE_URL=sqlite://webhook.sqlite3` deliveries and jobs stay when it is started again.

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use resourceful::prelude::*;
use resourceful_db::Db;
use resourceful_outbox::{Attempt, Elsewhere, Job, Outbox, Worker};
use resourceful_webhook::{GitHub, GitHubEvent, Handler, SqlDeliveryStore, Webhook};
use sha2::Sha256;

/// The lines to print for an event.
fn lines(event: GitHubEvent) -> Vec<String> {
    match event {
        GitHubEvent::Push(push) => {
            let commits = push.commits.into_iter();
            let line = |message: Option<String>| message.unwrap_or_default();
            commits
                .map(|commit| format!("commit {}: {}", commit.id, line(commit.message)))
                .collect()
        }
        GitHubEvent::PullRequest(event) => {
            vec![format!("pull request {}", event.action.unwrap_or_default())]
        }
        GitHubEvent::Issues(event) => vec![format!("issue {}", event.action.unwrap_or_default())],
        // GitHub adds events without notice. An unknown event is not an error.
        GitHubEvent::Unknown { name, .. } => vec![format!("unknown event {name}")],
        _ => Vec::new(),
    }
}

struct Activity {
    db: Db,
    outbox: Outbox,
}

#[async_trait]
impl Handler<GitHubEvent> for Activity {
    async fn handle(&self, event: GitHubEvent) -> Result<()> {
        // GitHub waits for ten seconds. The work comes after the answer.
        let tx = self.db.begin().await?;
        for line in lines(event) {
            self.outbox.enqueue(&tx, &Print { line }).await?;
        }
        tx.commit().await?;
        Ok(())
    }
}

/// Prints a line: stands for slow work that must not be lost.
#[derive(Serialize, Deserialize)]
struct Print {
    line: String,
}

impl Job for Print {
    const NAME: &'static str = "print";
    type Effect = Elsewhere;
    type State = ();

    async fn run(&self, (): &(), _: &Attempt) -> Result<()> {
        println!("{}", self.line);
        Ok(())
    }
}

/// Signs a body as GitHub does.
fn sign(secret: &str, body: &str) -> String {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes());
    let mut mac = mac.expect("any length is a key");
    mac.update(body.as_bytes());
    format!("sha256={}", hex::encode(mac.finalize().into_bytes()))
}

#[tokio::main]
async fn main() -> Result<()> {
    let secret = std::env::var("GITHUB_WEBHOOK_SECRET");
    let secret = secret.unwrap_or_else(|_| "It's a Secret to Everybody".into());
    let github = GitHub::new(&secret)?;
    let url = std::env::var("DATABASE_URL").unwrap_or_else(|_| "sqlite::memory:".into());
    let db = Db::connect(&url).await?;
    let deliveries = SqlDeliveryStore::new(db.clone())
        .await
        .map_err(Error::internal)?;
    let outbox = Outbox::new(db.clone()).await?;
    let worker = Worker::new(&outbox).job::<Print>(()).start()?;
    let webhook = Webhook::new(github, Activity { db, outbox }).with_delivery_store(deliveries);

    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let server = App::new()
        .view("/webhooks/github", webhook)
        .on_stop(|| worker.drain())
        .bind(bind)
        .await?;
    let url = format!("http://{}/webhooks/github", server.local_addr());
    println!("Listening on {url}");
    println!("Try:");
    let body = r#"{"commits": [{"id": "a1b2", "message": "Hello"}]}"#;
    println!(
        "  curl -i {url} -H 'X-GitHub-Event: push' -H 'X-GitHub-Delivery: 1' \
         -H 'X-Hub-Signature-256: {}' --json '{body}'",
        sign(&secret, body)
    );
    server.run().await
}
