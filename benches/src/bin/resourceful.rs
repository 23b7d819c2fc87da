//! resourceful with default settings.

use std::sync::Arc;

use resourceful::prelude::*;
use resourceful_benches::{NewPost, PLAIN, Post, Store, announce, extra_paths};

struct Posts {
    store: Arc<Store>,
}

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<Post>> {
        Ok(page.slice(self.store.all()))
    }

    async fn create(&self, _: &Request, new: NewPost) -> Result<Post> {
        Ok(new.into_post())
    }

    async fn retrieve(&self, _: &Request, id: i64) -> Result<Post> {
        self.store
            .find(id)
            .ok_or_else(|| Error::not_found("Post not found"))
    }
}

struct Extra {
    store: Arc<Store>,
}

#[resource]
impl AsyncResource for Extra {
    type Access = Public;

    async fn retrieve(&self, _: &Request, id: i64) -> Result<Post> {
        self.store
            .find(id)
            .ok_or_else(|| Error::not_found("Post not found"))
    }
}

async fn plain(_: Request) -> Result<&'static str> {
    Ok(PLAIN)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), Box<dyn std::error::Error>> {
    let store = Arc::new(Store::thousand());
    let posts = Posts {
        store: Arc::clone(&store),
    };
    let mut app = App::new()
        .get("/plain", public(plain))
        .resource("/posts", posts);
    for path in extra_paths() {
        let store = Arc::clone(&store);
        app = app.resource(&path, Extra { store });
    }
    let server = app.bind("127.0.0.1:0").await?;
    announce(server.local_addr());
    Ok(server.run().await?)
}
