//! How a contender is started, found and stopped.

use std::net::SocketAddr;
use std::process::exit;
use std::{env, io, thread};

/// Says where the server listens, and ends the process as soon as standard input is closed: who
/// started it may die in any way, and it never outlives them.
pub fn announce(address: SocketAddr) {
    println!("{address}");
    thread::spawn(|| {
        // However it ends, it has ended.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        exit(0);
    });
}

/// The collections that the service has besides its posts, `/extra0` and so on: as many as
/// `--routes` says, none without it. Each answers `GET /extra0/{id}` as `GET /posts/{id}` is.
///
/// # Panics
/// Where the number is none.
pub fn extra_paths() -> impl Iterator<Item = String> {
    let number = env::args()
        .skip_while(|argument| argument != "--routes")
        .nth(1)
        .map_or(0, |number| {
            number.parse().expect("`--routes` takes a number")
        });
    (0..number).map(|number: usize| format!("/extra{number}"))
}
