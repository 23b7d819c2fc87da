//! API keys.

use std::sync::Arc;

use resourceful::prelude::*;
use resourceful::{Authenticate, Authentication};
use resourceful_auth::{ApiKey, ApiKeys, MemoryApiKeyStore, NewApiKey};

/// The request needs the caller that `A` finds.
struct Caller<A>(std::marker::PhantomData<fn(A)>);

impl<A: Authenticate, R: AsRef<A> + Sync> Access<R> for Caller<A> {
    async fn check(resource: &R, request: &Request) -> Result<()> {
        match resource.as_ref().authenticate(request).await? {
            Authentication::Caller(_) => Ok(()),
            Authentication::Foreign(error) => Err(error),
            Authentication::Missing => Err(Error::new(resourceful::ErrorStatus::new(401))
                .with_header(
                    http::header::WWW_AUTHENTICATE,
                    resource.as_ref().challenge(),
                )),
        }
    }
}

async fn ping(_: Request) -> Result<&'static str> {
    Ok("pong")
}

fn client<C: Send + Sync + 'static>(keys: ApiKeys<C>) -> TestClient {
    let view = guarded::<Caller<ApiKeys<C>>, _>(ping).state(&Arc::new(keys));
    TestClient::new(App::new().get("/", view)).unwrap()
}

#[tokio::test]
async fn a_key_is_accepted() {
    let keys = ApiKeys::new("acme", MemoryApiKeyStore::default());
    let issued = keys
        .create(NewApiKey::new("alice", "laptop"))
        .await
        .unwrap();
    let client = client(keys);
    let text = issued.text;
    for scheme in ["Bearer", "bearer", "BEARER"] {
        let request = client
            .get("/")
            .header("authorization", &format!("{scheme} {text}"));
        assert_eq!(request.await.status(), 200, "{scheme}");
    }
    let request = client.get("/").await;
    assert_eq!(request.status(), 401);
    assert_eq!(
        request.headers()["www-authenticate"],
        "Bearer realm=\"acme\""
    );
    let _: Option<ApiKey> = None;
}
