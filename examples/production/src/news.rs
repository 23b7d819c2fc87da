//! News about notes: a job of the note's transaction publishes them to all replicas.

use resourceful::prelude::*;
use resourceful_bus::{Bus, Topic};
use resourceful_outbox::{Attempt, Elsewhere, Job};

pub(crate) const NEWS: Topic<String> = Topic::new("news");

/// Tells the clients of all replicas about a note, after its commit. They may be told twice, if the process ends meanwhile.
#[derive(Serialize, Deserialize)]
pub(crate) struct Announce {
    pub(crate) text: String,
}

impl Job for Announce {
    const NAME: &'static str = "announce";
    type Effect = Elsewhere;
    type State = Bus;

    async fn run(&self, bus: &Bus, _: &Attempt) -> Result<()> {
        bus.publish(&NEWS, &self.text).await?;
        Ok(())
    }
}
