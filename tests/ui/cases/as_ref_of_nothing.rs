use resourceful::prelude::*;

#[derive(AsRef)]
struct Notes {
    limit: usize,
}

#[derive(AsRef)]
enum Note {
    Short,
}

fn main() {
    let _ = (Notes { limit: 1 }, Note::Short);
}
