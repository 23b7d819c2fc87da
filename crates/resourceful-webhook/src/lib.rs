#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod signature;

mod deliveries;
mod handler;
mod provider;

mod github;
mod memory;
#[cfg(feature = "sea-orm")]
mod sql;
mod standard;
mod stripe;

mod webhook;

pub use self::deliveries::{Begin, Deliveries, Lease};
pub use self::github::{
    Commit, GitHub, GitHubEvent, Issue, Issues, PullRequest, PullRequests, Push, Repository,
};
pub use self::handler::Handler;
pub use self::memory::MemoryDeliveries;
pub use self::provider::Provider;
pub use self::signature::{SecretError, SignatureError};
#[cfg(feature = "sea-orm")]
pub use self::sql::SqlDeliveries;
pub use self::standard::{StandardEvent, StandardSignature, StandardWebhooks};
pub use self::stripe::{Stripe, StripeData, StripeEvent, StripeSignature};
pub use self::webhook::Webhook;
