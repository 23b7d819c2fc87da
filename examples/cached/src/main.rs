//! A slow computation whose result is cached for a minute: in memory, or in Redis if `REDIS_URL` is
//! set.
//!
//! ```sh
//! cargo run -p cached
//! curl '127.0.0.1:8000/primes?below=5000000'  # slow
//! curl '127.0.0.1:8000/primes?below=5000000'  # fast, from the cache
//! REDIS_URL=redis://127.0.0.1:6379 cargo run -p cached  # shared by processes
//! ```

use std::time::Duration;

use resourceful::prelude::*;
use resourceful_cache::{Cache, Memory, Redis};

const TTL: Duration = Duration::from_secs(60);

#[derive(Deserialize, JsonSchema, Validate)]
struct Limit {
    #[garde(range(max = 10_000_000))]
    below: u32,
}

#[derive(Serialize, Deserialize, JsonSchema)]
struct Primes {
    below: u32,
    count: usize,
}

impl Primes {
    /// The sieve of Eratosthenes.
    fn count(below: u32) -> Self {
        let mut is_prime = vec![true; below as usize];
        is_prime.iter_mut().take(2).for_each(|prime| *prime = false);
        for number in 2..=below.isqrt() as usize {
            if is_prime.get(number) == Some(&true) {
                let multiples = is_prime[number * number..].iter_mut().step_by(number);
                multiples.for_each(|prime| *prime = false);
            }
        }
        let count = is_prime.into_iter().filter(|prime| *prime).count();
        Self { below, count }
    }
}

/// Counts the primes below a limit.
#[endpoint]
async fn primes(cache: &Cache, query: Limit) -> Result<Json<Primes>> {
    let below = query.below;
    // Concurrent requests with the same key share one computation.
    let compute = blocking(move || Primes::count(below));
    let key = below.to_string();
    Ok(Json(cache.get_or_compute(&key, TTL, compute).await?))
}

#[tokio::main]
async fn main() -> Result<()> {
    let cache = match std::env::var("REDIS_URL") {
        // 1 is the version: raise it when `Primes` changes, and stored values are no longer found.
        Ok(url) => Cache::new(Redis::new(&url).map_err(Error::internal)?, "primes", 1),
        Err(_) => Cache::new(Memory::default(), "primes", 1),
    };
    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let server = App::new()
        .get("/primes", public(primes).state(&cache))
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}
