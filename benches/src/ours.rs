//! The work as a resource: default application, default server.

use resourceful::prelude::*;

use crate::post::{NewPost, Post, thousand};
use crate::told_to_stop;

struct Posts {
    all: Vec<Post>,
}

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    async fn list(&self, _: &Request, page: PageNumber) -> Result<Page<Post>> {
        Ok(page.slice(&self.all))
    }

    async fn create(&self, _: &Request, new: NewPost) -> Result<Post> {
        Ok(new.into_post())
    }

    async fn retrieve(&self, _: &Request, id: i64) -> Result<Post> {
        let post = usize::try_from(id - 1)
            .ok()
            .and_then(|index| self.all.get(index));
        post.cloned()
            .ok_or_else(|| Error::not_found("Post not found"))
    }
}

pub(crate) async fn serve() -> Result<(), Box<dyn std::error::Error>> {
    let app = App::new().resource("/posts", Posts { all: thousand() });
    let server = app.bind("127.0.0.1:0").await?;
    println!("{}", server.local_addr());
    Ok(server.run_until(told_to_stop()).await?)
}
