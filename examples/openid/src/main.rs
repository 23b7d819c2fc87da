//! Signing in at an `OpenID` provider, by the code flow with PKCE.
//!
//! A browser gets a session; a machine sends an access token of the provider. Both call `/api/me`. The
//! provider needs to know the address of `/callback`.
//!
//! ```sh
//! export ISSUER=https://issuer.example.com CLIENT_ID=.. CLIENT_SECRET=.. AUDIENCE=https://api.example.com
//! cargo run -p openid                     # then open http://127.0.0.1:8000
//! curl 127.0.0.1:8000/api/me -H "Authorization: Bearer $ACCESS_TOKEN"
//! ```
//!
//! To change the address, set `BIND`, and `PUBLIC_URL` to what browsers see, such as a proxy's.

mod provider;

use std::sync::Arc;
use std::time::Duration;

use resourceful::http::header::{CONTENT_TYPE, HeaderValue};
use resourceful::prelude::*;
use resourceful::{Any, Cookie, CookieResponse, Redirect, SignedIn, WithCookie};
use resourceful_auth::{Algorithm, Jwt, MemorySessionStore, Sessions};
use tokio::net::TcpListener;

use crate::provider::{Attempt, Provider};

/// The caller: what the provider says of a user, in an ID token and in an access token.
#[derive(Clone, Deserialize, JsonSchema, Serialize)]
struct User {
    /// The provider's id of the user, which never changes. A name or an address may.
    sub: String,
    name: Option<String>,
}

const ATTEMPT: Cookie = Cookie::new("sign-in").max_age(ATTEMPT_TIME);
const ATTEMPT_TIME: Duration = Duration::from_secs(10 * 60);

#[derive(AsRef, Clone)]
struct Site {
    #[as_ref]
    sessions: Sessions<User>,
    #[as_ref]
    tokens: Jwt<User>,
    /// Sign-ins that have begun. Each of them is used once, by the browser that began it.
    attempts: Sessions<Attempt>,
    provider: Arc<Provider>,
}

type Caller = SignedIn<Any<(Sessions<User>, Jwt<User>)>>;

/// Sends the browser to the provider.
#[endpoint]
async fn sign_in(state: &Site, request: &Request) -> Result<CookieResponse<Redirect>> {
    let (address, attempt) = state.provider.begin().await?;
    let owner = attempt.state();
    let cookie = state.attempts.sign_in(request, &attempt, owner).await?;
    Ok(Redirect::see_other(address).with_cookie(cookie))
}

/// The parameters of the callback (RFC 6749 section 4.1.2, RFC 9207).
#[derive(Deserialize, JsonSchema, Validate)]
struct Callback {
    #[garde(length(max = 4096))]
    code: Option<String>,
    #[garde(length(max = 256))]
    state: Option<String>,
    #[garde(length(max = 1024))]
    iss: Option<String>,
}

/// The provider sends the browser here.
#[endpoint]
async fn callback(
    state: &Site,
    request: &Request,
    query: Callback,
) -> Result<CookieResponse<Redirect>> {
    // Without the cookie of this browser, the code is that of somebody else (RFC 9700 section 4.7).
    let attempt = state.attempts.session(request).await.map_err(|error| {
        if error.status() == 401 {
            Error::bad_request("There is no sign-in to complete. Please sign in again.")
        } else {
            error
        }
    })?;
    let no_attempt = state.attempts.sign_out(request).await?;
    let user = state.provider.complete(attempt.data, query).await?;
    let session = state.sessions.sign_in(request, &user, &user.sub).await?;
    let home = Redirect::see_other("/");
    Ok(home.with_cookie(no_attempt).with_cookie(session))
}

/// Ends the session here. The session at the provider is another one.
#[endpoint]
async fn sign_out(state: &Site, request: &Request) -> Result<CookieResponse<Redirect>> {
    let no_session = state.sessions.sign_out(request).await?;
    Ok(Redirect::see_other("/").with_cookie(no_session))
}

/// The user who calls, by a session or by a token.
#[endpoint]
async fn me(request: &Request<User>) -> Result<Json<User>> {
    Ok(Json(request.caller().clone()))
}

/// The page.
#[endpoint]
async fn home() -> Result<Response> {
    let mut response = include_str!("home.html").into_response();
    let html = HeaderValue::from_static("text/html; charset=utf-8");
    response.headers_mut().insert(CONTENT_TYPE, html);
    Ok(response)
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let listener = TcpListener::bind(setting("BIND", "127.0.0.1:8000")?).await;
    let listener = listener.map_err(Error::internal)?;
    let address = listener.local_addr().map_err(Error::internal)?;
    let address = format!("http://{address}");

    let issuer = setting("ISSUER", "")?;
    let audience = setting("AUDIENCE", "")?;
    let algorithms = [Algorithm::RS256, Algorithm::ES256];
    let attempts = Sessions::new(MemorySessionStore::default())
        .with_cookie(ATTEMPT)
        .with_idle_timeout(ATTEMPT_TIME)
        .with_max_lifetime(ATTEMPT_TIME);
    let site = Site {
        sessions: Sessions::new(MemorySessionStore::default()),
        tokens: Jwt::discover(&issuer, audience, algorithms)?.token_type("at+jwt"),
        attempts,
        provider: Arc::new(Provider::new(
            issuer,
            setting("CLIENT_ID", "")?,
            setting("CLIENT_SECRET", "")?,
            format!("{}/callback", setting("PUBLIC_URL", &address)?),
        )?),
    };
    let server = App::new()
        .get("/", public(home))
        .get("/sign-in", public(sign_in).state(&site))
        .get("/callback", public(callback).state(&site))
        .post("/sign-out", public(sign_out).state(&site))
        .get("/api/me", guarded::<Caller, _>(me).state(&site))
        .listen(listener)?;
    println!("Open {address}");
    server.run().await
}

/// A setting of the environment. An empty default: it has to be set.
fn setting(name: &str, default: &str) -> Result<String> {
    let value = std::env::var(name).unwrap_or_else(|_| default.into());
    if value.is_empty() {
        return Err(Error::internal(format!("{name} is not set")));
    }
    Ok(value)
}
