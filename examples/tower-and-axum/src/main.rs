//! An application that is nested in axum, with layers of tower-http around it and a tower service
//! mounted in it.
//!
//! ```sh
//! cargo run -p tower-and-axum
//! curl 127.0.0.1:8000/                          # axum's route
//! curl 127.0.0.1:8000/api/posts                 # the application, nested below /api
//! curl -i 127.0.0.1:8000/api/posts/             # its redirects contain /api
//! curl 127.0.0.1:8000/api/old/thing             # a tower service inside the application
//! curl -i 127.0.0.1:8000/api/posts --compressed # tower-http's compression
//! curl -i 127.0.0.1:8000/api/posts -H 'Origin: https://example.com' # and CORS
//! ```

use resourceful::prelude::*;
use tower::ServiceBuilder;
use tower_http::compression::CompressionLayer;
use tower_http::cors::CorsLayer;
use tower_http::trace::TraceLayer;

#[derive(Clone, Serialize, JsonSchema)]
struct Post {
    id: i64,
    title: String,
}

struct Posts;

/// Blog posts.
#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<Post>> {
        let title = |id| format!("Post {id}");
        let posts = (1..=20).map(|id| Post {
            id,
            title: title(id),
        });
        Ok(page.slice(&posts.collect::<Vec<_>>()))
    }
}

/// Existing axum routes, which the application mounts unchanged.
fn old_routes() -> axum::Router {
    axum::Router::new().route("/thing", axum::routing::get(|| async { "an old thing" }))
}

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt()
        .with_writer(std::io::stderr)
        .init();
    let app = App::new()
        .resource("/posts", Posts)
        .mount("/old", public(old_routes()))
        .root_path("/api")
        .build()?;
    let layers = ServiceBuilder::new()
        .layer(TraceLayer::new_for_http())
        .layer(CorsLayer::permissive())
        .layer(CompressionLayer::new());
    let router = axum::Router::new()
        .route("/", axum::routing::get(|| async { "axum" }))
        .nest_service("/api", app)
        .layer(layers);

    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let listener = tokio::net::TcpListener::bind(bind)
        .await
        .map_err(Error::internal)?;
    let address = listener.local_addr().map_err(Error::internal)?;
    println!("Listening on http://{address}");
    axum::serve(listener, router).await.map_err(Error::internal)
}
