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

/// The database, the value of `DATABASE_URL`.
///
/// # Panics
/// If it is not set.
#[must_use]
pub fn database_url() -> String {
    env::var("DATABASE_URL").expect("`DATABASE_URL` is set")
}
