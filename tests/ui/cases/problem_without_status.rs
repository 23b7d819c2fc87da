use resourceful::prelude::*;

#[derive(Debug, thiserror::Error, Problem)]
enum BlogError {
    #[error("no post")]
    NoPost,
    #[error("fine")]
    #[problem(status = 200)]
    Fine,
}

fn main() {}
