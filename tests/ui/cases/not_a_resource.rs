use resourceful::prelude::*;

struct Posts;

fn main() {
    let _ = App::new().resource("/posts", Posts);
}
