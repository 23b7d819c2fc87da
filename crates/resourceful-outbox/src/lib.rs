#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod dead_letters;
mod effect;
mod job;
mod metrics;
mod outbox;
mod running;
mod schedule;
mod table;
mod worker;

pub use self::dead_letters::{DeadJob, DeadLetters};
pub use self::effect::{Attempt, Effect, Elsewhere, InTransaction};
pub use self::job::{Job, JobId};
pub use self::outbox::Outbox;
pub use self::schedule::Schedule;
pub use self::worker::{RunningWorker, Worker};
