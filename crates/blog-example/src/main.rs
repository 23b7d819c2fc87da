//! Runs the blog: `cargo run -p blog-example`.

use std::env::{VarError, var};

use blog_example::database;
use resourceful::prelude::*;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<()> {
    let filter = EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info,sqlx=warn,sea_orm_migration=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();

    let bind = setting("BIND")?.unwrap_or_else(|| "127.0.0.1:8000".to_owned());
    let given_url = setting("DATABASE_URL")?;
    let url = given_url.as_deref().unwrap_or(database::DEFAULT_URL);
    let database = database::connect(url).await.map_err(Error::internal)?;
    if given_url.is_none() {
        database::add_demo_posts_once(&database)
            .await
            .map_err(Error::internal)?;
    }

    let server = blog_example::app(&database).bind(bind.as_str()).await?;
    let blog = format!("http://{}", server.local_addr());
    println!("The blog listens on {blog} (Ctrl-C stops it). Try:");
    println!("  curl '{blog}/api/post-list/?page=1&limit=2'");
    println!(
        "  curl {blog}/api/posts/ --json '{{\"title\": \"My post\", \"content\": \"Hello.\", \"published\": true}}'"
    );
    println!("  curl {blog}/api/posts/ --json '{{\"title\": \"\", \"published\": \"perhaps\"}}'");
    server.run().await
}

/// An environment variable; empty is unset.
fn setting(name: &str) -> Result<Option<String>> {
    match var(name) {
        Ok(value) => Ok(Some(value).filter(|value| !value.is_empty())),
        Err(VarError::NotPresent) => Ok(None),
        Err(error) => Err(Error::internal(format!("{name}: {error}"))),
    }
}
