use resourceful::prelude::*;

#[derive(Debug, thiserror::Error, Problem)]
enum PostError {
    #[error("no post {0}")]
    #[problem(status = 404)]
    NotFound(i64),
    #[error("taken")]
    #[problem(status = 409)]
    Taken,
}

struct Posts;

#[resource]
impl AsyncResource for Posts {
    type Access = Public;

    #[action(POST, "publish")]
    #[errors(NotFound, Conflict)]
    async fn publish(&self, _: &Request, id: i64) -> Result<String, PostError> {
        Err(PostError::NotFound(id))
    }
}

fn main() {}
