//! Limits of an API: by client address, by caller, of sign-ins, and of requests that run at once. In memory, or in Redis
//! for several processes if `REDIS_URL` is set.
//!
//! ```sh
//! cargo run -p limits
//! curl -i -H 'x-api-key: basic' 127.0.0.1:8000/reports/1   # RateLimit: "plan";r=4;t=12
//! curl -i -H 'x-api-key: basic' 127.0.0.1:8000/reports/1   # the sixth within a minute is a 429
//! curl -i -d '{"user": "ann", "password": "guess"}' -H 'content-type: application/json' 127.0.0.1:8000/sign-in
//! ```

use http::HeaderValue;
use resourceful::prelude::*;
use resourceful::{Authenticate, Authentication};
use resourceful_rates::{AddressLimit, CallerLimit, Limited, PerAddress, Quota, Rates, RedisRates};

/// A customer, by its API key.
struct Customer {
    key: &'static str,
    reports_per_minute: u32,
}

struct Keys;

impl Authenticate for Keys {
    type Caller = Customer;

    async fn authenticate(&self, request: &Request) -> Result<Authentication<Customer>> {
        let (key, reports_per_minute) = match request.header("x-api-key") {
            None => return Ok(Authentication::Missing),
            Some("basic") => ("basic", 5),
            Some("large") => ("large", 500),
            Some(_) => return Err(Error::unauthorized("ApiKey")),
        };
        Ok(Authentication::Caller(Customer {
            key,
            reports_per_minute,
        }))
    }

    fn challenge(&self) -> HeaderValue {
        HeaderValue::from_static("ApiKey")
    }
}

/// The number of reports that a customer has paid for.
struct Plan;

impl CallerLimit<Customer> for Plan {
    const NAME: &'static str = "plan";

    fn quota(customer: &Customer, _: &Request) -> Option<Quota> {
        Some(Quota::per_minute(customer.reports_per_minute))
    }

    fn key(customer: &Customer, _: &Request) -> Option<String> {
        Some(customer.key.to_owned())
    }
}

#[derive(AsRef)]
struct Reports {
    #[as_ref]
    keys: Keys,
    #[as_ref]
    rates: Rates,
}

#[resource]
impl AsyncResource for Reports {
    type Access = Limited<SignedIn<Keys>, Plan>;
    /// Each takes much memory.
    const MAX_CONCURRENT_REQUESTS: Option<usize> = Some(10);

    /// A report.
    async fn retrieve(
        &self,
        _: &Request<Customer>,
        Unchecked(id): Unchecked<i64>,
    ) -> Result<String> {
        Ok(format!("report {id}"))
    }
}

#[derive(Deserialize, JsonSchema, Validate)]
#[garde(allow_unvalidated)]
struct Credentials {
    user: String,
    password: String,
}

/// Signs in. An account allows five attempts an hour, from all addresses together.
#[endpoint]
async fn sign_in(rates: &Rates, request: &Request, body: Credentials) -> Result<()> {
    let quota = Quota::per_hour(5);
    rates.take(request, "sign-in", &body.user, quota).await?;
    if body.password == "a long and secret one" {
        Ok(())
    } else {
        Err(Error::unauthorized("Password"))
    }
}

#[tokio::main]
async fn main() -> Result<()> {
    let rates = match std::env::var("REDIS_URL") {
        Ok(url) => Rates::new(RedisRates::new(&url).map_err(Error::internal)?),
        Err(_) => Rates::in_memory(),
    };
    // Without its store a sign-in is refused, and other requests are not.
    let of_sign_in = rates.clone().fail_closed();
    let of_addresses = AddressLimit::new(&rates, "address", Quota::per_minute(600));
    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let server = App::new()
        .max_concurrent_requests(500, 100)
        .access_with_state::<PerAddress, _>(of_addresses)
        .resource("/reports", Reports { keys: Keys, rates })
        .post("/sign-in", public(sign_in).state(&of_sign_in))
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}
