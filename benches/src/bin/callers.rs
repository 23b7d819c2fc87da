//! resourceful with callers: the same response to everyone, and by an API key, a session and a JWT.

use resourceful::prelude::*;
use resourceful_auth::{
    Algorithm, ApiKey, ApiKeys, Jwt, Key, MemorySessionStore, SessionKey, SessionStore, Sessions,
    StoredSession,
};
use resourceful_benches::callers::{API_KEY, AUDIENCE, ISSUER, SECRET, SESSION_KEY};
use resourceful_benches::{PLAIN, announce};

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
    let app = App::new()
        .get("/plain", public(plain::<()>))
        .get("/api-key", by_key)
        .get("/session", by_session)
        .get("/jwt", by_jwt);
    let server = app.bind("127.0.0.1:0").await?;
    announce(server.local_addr());
    Ok(server.run().await?)
}
