//! Server-sent events: price changes, for the clients of all replicas. A client that reconnects, to any replica, sends the id
//! of its last event and continues from there. If the history is too short for that, it first gets an event `missed`.
//!
//! ```sh
//! cargo run -p events
//! curl -N 127.0.0.1:8000/prices/events
//! curl 127.0.0.1:8000/prices --json '{"symbol": "RSRC", "cents": 4200}'
//! curl -N 127.0.0.1:8000/prices/events -H 'Last-Event-ID: 1732800000000-1'    # an id that was received
//! ```
//!
//! With `REDIS_URL=redis://localhost` any number of processes are replicas of it. `BIND` is the address.
//!
//! In a browser: `new EventSource("/prices/events").onmessage = (event) => ..`. It reconnects and
//! sends the last id by itself.

use resourceful::prelude::*;
use resourceful::{Event, EventStream};
use resourceful_bus::{Bus, MemoryBroker, RedisBroker, Topic};

#[derive(Clone, Deserialize, Serialize, JsonSchema, Validate)]
struct Price {
    #[garde(length(chars, min = 1, max = 12))]
    symbol: String,
    #[garde(skip)]
    cents: u64,
}

const PRICES: Topic<Price> = Topic::new("prices");

struct Prices {
    bus: Bus,
}

#[resource]
impl AsyncResource for Prices {
    type Access = Public;

    async fn create(&self, _: &Request, price: Price) -> Result<Price> {
        self.bus.publish(&PRICES, &price).await?;
        Ok(price)
    }
}

/// Streams the changes of prices.
#[endpoint]
async fn price_events(bus: &Bus, request: &Request) -> Result<EventStream> {
    bus.event_stream(request, &PRICES, |price| Event::json(&price))
        .await
}

#[tokio::main]
async fn main() -> Result<()> {
    let bus = match std::env::var("REDIS_URL") {
        Ok(url) => Bus::new(RedisBroker::new(&url).map_err(Error::internal)?),
        Err(_) => Bus::new(MemoryBroker::default()),
    };
    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let server = App::new()
        .get("/prices/events", public(price_events).state(&bus))
        .resource("/prices", Prices { bus })
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}
