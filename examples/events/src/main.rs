//! Server-sent events: prices as they change. A client that was away for a while says what it read
//! last, and reads on from there; one that was away for too long is told so.
//!
//! ```sh
//! cargo run -p events
//! curl -N 127.0.0.1:8000/prices/events
//! curl 127.0.0.1:8000/prices --json '{"symbol": "RSRC", "cents": 4200}'
//! curl -N 127.0.0.1:8000/prices/events -H 'Last-Event-ID: 7'
//! ```
//!
//! In a browser: `new EventSource("/prices/events").onmessage = (event) => ..`, which comes back
//! and says what it read last by itself.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use resourceful::prelude::*;
use resourceful::{Event, EventStream};
use tokio::sync::watch;

/// How many prices are kept for those who come back.
const KEPT: usize = 100;

#[derive(Clone, Deserialize, Serialize, JsonSchema, Validate)]
struct Price {
    #[garde(length(chars, min = 1, max = 12))]
    symbol: String,
    #[garde(skip)]
    cents: u64,
}

/// The last prices, each with its number.
struct History {
    newest: u64,
    prices: VecDeque<(u64, Price)>,
}

impl History {
    fn new() -> Self {
        // What an earlier process numbered is older: prices come slower than microseconds.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_micros();
        Self {
            newest: u64::try_from(now).unwrap_or_default(),
            prices: VecDeque::with_capacity(KEPT),
        }
    }

    fn add(&mut self, price: Price) {
        if self.prices.len() == KEPT {
            self.prices.pop_front();
        }
        self.newest += 1;
        self.prices.push_back((self.newest, price));
    }

    /// The number before the oldest price that is kept.
    fn forgotten(&self) -> u64 {
        let oldest = self.prices.front();
        oldest.map_or(self.newest, |(number, _)| number - 1)
    }

    /// The oldest price that is kept and newer than `seen`.
    fn after(&self, seen: u64) -> Option<(u64, Price)> {
        let mut prices = self.prices.iter();
        prices.find(|(number, _)| *number > seen).cloned()
    }
}

/// Whoever reads the history can wait for it to change: nothing is lost between the two.
#[derive(Clone)]
struct Prices {
    history: watch::Sender<History>,
}

#[resource]
impl AsyncResource for Prices {
    type Access = Public;

    async fn create(&self, _: &Request, price: Price) -> Result<Price> {
        let new = price.clone();
        self.history.send_modify(|history| history.add(new));
        Ok(price)
    }
}

async fn events(prices: Prices, request: Request) -> Result<EventStream> {
    let mut history = prices.history.subscribe();
    let mut seen = {
        let history = history.borrow();
        match request.header("last-event-id") {
            None => history.forgotten(),
            // A number that was never given is older than all.
            Some(id) => match id.parse() {
                Ok(id) if id <= history.newest => id,
                _ => 0,
            },
        }
    };
    Ok(EventStream::new(&request, |events| async move {
        loop {
            let (forgotten, next) = {
                let history = history.borrow_and_update();
                (history.forgotten(), history.after(seen))
            };
            if seen < forgotten {
                seen = forgotten;
                events.send(Event::new("").with_name("missed")).await?;
            }
            if let Some((number, price)) = next {
                seen = number;
                let event = Event::json(&price)?.with_id(number);
                events.send(event).await?;
            } else if history.changed().await.is_err() {
                return Ok(());
            }
        }
    }))
}

#[tokio::main]
async fn main() -> Result<()> {
    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let prices = Prices {
        history: watch::Sender::new(History::new()),
    };
    let server = App::new()
        .resource("/prices", prices.clone())
        .get("/prices/events", public(with_state(prices, events)))
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}
