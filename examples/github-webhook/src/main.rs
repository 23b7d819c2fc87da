//! GitHub's webhook: the signature is verified before anything is parsed, events are typed, and a
//! delivery that comes again has no effect.
//!
//! ```sh
//! cargo run -p github-webhook
//! # It prints a curl command with a good signature. Change one letter of its body: 403.
//! ```
//!
//! To try it with GitHub itself, set `GITHUB_WEBHOOK_SECRET` to the secret that you gave there.

use async_trait::async_trait;
use hmac::{Hmac, KeyInit, Mac};
use resourceful::prelude::*;
use resourceful_webhook::{GitHub, GitHubEvent, Handler, MemoryDeliveryStore, Webhook};
use sha2::Sha256;

struct Activity;

#[async_trait]
impl Handler<GitHubEvent> for Activity {
    async fn handle(&self, event: GitHubEvent) -> Result<()> {
        match event {
            GitHubEvent::Push(push) => {
                for commit in push.commits {
                    println!(
                        "commit {}: {}",
                        commit.id,
                        commit.message.unwrap_or_default()
                    );
                }
            }
            GitHubEvent::PullRequest(event) => {
                println!("a pull request was {}", event.action.unwrap_or_default());
            }
            GitHubEvent::Issues(event) => {
                println!("an issue was {}", event.action.unwrap_or_default());
            }
            // New kinds of events come without notice: they are no error.
            GitHubEvent::Unknown { name, .. } => println!("an event called {name}"),
            _ => {}
        }
        Ok(())
    }
}

/// As GitHub signs.
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
    let webhook =
        Webhook::new(github, Activity).with_delivery_store(MemoryDeliveryStore::default());

    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let server = App::new()
        .view("/webhooks/github", webhook)
        .bind(bind)
        .await?;
    let url = format!("http://{}/webhooks/github", server.local_addr());
    println!("Listening on {url} Try:");
    let body = r#"{"commits": [{"id": "a1b2", "message": "Hello"}]}"#;
    println!(
        "  curl -i {url} -H 'X-GitHub-Event: push' -H 'X-GitHub-Delivery: 1' \
         -H 'X-Hub-Signature-256: {}' --json '{body}'",
        sign(&secret, body)
    );
    server.run().await
}
