//! Calls to somebody else: at the same time, bounded in time, each with an outcome of its own.
//!
//! It starts an upstream itself, on a free port: its users are fine, its posts take three
//! seconds, which is longer than a call may, and its followers are broken.
//!
//! ```sh
//! cargo run -p upstream-client
//! curl 127.0.0.1:8000/dashboard/7          # the user, and what is wrong with the rest
//! curl '127.0.0.1:8000/users?ids=1,404,3'  # each with an outcome of its own
//! curl -i 127.0.0.1:8000/posts/7           # 504
//! ```

use std::time::Duration;

use resourceful::prelude::*;
use resourceful_client::{Client, ClientError};

#[derive(Deserialize, Serialize, JsonSchema)]
struct User {
    id: i64,
    name: String,
}

#[derive(Serialize, JsonSchema)]
struct Dashboard {
    user: User,
    posts: Option<Vec<String>>,
    followers: Option<Vec<User>>,
    problems: Vec<&'static str>,
}

/// Three calls at the same time. Without the user there is nothing to show; the rest may fail.
async fn dashboard(upstream: Client, request: Request) -> Result<Json<Dashboard>> {
    let upstream = upstream.on_behalf_of(&request); // its request id goes along
    let id: i64 = request.param("id")?;
    let (user, posts, followers) = tokio::join!(
        upstream.get("/users/{id}").param("id", id).fetch(),
        upstream.get("/users/{id}/posts").param("id", id).fetch(),
        upstream
            .get("/users/{id}/followers")
            .param("id", id)
            .fetch(),
    );
    let mut problems = Vec::new();
    let mut note = |error: &ClientError| problems.push(error.detail());
    Ok(Json(Dashboard {
        user: user?, // a 502 or 504 problem
        posts: posts.inspect_err(&mut note).ok(),
        followers: followers.inspect_err(&mut note).ok(),
        problems,
    }))
}

#[derive(Deserialize, JsonSchema, Validate)]
struct Wanted {
    #[garde(length(min = 1))]
    ids: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum Found {
    User(User),
    Error { error: String },
}

/// Any number of calls, at most eight at the same time; the outcomes come in the order of the ids.
async fn users(upstream: Client, request: Request) -> Result<Json<Vec<Found>>> {
    let wanted: Wanted = request.query()?;
    let fetch = |id: &str| upstream.get("/users/{id}").param("id", id).fetch();
    let outcomes = gather(8, wanted.ids.split(',').map(fetch)).await;
    let found = outcomes.into_iter().map(|outcome| match outcome {
        Ok(user) => Found::User(user),
        Err(error) => Found::Error {
            error: error.detail().unwrap_or_default().to_owned(),
        },
    });
    Ok(Json(found.collect()))
}

async fn posts(upstream: Client, request: Request) -> Result<Json<Vec<String>>> {
    let id: i64 = request.param("id")?;
    Ok(Json(
        upstream
            .get("/users/{id}/posts")
            .param("id", id)
            .fetch()
            .await?,
    ))
}

/// What somebody else runs.
fn upstream_app() -> App {
    async fn user(request: Request) -> Result<Json<User>> {
        let id = request.param("id")?;
        if id == 404 {
            return Err(Error::not_found("There is no user 404."));
        }
        let name = format!("User {id}");
        Ok(Json(User { id, name }))
    }
    async fn slow_posts(_: Request) -> Result<Json<[&'static str; 1]>> {
        tokio::time::sleep(Duration::from_secs(3)).await;
        Ok(Json(["At last"]))
    }
    async fn broken_followers(_: Request) -> Result<&'static str> {
        Ok("<html>Sorry</html>")
    }
    App::new()
        .get("/users/{id}", public(user))
        .get("/users/{id}/posts", public(slow_posts))
        .get("/users/{id}/followers", public(broken_followers))
}

#[tokio::main]
async fn main() -> Result<()> {
    let upstream_server = upstream_app().bind("127.0.0.1:0").await?;
    let base = format!("http://{}", upstream_server.local_addr());
    tokio::spawn(upstream_server.run());

    let upstream = Client::builder(&base)
        .timeout(Duration::from_secs(1))
        .build()?;
    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let server = App::new()
        .get(
            "/dashboard/{id}",
            public(with_state(upstream.clone(), dashboard)),
        )
        .get("/users", public(with_state(upstream.clone(), users)))
        .get("/posts/{id}", public(with_state(upstream, posts)))
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}
