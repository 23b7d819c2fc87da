//! Server-sent events: price changes. A client that reconnects sends the id of its last event and
//! continues from there. If the history is too short for that, it first gets an event `missed`.
//!
//! ```sh
//! cargo run -p events
//! curl -N 127.0.0.1:8000/prices/events
//! curl 127.0.0.1:8000/prices --json '{"symbol": "RSRC", "cents": 4200}'
//! curl -N 127.0.0.1:8000/prices/events -H 'Last-Event-ID: 7'
//! ```
//!
//! In a browser: `new EventSource("/prices/events").onmessage = (event) => ..`. It reconnects and
//! sends the last id by itself.

use std::collections::VecDeque;
use std::time::{SystemTime, UNIX_EPOCH};

use resourceful::prelude::*;
use resourceful::{Event, EventStream};
use tokio::sync::watch;

/// Number of prices that the history keeps.
const MAX_HISTORY: usize = 100;

#[derive(Clone, Deserialize, Serialize, JsonSchema, Validate)]
struct Price {
    #[garde(length(chars, min = 1, max = 12))]
    symbol: String,
    #[garde(skip)]
    cents: u64,
}

/// The last prices, each with its event id.
struct History {
    newest_id: u64,
    prices: VecDeque<(u64, Price)>,
}

impl History {
    fn new() -> Self {
        // Ids start at the time in microseconds. Prices come more slowly than that, so the ids of an
        // earlier process are smaller.
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.unwrap_or_default().as_micros();
        Self {
            newest_id: u64::try_from(now).unwrap_or_default(),
            prices: VecDeque::with_capacity(MAX_HISTORY),
        }
    }

    fn add(&mut self, price: Price) {
        if self.prices.len() == MAX_HISTORY {
            self.prices.pop_front();
        }
        self.newest_id += 1;
        self.prices.push_back((self.newest_id, price));
    }

    /// The id before the oldest price in the history.
    fn last_dropped(&self) -> u64 {
        let oldest = self.prices.front();
        oldest.map_or(self.newest_id, |(id, _)| id - 1)
    }

    /// The oldest price in the history with an id above `seen`.
    fn after(&self, seen: u64) -> Option<(u64, Price)> {
        let mut prices = self.prices.iter();
        prices.find(|(id, _)| *id > seen).cloned()
    }
}

/// A `watch` channel: a reader of the history can wait for the next change and misses none.
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

/// Streams the changes of prices.
#[endpoint]
async fn price_events(prices: &Prices, request: &Request) -> Result<EventStream> {
    let mut history = prices.history.subscribe();
    let mut seen = {
        let history = history.borrow();
        match request.header("last-event-id") {
            None => history.last_dropped(),
            // An unknown id counts as older than all.
            Some(id) => match id.parse() {
                Ok(id) if id <= history.newest_id => id,
                _ => 0,
            },
        }
    };
    Ok(EventStream::new(request, |events| async move {
        loop {
            let (last_dropped, next) = {
                let history = history.borrow_and_update();
                (history.last_dropped(), history.after(seen))
            };
            if seen < last_dropped {
                seen = last_dropped;
                events.send(Event::new("").with_name("missed")).await?;
            }
            if let Some((id, price)) = next {
                seen = id;
                let event = Event::json(&price)?.with_id(id);
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
        .get("/prices/events", public(price_events).state(&prices))
        .resource("/prices", prices)
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}
