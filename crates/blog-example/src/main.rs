//! Runs the blog: `cargo run -p blog-example`.

use blog_example::database;
use blog_example::services::Services;
use blog_example::settings::Settings;
use resourceful::prelude::*;
use tracing_subscriber::EnvFilter;

#[tokio::main]
async fn main() -> Result<()> {
    let filter = EnvFilter::try_from_default_env();
    let filter = filter.unwrap_or_else(|_| EnvFilter::new("info,sea_orm_migration=warn"));
    tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr)
        .init();

    let settings = Settings::from_environment()?;
    let services = Services::open(&settings).await?;
    if settings.is_demo {
        let demo = database::add_demo_posts_once(&services.database).await;
        demo.map_err(Error::internal)?;
    }

    let server = blog_example::app(services).bind(&*settings.bind).await?;
    let blog = format!("http://{}", server.local_addr());
    println!("The blog listens on {blog} (Ctrl-C stops it).");
    println!("API documentation, with a form to send requests: {blog}/docs");
    println!("From the command line:");
    println!("  curl '{blog}/api/post-list/?page=1&limit=2'");
    println!(
        "  curl {blog}/api/posts/ --json '{{\"title\": \"My post\", \"content\": \"Hello.\", \"published\": true}}'"
    );
    println!("  curl {blog}/api/posts/ --json '{{\"title\": \"\", \"published\": \"perhaps\"}}'");
    server.run().await
}
