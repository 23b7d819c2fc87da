//! Concurrent calls to another service, with a timeout, each with its own result.
//!
//! The example starts the other service itself, on a free port. Its users work, its posts take
//! three seconds, which exceeds the timeout, and its followers are broken.
//!
//! ```sh
//! cargo run -p upstream-client
//! curl 127.0.0.1:8000/dashboard/7          # the user, and the errors of the rest
//! curl '127.0.0.1:8000/users?ids=1,404,3'  # each with its own result
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

/// Three concurrent calls. The user is required; the other two may fail.
#[endpoint]
async fn dashboard(upstream: &Client, request: &Request, id: i64) -> Result<Json<Dashboard>> {
    let upstream = upstream.on_behalf_of(request); // forwards the request id
    let (user, posts, followers) = tokio::join!(
        upstream.get("/users/{id}").param("id", id).fetch(),
        upstream.get("/users/{id}/posts").param("id", id).fetch(),
        upstream
            .get("/users/{id}/followers")
            .param("id", id)
            .fetch(),
    );
    let mut problems = Vec::new();
    let mut record = |error: &ClientError| problems.push(error.detail());
    Ok(Json(Dashboard {
        user: user?, // a 502 or 504 problem
        posts: posts.inspect_err(&mut record).ok(),
        followers: followers.inspect_err(&mut record).ok(),
        problems,
    }))
}

#[derive(Deserialize, JsonSchema, Validate)]
struct UserQuery {
    #[garde(length(min = 1))]
    ids: String,
}

#[derive(Serialize, JsonSchema)]
#[serde(untagged)]
enum UserResult {
    User(User),
    Error { error: String },
}

/// Any number of calls, at most eight at the same time. The results keep the order of the ids.
#[endpoint]
async fn user_list(upstream: &Client, query: UserQuery) -> Result<Json<Vec<UserResult>>> {
    let fetch = |id: &str| upstream.get("/users/{id}").param("id", id).fetch();
    let results = gather(8, query.ids.split(',').map(fetch)).await;
    let users = results.into_iter().map(|result| match result {
        Ok(user) => UserResult::User(user),
        Err(error) => UserResult::Error {
            error: error.detail().unwrap_or_default().to_owned(),
        },
    });
    Ok(Json(users.collect()))
}

/// One call. Its error is the error of this request.
#[endpoint]
async fn post_list(upstream: &Client, id: i64) -> Result<Json<Vec<String>>> {
    Ok(Json(
        upstream
            .get("/users/{id}/posts")
            .param("id", id)
            .fetch()
            .await?,
    ))
}

/// The other service.
fn upstream_app() -> App {
    #[endpoint]
    async fn user(id: i64) -> Result<Json<User>> {
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
        .get("/dashboard/{id}", public(dashboard).state(&upstream))
        .get("/users", public(user_list).state(&upstream))
        .get("/posts/{id}", public(post_list).state(&upstream))
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}
