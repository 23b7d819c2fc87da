//! Start and stop of a contender.

use std::net::SocketAddr;
use std::process::exit;
use std::{env, io, thread};

/// Prints the server's address, and ends the process when standard input is closed, so that it never
/// outlives its parent.
pub fn announce(address: SocketAddr) {
    println!("{address}");
    thread::spawn(|| {
        // An error ends the input, too.
        let _ = io::copy(&mut io::stdin(), &mut io::sink());
        exit(0);
    });
}

/// Paths of additional collections, `/extra0` and so on; their number is `--routes` (default 0).
/// `GET /extra0/{id}` has the same response as `GET /posts/{id}`.
///
/// # Panics
/// If the value of `--routes` is not a number.
pub fn extra_paths() -> impl Iterator<Item = String> {
    let number = env::args()
        .skip_while(|argument| argument != "--routes")
        .nth(1)
        .map_or(0, |number| {
            number.parse().expect("`--routes` takes a number")
        });
    (0..number).map(|number: usize| format!("/extra{number}"))
}
