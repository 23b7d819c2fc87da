//! Clients that mean harm, and what the default server must do about each.
//!
//! ```sh
//! cargo build --release -p blog-example -p resourceful-siege
//! target/release/resourceful-siege all          # or the name of a row
//! SIEGE_TARGET=axum target/release/resourceful-siege all
//! ```
//!
//! With `SIEGE_TARGET=axum` an axum router on our server is attacked instead of an `App`, by the rows
//! that are about the server alone; they are marked with `*`.
//!
//! Each row starts what it attacks as a child process, so that its memory can be read and
//! signals can be sent, and comes over loopback. It prints one line with its figures and `ok`, or
//! `FAILED` and why. Figures need an idle machine and as many descriptors as `idle` has
//! connections, on either side. `SIEGE_REQUESTS` is the number of requests of `endurance`.
//!
//! | row | attack | what must be |
//! |---|---|---|
//! | `slow-heads` * | 2,000 heads at a byte a second | all gone in time; four honest clients do not notice |
//! | `silence` * | no byte, half a preface, half a body | closed by 12 s, half a body after 408 |
//! | `aimless` * | 20 HTTP/2 clients answer pings and ask nothing | gone by 20 s |
//! | `deaf` * | 500 clients leave 32 MiB unread, over HTTP/1 and HTTP/2 | let go by 30 s |
//! | `deaf-sockets` | WebSocket clients that send pings, texts or fragments without end, or are sent to, and never read | let go by 45 s, memory of one message each; neighbours do not notice |
//! | `unread` * | 5 clients ask for 100 answers of 8 MiB over HTTP/2 and read none | 40 MiB each, let go by 30 s; honest clients do not notice |
//! | `idle` * | 10,000 idle connections | 12 KiB each, gone 2 s after the idle timeout |
//! | `endurance` * | 1,000,000 requests each way | no error, memory stays within 5 % |
//! | `stop-busy` * | SIGTERM under 150 clients, at moments when many are between two requests | nothing lost, exit code 0 |
//! | `stop-stuck` | SIGTERM with something that does not end | out by the drain deadline, and the exit code says so |
//! | `huge-length` | 10 GB announced | 413 at once, no `100 Continue` |
//! | `too-large` | 3 MB sent, gzip bombs of 1 GiB | 413, no memory |
//! | `bodies` | JSON of recursive enums, floats near the middle, many small objects, with faults | answered at once; memory of a few bodies |
//! | `slow-forms` | 7 MB of a form at once, then a byte each 20 ms: preamble, head of a part, content like delimiters | 413 at once, or no work; no memory |
//! | `http2-floods` * | rapid reset and its relatives | GOAWAY, no memory; neighbours do not notice |
//! | `outlived` | 11 connections of 100 `POST`s each, dropped | its new `POST`s are 503; none that was begun is cut, of no client |
//! | `descriptors` * | more connections than descriptors | the server stays, and answers when there is room |
//! | `heads` | two hosts, fragments, characters that no URI has, a line without end | 400, 414 |
//! | `cut-off` | 1,000 clients of the blog cut off at a random moment | each write whole or absent |
//! | `kill` | 50 times `kill -9` under writes | what was acknowledged is there |
//! | `autobahn` | Autobahn's 517 cases of what `WebSockets` may meet | none failed |
//!
//! `autobahn` is not among `all`: it needs `wstest`, on the path or where `WSTEST` says. That
//! program is the package `autobahntestsuite`, in Python 2:
//!
//! ```sh
//! virtualenv -p python2.7 venv
//! venv/bin/pip install autobahntestsuite
//! WSTEST=venv/bin/wstest target/release/resourceful-siege autobahn
//! ```

mod aimless;
mod autobahn;
mod axum_target;
mod blog;
mod bodies;
mod client;
mod cut_off;
mod deaf;
mod deaf_sockets;
mod descriptors;
mod endurance;
mod findings;
mod floods;
mod forms;
mod frames;
mod heads;
mod honest;
mod idle;
mod kill;
mod outlived;
mod process;
mod raw;
mod row;
mod silence;
mod size;
mod slow;
mod stop_busy;
mod stop_stuck;
mod target;
mod unread;

use std::process::{Command, ExitCode};

use crate::row::{AUTOBAHN, ROWS, Row};

type Result<T> = std::result::Result<T, resourceful::BoxError>;

#[tokio::main]
async fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name] = &arguments[..] else {
        return usage();
    };
    let row = ROWS.iter().chain([&AUTOBAHN]).find(|row| row.name == name);
    let outcome = match (name.as_str(), row) {
        ("target", _) if axum_target::is_chosen() => axum_target::serve().await.map(|()| true),
        ("target", _) => target::serve().await.map(|()| true),
        ("all", _) => all(),
        (_, Some(row)) => besiege(row).await,
        (_, None) => return usage(),
    };
    match outcome {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn besiege(row: &Row) -> Result<bool> {
    process::raise_descriptors()?;
    Ok(row.run().await)
}

/// Every row in a process of its own: none inherits what another left behind.
fn all() -> Result<bool> {
    let mut is_well = true;
    let is_chosen = |row: &&Row| row.is_of_server || !axum_target::is_chosen();
    for row in ROWS.iter().filter(is_chosen) {
        let status = Command::new(std::env::current_exe()?)
            .arg(row.name)
            .status()?;
        is_well &= status.success();
    }
    Ok(is_well)
}

fn usage() -> ExitCode {
    let names: Vec<_> = ROWS.iter().map(|row| row.name).collect();
    eprintln!("usage: resourceful-siege all|autobahn|{}", names.join("|"));
    ExitCode::FAILURE
}
