#[path = "../tokens.rs"]
mod tokens;

use resourceful::prelude::*;
use tokens::{Tokens, User};

#[derive(AsRef)]
struct Notes {
    #[as_ref]
    tokens: Tokens,
}

struct Comments {
    notes: Notes,
}

impl AsRef<Tokens> for Comments {
    fn as_ref(&self) -> &Tokens {
        &self.notes.tokens
    }
}

struct Note;

impl Subject<Notes, User> for Note {
    type Id = i64;

    async fn find(_: &Notes, _: &Request<User>, _: i64) -> Result<Option<Note>> {
        Ok(Some(Note))
    }
}

#[resource]
impl AsyncResource for Comments {
    type Access = SignedIn<Tokens>;

    async fn destroy(&self, _: &Request<User>, _: Note) -> Result<()> {
        Ok(())
    }
}

fn main() {
    let notes = Notes { tokens: Tokens };
    let _ = Comments { notes };
}
