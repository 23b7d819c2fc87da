//! Many items in one request: valid items are created, invalid ones are listed with their errors.
//!
//! ```sh
//! cargo run -p bulk
//! curl 127.0.0.1:8000/tags/bulk --json '{"tags": [{"name": "rust"}, {"name": ""}, 7, {"name": "rust"}]}'
//! curl -i 127.0.0.1:8000/tags/bulk --json '{"tags": "rust"}'  # 422: not a list
//! ```

use std::collections::BTreeSet;
use std::sync::Arc;

use resourceful::{Bulk, BulkResults, prelude::*};
use tokio::sync::Mutex;

#[derive(Deserialize, JsonSchema, Validate)]
struct NewTag {
    #[garde(length(chars, min = 1, max = 20))]
    name: String,
}

#[derive(Deserialize, JsonSchema, Validate)]
struct NewTags {
    #[garde(skip)] // `Bulk` validates each item
    tags: Bulk<NewTag, 100>,
}

#[derive(Serialize, JsonSchema)]
struct Tag {
    name: String,
}

type Tags = Arc<Mutex<BTreeSet<String>>>;

/// Creates many tags.
#[endpoint]
async fn create(tags: &Tags, body: NewTags) -> Result<Json<BulkResults<Tag>>> {
    let add = async |tag: NewTag| {
        if tags.lock().await.insert(tag.name.clone()) {
            Ok(Tag { name: tag.name })
        } else {
            Err(Error::conflict(format!(
                "The tag {} exists already.",
                tag.name
            )))
        }
    };
    // Four at the same time; the results keep the order of the list.
    Ok(Json(body.tags.process(4, add).await))
}

#[tokio::main]
async fn main() -> Result<()> {
    let bind = std::env::var("BIND").unwrap_or_else(|_| "127.0.0.1:8000".into());
    let server = App::new()
        .post("/tags/bulk", public(create).state(&Tags::default()))
        .bind(bind)
        .await?;
    println!("Listening on http://{}", server.local_addr());
    server.run().await
}
