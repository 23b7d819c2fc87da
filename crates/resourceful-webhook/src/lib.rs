#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod signature;

mod delivery_store;
mod handler;
mod provider;

mod github;
mod memory_store;
#[cfg(feature = "sea-orm")]
mod sql_store;
mod standard;
mod stripe;

mod webhook;

pub use self::delivery_store::{Claim, DeliveryStore, Lease};
pub use self::github::{
    Commit, GitHub, GitHubEvent, Issue, IssuesEvent, PullRequest, PullRequestEvent, PushEvent,
    Repository,
};
pub use self::handler::Handler;
pub use self::memory_store::MemoryDeliveryStore;
pub use self::provider::Provider;
pub use self::signature::{SecretError, SignatureError};
#[cfg(feature = "sea-orm")]
pub use self::sql_store::SqlDeliveryStore;
pub use self::standard::{StandardEvent, StandardSignature, StandardWebhooks};
pub use self::stripe::{Stripe, StripeData, StripeEvent, StripeSignature};
pub use self::webhook::Webhook;
