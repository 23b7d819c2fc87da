//! A GitHub webhook: the library verifies the signature before it parses the body, events are
//! typed, and a repeated delivery has no effect.
//!
//! ```sh
//! cargo run -p github-webhook
//! # It prints a curl command with a valid signature. Change one letter of its body to get 403.
//! ```
//!
//! To try it with GitHub, set `GITHUB_WEBHOOK_SECRET` to the secret of the webhook there.

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
                println!("pull request {}", event.action.unwrap_or_default());
            }
            GitHubEvent::Issues(event) => {
                println!("issue {}", event.action.unwrap_or_default());
            }
            // GitHub adds events without notice. An unknown event is not an error.
            GitHubEvent::Unknown { name, .. } => println!("unknown event {name}"),
            _ => {}
        }
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
    let webhook =
        Webhook::new(github, Activity).with_delivery_store(MemoryDeliveryStore::default());

    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let server = App::new()
        .view("/webhooks/github", webhook)
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
