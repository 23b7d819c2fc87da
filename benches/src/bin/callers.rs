//! resourceful with callers: the same response to everyone, and by an API key, a session and a JWT; within a rate, and
//! with an idempotency key.

use resourceful::prelude::*;
use resourceful_auth::{
    Algorithm, ApiKey, ApiKeys, Jwt, Key, MemorySessionStore, SessionKey, SessionStore, Sessions,
    StoredSession,
};
use resourceful_benches::callers::{API_KEY, AUDIENCE, ISSUER, SECRET, SESSION_KEY};
use resourceful_benches::{NewPost, PLAIN, Post, announce};
use resourceful_idempotency::{Idempotency, MemoryIdempotency};
use resourceful_rates::{AddressLimit, CallerLimit, Limited, PerAddress, Quota, Rates};

#[derive(Serialize, Deserialize)]
struct User {
    id: i64,
    name: String,
}

#[derive(Deserialize)]
#[expect(dead_code, reason = "it is read from a token")]
struct Claims {
    sub: String,
}

/// A quota that is not used up.
fn quota() -> Quota {
    Quota::per_hour(1_000_000_000)
}

struct PerKey;

impl CallerLimit<ApiKey> for PerKey {
    const NAME: &'static str = "per-key";

    fn quota(_: &ApiKey, _: &Request) -> Option<Quota> {
        Some(quota())
    }

    fn key(_: &ApiKey, _: &Request) -> Option<String> {
        Some("acme".to_owned())
    }
}

#[derive(AsRef, Clone)]
struct Limits {
    #[as_ref]
    keys: ApiKeys,
    #[as_ref]
    rates: Rates,
}

/// Posts that are created, with and without a key.
#[derive(AsRef)]
struct Posts {
    #[as_ref]
    idempotency: Idempotency<()>,
}

#[resource(accepts_idempotency_key(create))]
impl AsyncResource for Posts {
    type Access = Public;

    async fn create(&self, _: &Request, new: NewPost) -> Result<Post> {
        Ok(new.into_post())
    }
}

async fn plain<C>(_: Request<C>) -> Result<&'static str> {
    Ok(PLAIN)
}

/// A session in memory, which does not end while it is measured.
async fn sessions() -> Result<Sessions<User>> {
    let store = MemorySessionStore::default();
    let key = SessionKey::from_hex(SESSION_KEY).expect("it is 64 digits");
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let now = i64::try_from(now.unwrap_or_default().as_secs()).unwrap_or(i64::MAX);
    let session = StoredSession {
        owner: "1".into(),
        data: r#"{"id":1,"name":"ada"}"#.into(),
        version: 0,
        created_at: now,
        last_seen_at: now,
        expires_at: now + 24 * 60 * 60,
    };
    store.create(key, session).await?;
    Ok(Sessions::new(store))
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let keys = ApiKeys::fixed("acme", [API_KEY])?;
    let sessions = sessions().await?;
    let key = Key::from_secret(Algorithm::HS256, SECRET)?;
    let jwt = Jwt::<Claims>::new(ISSUER, AUDIENCE, [Algorithm::HS256], key)?;
    let by_key = guarded::<SignedIn<ApiKeys>, _>(plain::<ApiKey>).state(&keys);
    let by_session = guarded::<SignedIn<Sessions<User>>, _>(plain::<User>).state(&sessions);
    let by_jwt = guarded::<SignedIn<Jwt<Claims>>, _>(plain::<Claims>).state(&jwt);
    let rates = Rates::in_memory();
    let per_address = AddressLimit::new(&rates, "address", quota());
    let per_address = guarded::<PerAddress, _>(plain::<()>).state(&per_address);
    let limits = Limits {
        keys: ApiKeys::fixed("acme", [API_KEY])?,
        rates,
    };
    let per_key = guarded::<Limited<SignedIn<ApiKeys>, PerKey>, _>(plain::<ApiKey>).state(&limits);
    let idempotency = Idempotency::new(MemoryIdempotency::default(), |(): &()| "all");
    let app = App::new()
        .get("/per-address", per_address)
        .get("/per-key", per_key)
        .resource("/posts", Posts { idempotency })
        .get("/plain", public(plain::<()>))
        .get("/api-key", by_key)
        .get("/session", by_session)
        .get("/jwt", by_jwt);
    let server = app.bind("127.0.0.1:0").await?;
    announce(server.local_addr());
    Ok(server.run().await?)
}
