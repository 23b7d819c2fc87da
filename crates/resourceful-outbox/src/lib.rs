#![doc = include_str!("lib.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backlog;
mod backoff;
mod dead_letters;
mod effects;
mod job;
mod job_id;
mod metrics;
mod outbox;
mod patience;
mod report;
mod running;
mod schedule;
mod table;
mod worker;

pub use self::backlog::Backlog;
pub use self::dead_letters::{DeadJob, DeadLetters};
pub use self::effects::{Attempt, Elsewhere, InTransaction};
pub use self::job::{Effect, Job};
pub use self::job_id::JobId;
pub use self::outbox::Outbox;
pub use self::schedule::Schedule;
pub use self::worker::{RunningWorker, Worker};
